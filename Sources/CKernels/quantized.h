// Products with block-quantised weights, in GGML's block layouts.
//
// A number is dequantised to exactly the Float32 that GGML gives; an output is W chains of
// multiply-adds, lane l taking the inputs l, l + W, …, added up by one tree at the end. One row reads the
// blocks straight into registers; more rows read a panel of dequantised outputs. Both run the same
// chains, so a row's bits do not depend on its batch.

#define QUANTIZED_PANEL 4
#if W == 16
#define DOT_ROWS 6
#else
#define DOT_ROWS 3
#endif
#define PARTS (32 / W)
// Bytes ahead of where blocks are read that memory is asked for: its latency is what decoding waits for.
#define AHEAD 8192

// A half in every lane, broadcast from memory: a load into one lane would wait for the register's old
// contents, and a detour through memory for a store to be forwarded.
INLINE V half_at(const uint8_t *p) {
  uint16_t h;
  memcpy(&h, p, 2);
  return widen_float16((VH){} + h);
}

// What the groups of a block multiply by and add: one pair, or sixteen numbers.
struct NAME(factors) {
  V scale, minimum;
  float numbers[16];
};

INLINE VI load_bytes(const uint8_t *p) {
  VB x;
  memcpy(&x, p, sizeof x);
  return __builtin_convertvector(x, VI);
}
INLINE V load_signed_bytes(const uint8_t *p) {
  VS x;
  memcpy(&x, p, sizeof x);
  return __builtin_convertvector(__builtin_convertvector(x, VI), V);
}

INLINE VI lane_numbers(void) {
  VI x;
  for (int i = 0; i < W; i++) x[i] = i;
  return x;
}

INLINE long NAME(block_bytes)(const int format) {
  switch (format) {
  case SWIRL_Q4_0: return 18;
  case SWIRL_Q4_1: return 20;
  case SWIRL_Q5_0: return 22;
  case SWIRL_Q8_0: return 34;
  case SWIRL_Q4_K: return 144;
  default: return 210;
  }
}
// Groups of 32 numbers in a block.
INLINE int NAME(block_groups)(const int format) {
  return format == SWIRL_Q4_K || format == SWIRL_Q6_K ? 8 : 1;
}

INLINE void NAME(read_factors)(const int format, const uint8_t *block, struct NAME(factors) *f) {
  switch (format) {
  case SWIRL_Q4_1:
    f->scale = half_at(block);
    f->minimum = half_at(block + 2);
    break;
  case SWIRL_Q4_K: {
    // Eight scales and eight minima of six bits each in twelve bytes.
    uint32_t a, b, c, packed[4];
    memcpy(&a, block + 4, 4);
    memcpy(&b, block + 8, 4);
    memcpy(&c, block + 12, 4);
    packed[0] = a & 0x3f3f3f3f;
    packed[1] = (c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030);
    packed[2] = b & 0x3f3f3f3f;
    packed[3] = ((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030);
    const V scale = half_at(block), minimum = half_at(block + 2);
    typedef uint8_t B16 __attribute__((vector_size(16)));
    typedef uint32_t N4 __attribute__((vector_size(16)));
    const B16 bytes = (B16)(N4){packed[0], packed[1], packed[2], packed[3]};
    typedef float F16 __attribute__((vector_size(64)));
    const F16 all = __builtin_convertvector(bytes, F16);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += W) {
      V numbers;
      memcpy(&numbers, (const float *)&all + i, sizeof numbers);
      V factor = i < 8 ? scale : minimum;
#if W == 16
      factor = choose(lane_numbers() < 8, scale, minimum);
#endif
      store(f->numbers + i, factor * numbers);
    }
    break;
  }
  case SWIRL_Q6_K:
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += W)
      store(f->numbers + i, half_at(block + 208) * load_signed_bytes(block + 192 + i));
    break;
  default: f->scale = half_at(block);
  }
}

// A 4-bit number q as scale · (q − origin) or, with a minimum, scale · q + minimum.
#if W == 16
#define NIBBLE_TABLE(scale, origin, has_minimum, minimum)                                      \
  const V table = has_minimum ? multiply_add(scale, __builtin_convertvector(lane_numbers(), V), minimum)                                   \
                              : scale * __builtin_convertvector(lane_numbers() - origin, V)
#define LOW_NIBBLE(b, scale, origin, has_minimum, minimum) \
  (V) _mm512_permutexvar_ps((__m512i)(b), (__m512)table)
#define HIGH_NIBBLE(b, scale, origin, has_minimum, minimum) \
  (V) _mm512_permutexvar_ps((__m512i)((b) >> 4), (__m512)table)
