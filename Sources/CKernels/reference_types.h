// What the kernels of number types compute, in plain loops; part of reference.c.

static float half_bits_to_float(uint16_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const double magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
                           : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                          : ldexp(fraction, -24);
  return (float)(h & 0x8000 ? -magnitude : magnitude);
}

static float number_at(int type, const void *x, long i) {
  if (type == SWIRL_FLOAT16) return half_bits_to_float(((const uint16_t *)x)[i]);
  if (type == SWIRL_INT32) return (float)((const int32_t *)x)[i];
  if (type == SWIRL_UINT8) return ((const uint8_t *)x)[i];
  const uint32_t bits = (uint32_t)((const uint16_t *)x)[i] << 16;
  float y;
  memcpy(&y, &bits, 4);
  return y;
}

static void widen(int type, long n, const void *x, float *y) {
  for (long i = 0; i < n; i++) y[i] = number_at(type, x, i);
}

// The nearest half: of the multiples of its last place, ties to even.
static uint16_t nearest_float16(float x) {
  const uint16_t sign = signbit(x) ? 0x8000 : 0;
  if (x != x) return sign | 0x7e00;
  const double magnitude = fabs((double)x);
  int exponent = -14;
  if (magnitude >= ldexp(1, -14)) frexp(magnitude, &exponent), exponent--;
  const double steps = isinf(magnitude) ? magnitude : nearbyint(ldexp(magnitude, 10 - exponent));
  if (exponent > 15 || steps * ldexp(1, exponent - 10) > 65504) return sign | 0x7c00;
  const long whole = (long)steps;
  return sign | (uint16_t)(exponent == -14 ? whole : ((long)(exponent + 14) << 10) + whole);
}

static uint16_t nearest_bfloat16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40);
  const uint32_t low = bits & 0xffff, up = low > 0x8000 || (low == 0x8000 && bits >> 16 & 1);
  return (uint16_t)((bits >> 16) + up);
}

static void narrow(int type, long n, const float *x, void *y) {
  for (long i = 0; i < n; i++) {
    const double whole = x[i] != x[i] ? 0 : nearbyint(x[i]);
    switch (type) {
    case SWIRL_FLOAT16: ((uint16_t *)y)[i] = nearest_float16(x[i]); break;
    case SWIRL_BFLOAT16: ((uint16_t *)y)[i] = nearest_bfloat16(x[i]); break;
    case SWIRL_INT32:
      ((int32_t *)y)[i] =
          whole < INT32_MIN ? INT32_MIN : whole > INT32_MAX ? INT32_MAX : (int32_t)whole;
      break;
    default: ((uint8_t *)y)[i] = whole < 0 ? 0 : whole > 255 ? 255 : (uint8_t)whole;
    }
  }
}

static void half_product(int type, long m, long n, long k, const float *a, long a_row, long a_col,
                         const void *b, long b_row, long b_col, float *c, long c_row,
                         const float *bias, float *block) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      double sum = bias ? bias[j] : 0;
      for (long p = 0; p < k; p++)
        sum += (double)a[i * a_row + p * a_col] * number_at(type, b, p * b_row + j * b_col);
      c[i * c_row + j] = (float)sum;
    }
}

static int block_layout(int format, int *numbers) {
  *numbers = format == SWIRL_Q4_K || format == SWIRL_Q6_K ? 256 : 32;
  switch (format) {
  case SWIRL_Q4_0: return 18;
  case SWIRL_Q4_1: return 20;
  case SWIRL_Q5_0: return 22;
  case SWIRL_Q8_0: return 34;
  case SWIRL_Q4_K: return 144;
  default: return 210;
  }
}

static float number_of_block(int format, const uint8_t *b, int i) {
  uint16_t h[2];
  memcpy(h, format == SWIRL_Q6_K ? b + 208 : b, 2);
  memcpy(h + 1, b + 2, 2);
  const float d = half_bits_to_float(h[0]), m = half_bits_to_float(h[1]);
  const int shift = i % 32 / 16 * 4, at = i % 16;
  switch (format) {
  case SWIRL_Q4_0: return d * ((b[2 + at] >> shift & 15) - 8);
  case SWIRL_Q4_1: return d * (b[4 + at] >> shift & 15) + m;
  case SWIRL_Q5_0: return d * (((b[6 + at] >> shift & 15) | (b[2 + i / 8] >> i % 8 & 1) << 4) - 16);
  case SWIRL_Q8_0: return d * (int8_t)b[2 + i];
  case SWIRL_Q4_K: {
    const int g = i / 32;
    const uint8_t *s = b + 4;
    const int scale = g < 4 ? s[g] & 63 : (s[g + 4] & 15) | s[g - 4] >> 6 << 4;
    const int minimum = g < 4 ? s[g + 4] & 63 : s[g + 4] >> 4 | s[g] >> 6 << 4;
    const int code = b[16 + g / 2 * 32 + i % 32] >> g % 2 * 4 & 15;
    return d * scale * code - m * minimum;
  }
  default: {
    const int half = i / 128, part = i % 128 / 32, j = i % 32;
    const int low = b[half * 64 + part % 2 * 32 + j] >> part / 2 * 4 & 15;
    const int high = b[128 + half * 32 + j] >> 2 * part & 3;
    return d * (int8_t)b[192 + i / 16] * ((low | high << 4) - 32);
  }
  }
}

static void dequantize(int format, long blocks, const void *w, float *y) {
  int numbers;
  const int bytes = block_layout(format, &numbers);
  for (long i = 0; i < blocks * numbers; i++)
    y[i] = number_of_block(format, (const uint8_t *)w + i / numbers * bytes, (int)(i % numbers));
}

static void quantized_product(int format, long m, long outputs, long k, const void *w,
                              const float *x, float *y, long y_row, float *panel) {
  int numbers;
  const int bytes = block_layout(format, &numbers);
  for (long i = 0; i < m; i++)
    for (long o = 0; o < outputs; o++) {
      const uint8_t *row = (const uint8_t *)w + o * (k / numbers) * bytes;
      double sum = 0;
      for (long p = 0; p < k; p++)
        sum += (double)x[i * k + p] *
               number_of_block(format, row + p / numbers * bytes, (int)(p % numbers));
      y[i * y_row + o] = (float)sum;
    }
}