#else
#define NIBBLE_TABLE(scale, origin, has_minimum, minimum)
#define NIBBLE(q, scale, origin, has_minimum, minimum)                                 \
  (has_minimum ? multiply_add(scale, __builtin_convertvector(q, V), minimum) \
               : scale * __builtin_convertvector((q) - origin, V))
#define LOW_NIBBLE(b, scale, origin, has_minimum, minimum) \
  NIBBLE((b) & 15, scale, origin, has_minimum, minimum)
#define HIGH_NIBBLE(b, scale, origin, has_minimum, minimum) \
  NIBBLE((b) >> 4, scale, origin, has_minimum, minimum)
#endif

// The 32 numbers of one group.
INLINE void NAME(group)(const int format, const uint8_t *block, const int group,
                        const struct NAME(factors) *f, V out[PARTS]) {
  switch (format) {
  case SWIRL_Q4_0:
  case SWIRL_Q4_1: {
    const int has_minimum = format == SWIRL_Q4_1;
    const uint8_t *codes = block + (has_minimum ? 4 : 2);
    const V scale = f->scale, minimum = has_minimum ? f->minimum : splat(0);
    NIBBLE_TABLE(scale, 8, has_minimum, minimum);
#pragma clang loop unroll(full)
    for (int v = 0; v < PARTS / 2; v++) {
      const VI b = load_bytes(codes + v * W);
      out[v] = LOW_NIBBLE(b, scale, 8, has_minimum, minimum);
      out[v + PARTS / 2] = HIGH_NIBBLE(b, scale, 8, has_minimum, minimum);
    }
    break;
  }
  case SWIRL_Q5_0: {
    uint32_t high;
    memcpy(&high, block + 2, 4);
#pragma clang loop unroll(full)
    for (int v = 0; v < PARTS / 2; v++) {
      const VI b = load_bytes(block + 6 + v * W);
      const VN shift = (VN)lane_numbers() + (uint32_t)(v * W);
      const VN bits = (VN){} + high;
      const VI first = (VI)((bits >> shift) & 1) << 4;
      const VI second = (VI)((bits >> (shift + 16)) & 1) << 4;
      out[v] = f->scale * __builtin_convertvector(((b & 15) | first) - 16, V);
      out[v + PARTS / 2] = f->scale * __builtin_convertvector(((b >> 4) | second) - 16, V);
    }
    break;
  }
  case SWIRL_Q8_0:
#pragma clang loop unroll(full)
    for (int v = 0; v < PARTS; v++)
      out[v] = f->scale * load_signed_bytes(block + 2 + v * W);
    break;
  case SWIRL_Q4_K: {
    const V scale = splat(f->numbers[group]), minimum = -splat(f->numbers[8 + group]);
    NIBBLE_TABLE(scale, 0, 1, minimum);
#pragma clang loop unroll(full)
    for (int v = 0; v < PARTS; v++) {
      const VI b = load_bytes(block + 16 + group / 2 * 32 + v * W);
      out[v] = group % 2 ? HIGH_NIBBLE(b, scale, 0, 1, minimum)
                         : LOW_NIBBLE(b, scale, 0, 1, minimum);
    }
    break;
  }
  default: {
    const uint8_t *low = block + group / 4 * 64 + group % 2 * 32;
    const uint8_t *high = block + 128 + group / 4 * 32;
#pragma clang loop unroll(full)
    for (int v = 0; v < PARTS; v++) {
      const VI b = load_bytes(low + v * W);
      const VI nibble = group % 4 / 2 ? b >> 4 : b & 15;
      const VI top = (load_bytes(high + v * W) >> (2 * (group % 4))) & 3;
      out[v] = splat(f->numbers[group * 2 + v * W / 16]) *
               __builtin_convertvector((nibble | top << 4) - 32, V);
    }
  }
  }
}

typedef float V4 __attribute__((vector_size(16)));

// The lanes of four vectors added up: halves onto each other down to four lanes, then in order.
INLINE V4 sum_of_four(const V x[4]) {
  V4 part[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
#if W == 16
    const V y = x[i];
    typedef float V8 __attribute__((vector_size(32)));
    const V8 half = __builtin_shufflevector(y, y, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(y, y, 8, 9, 10, 11, 12, 13, 14, 15);
    part[i] = __builtin_shufflevector(half, half, 0, 1, 2, 3) +
              __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif W == 8
    part[i] = __builtin_shufflevector(x[i], x[i], 0, 1, 2, 3) +
              __builtin_shufflevector(x[i], x[i], 4, 5, 6, 7);
#else
    part[i] = x[i];
#endif
  }
  const V4 a = __builtin_shufflevector(part[0], part[1], 0, 4, 1, 5);
  const V4 b = __builtin_shufflevector(part[2], part[3], 0, 4, 1, 5);
  const V4 c = __builtin_shufflevector(part[0], part[1], 2, 6, 3, 7);
  const V4 d = __builtin_shufflevector(part[2], part[3], 2, 6, 3, 7);
  return (__builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7)) +
         (__builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7));
}

// The halves of up to SCALES blocks of one group, in Float32: a scale a block, or a scale and a minimum.
// Taken together, they cost a few conversions a row; it also asks for all of the row's memory early.
#define SCALES 32
INLINE void NAME(read_scales)(const int format, const uint8_t *block, long count, float *numbers) {
  const long bytes = NAME(block_bytes)(format);
  const int halves = format == SWIRL_Q4_1 ? 2 : 1;
  uint16_t raw[2 * SCALES];
  for (long b = 0; b < count; b++) memcpy(raw + halves * b, block + b * bytes, (size_t)halves * 2);
  for (long i = 0; i < halves * count; i += W) {
    VH h;
    memcpy(&h, raw + i, sizeof h);
    store(numbers + i, widen_float16(h));
  }
}
INLINE void NAME(take_scales)(const int format, const float *numbers, long b,
                              struct NAME(factors) *f) {
  f->scale = splat(numbers[format == SWIRL_Q4_1 ? 2 * b : b]);
  if (format == SWIRL_Q4_1) f->minimum = splat(numbers[2 * b + 1]);
}

// The chains of four rows of blocks of one group.
INLINE void NAME(quantized_four)(const int format, long blocks, const uint8_t *block[4],
                                 const float *input, V sum[4]) {
  const long bytes = NAME(block_bytes)(format);
  const uint8_t *ahead = block[0] + AHEAD;
  for (long first = 0; first < blocks; first += SCALES) {
    const long count = blocks - first < SCALES ? blocks - first : SCALES;
    float numbers[4][2 * SCALES + W];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) NAME(read_scales)(format, block[i], count, numbers[i]);
    for (long b = 0; b < count; b++) {
      __builtin_prefetch(ahead);
      if (4 * bytes > 64) __builtin_prefetch(ahead + 64);
      if (4 * bytes > 128) __builtin_prefetch(ahead + 128);
      ahead += 4 * bytes;
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        struct NAME(factors) f;
        V weight[PARTS];
        NAME(take_scales)(format, numbers[i], b, &f);
        NAME(group)(format, block[i], 0, &f, weight);
#pragma clang loop unroll(full)
        for (int v = 0; v < PARTS; v++)
          sum[i] = multiply_add(weight[v], load(input + v * W), sum[i]);
        block[i] += bytes;
      }
      input += 32;
    }
  }
}

// One row by `outputs` rows of blocks, four at a time.
INLINE void NAME(quantized_row)(const int format, long outputs, long blocks, const uint8_t *w,
                                const float *x, float *y) {
  const long bytes = NAME(block_bytes)(format), row = blocks * bytes;
  const int groups = NAME(block_groups)(format);
  for (long o = 0; o < outputs; o += 4, w += 4 * row) {
    const long count = outputs - o < 4 ? outputs - o : 4;
    const uint8_t *block[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) block[i] = w + (i < count ? i : count - 1) * row;
    V sum[4] = {};
    const float *input = x;
    if (groups == 1) NAME(quantized_four)(format, blocks, block, x, sum);
    for (long b = groups == 1 ? blocks : 0; b < blocks; b++) {
      struct NAME(factors) f[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) NAME(read_factors)(format, block[i], f + i);
#pragma clang loop unroll(full)
      for (int g = 0; g < groups; g++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
          V weight[PARTS];
          NAME(group)(format, block[i], g, f + i, weight);
#pragma clang loop unroll(full)
          for (int v = 0; v < PARTS; v++)
            sum[i] = multiply_add(weight[v], load(input + g * 32 + v * W), sum[i]);
        }
      }
      input += groups * 32;
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) block[i] += bytes;
    }
    const V4 result = sum_of_four(sum);
    memcpy(y + o, &result, (size_t)count * sizeof(float));
  }
}

INLINE void NAME(dequantize_as)(const int format, long blocks, const uint8_t *w, float *y) {
  const int groups = NAME(block_groups)(format);
  if (groups == 1) {
    // Scales of the next blocks are read before these are written out: their detour through memory then
    // waits for no store.
    const long bytes = NAME(block_bytes)(format);
    float numbers[2][2 * SCALES + W];
    NAME(read_scales)(format, w, blocks < SCALES ? blocks : SCALES, numbers[0]);
    for (long first = 0; first < blocks; first += SCALES) {
      const long left = blocks - first - SCALES, count = left < 0 ? left + SCALES : SCALES;
      const float *now = numbers[first / SCALES % 2];
      if (left > 0)
        NAME(read_scales)(format, w + SCALES * bytes, left < SCALES ? left : SCALES,
                          numbers[(first / SCALES + 1) % 2]);
      for (long b = 0; b < count; b++, w += bytes, y += 32) {
        __builtin_prefetch(w + AHEAD);
        struct NAME(factors) f;
        V weight[PARTS];
        NAME(take_scales)(format, now, b, &f);
        NAME(group)(format, w, 0, &f, weight);
#pragma clang loop unroll(full)
        for (int v = 0; v < PARTS; v++) store(y + v * W, weight[v]);
      }
    }
    return;
  }
  for (long b = 0; b < blocks; b++, w += NAME(block_bytes)(format)) {
    struct NAME(factors) f;
    NAME(read_factors)(format, w, &f);
#pragma clang loop unroll(full)
    for (int g = 0; g < groups; g++) {
      V weight[PARTS];
      NAME(group)(format, w, g, &f, weight);
#pragma clang loop unroll(full)
      for (int v = 0; v < PARTS; v++) store(y + v * W, weight[v]);
      y += 32;
    }
  }
}

#define EACH_FORMAT(body)                       \
  switch (format) {                             \
  case SWIRL_Q4_0: body(SWIRL_Q4_0); break;     \
  case SWIRL_Q4_1: body(SWIRL_Q4_1); break;     \
  case SWIRL_Q5_0: body(SWIRL_Q5_0); break;     \
  case SWIRL_Q8_0: body(SWIRL_Q8_0); break;     \
  case SWIRL_Q4_K: body(SWIRL_Q4_K); break;     \
  default: body(SWIRL_Q6_K); break;             \
  }

static void NAME(dequantize)(int format, long blocks, const void *w, float *y) {
#define BODY(known) NAME(dequantize_as)(known, blocks, w, y)
  EACH_FORMAT(BODY)
#undef BODY
}

// `rows` rows of x by four rows of dequantised weights.
INLINE void NAME(dot_tile)(const int rows, long k, const float *x, const float *w, float *y,
                           long y_row, long count) {
  V sum[DOT_ROWS][4] = {};
  for (long p = 0; p < k; p += W) {
    V input[DOT_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) input[r] = load(x + r * k + p);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      const V weight = load(w + i * k + p);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r][i] = multiply_add(weight, input[r], sum[r][i]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    const V4 result = sum_of_four(sum[r]);
    memcpy(y + r * y_row, &result, (size_t)count * sizeof(float));
  }
}

static void NAME(quantized_product)(int format, long m, long outputs, long k, const void *weights,
                                    const float *x, float *y, long y_row, float *panel) {
  const long width = NAME(block_groups)(format) * 32;
  const long blocks = k / width, row = blocks * NAME(block_bytes)(format);
  const uint8_t *w = weights;
  if (m == 1) {
#define BODY(known) NAME(quantized_row)(known, outputs, blocks, w, x, y)
    EACH_FORMAT(BODY)
#undef BODY
    return;
  }
  for (long o = 0; o < outputs; o += QUANTIZED_PANEL) {
    const long columns = outputs - o < QUANTIZED_PANEL ? outputs - o : QUANTIZED_PANEL;
    NAME(dequantize)(format, columns * blocks, w + o * row, panel);
    for (long i = 0; i < m; i += DOT_ROWS) {
      const long rows = m - i < DOT_ROWS ? m - i : DOT_ROWS;
      for (long j = 0; j < columns; j += 4) {
        const long count = columns - j < 4 ? columns - j : 4;
        const float *input = x + i * k, *weight = panel + j * k;
        float *out = y + i * y_row + o + j;
        switch (rows) {
        case 1: NAME(dot_tile)(1, k, input, weight, out, y_row, count); break;
        case 2: NAME(dot_tile)(2, k, input, weight, out, y_row, count); break;
#if DOT_ROWS > 3
        case 3: NAME(dot_tile)(3, k, input, weight, out, y_row, count); break;
        case 4: NAME(dot_tile)(4, k, input, weight, out, y_row, count); break;
        case 5: NAME(dot_tile)(5, k, input, weight, out, y_row, count); break;
#endif
        default: NAME(dot_tile)(DOT_ROWS, k, input, weight, out, y_row, count); break;
        }
      }
    }
  }
}
#undef EACH_FORMAT
#undef NIBBLE_TABLE
#undef LOW_NIBBLE
#undef HIGH_NIBBLE
#undef NIBBLE
