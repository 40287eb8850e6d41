// Conversions between Float32 and the other number types. Rounding is to nearest, ties to even; NaN
// stays NaN, and what a half cannot hold becomes infinity.

typedef uint32_t VN __attribute__((vector_size(W * 4)));
typedef uint16_t VH __attribute__((vector_size(W * 2)));
typedef uint8_t VB __attribute__((vector_size(W)));
typedef int8_t VS __attribute__((vector_size(W)));

INLINE V widen_bfloat16(VH h) { return (V)(__builtin_convertvector(h, VN) << 16); }

INLINE VH narrow_bfloat16(V x) {
  const VN bits = (VN)x;
  const VN rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const VN nan = (VN)(x != x);
  return __builtin_convertvector((nan & ((bits >> 16) | 0x40)) | (~nan & rounded), VH);
}

#if W == 16
INLINE V widen_float16(VH h) { return (V)_mm512_cvtph_ps((__m256i)h); }
INLINE VH narrow_float16(V x) { return (VH)_mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT); }
#elif W == 8
INLINE V widen_float16(VH h) { return (V)_mm256_cvtph_ps((__m128i)h); }
INLINE VH narrow_float16(V x) { return (VH)_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT); }
#else
// As the hardware does it: a product with 2¹¹² moves the exponent and normalises subnormals.
INLINE V widen_float16(VH h) {
  const VN bits = __builtin_convertvector(h, VN);
  const VN magnitude = bits & 0x7fff;
  const VN finite = (VN)((V)(magnitude << 13) * 0x1p112f);
  const VN special = ((magnitude << 13) + 0x70000000) | ((VN)(magnitude > 0x7c00) & 0x400000);
  const VN is_special = (VN)(magnitude >= 0x7c00);
  return (V)((is_special & special) | (~is_special & finite) | (bits & 0x8000) << 16);
}
// Below 2⁻¹⁴ the sum with ½ rounds at the last bit of a subnormal half.
INLINE VH narrow_float16(V x) {
  const VN bits = (VN)x;
  const VN magnitude = bits & 0x7fffffff;
  const VN normal = (magnitude + 0x0fff + ((magnitude >> 13) & 1) - 0x38000000) >> 13;
  const VN tiny = (VN)((V)magnitude + 0.5f) - 0x3f000000;
  const VN is_tiny = (VN)(magnitude < 0x38800000);
  const VN is_large = (VN)(magnitude >= 0x477ff000);
  const VN is_nan = (VN)(magnitude > 0x7f800000);
  VN y = (is_tiny & tiny) | (~is_tiny & normal);
  y = (is_large & 0x7c00) | (~is_large & y);
  y = (is_nan & (0x7e00 | ((magnitude >> 13) & 0x3ff))) | (~is_nan & y);
  return __builtin_convertvector(y | ((bits >> 16) & 0x8000), VH);
}
#endif

INLINE V widen_half(const int type, VH h) {
  return type == SWIRL_FLOAT16 ? widen_float16(h) : widen_bfloat16(h);
}
INLINE V load_half(const int type, const uint16_t *p) {
  VH h;
  memcpy(&h, p, sizeof h);
  return widen_half(type, h);
}
INLINE V load_half_first(const int type, const uint16_t *p, long n) {
  uint16_t lanes[W] = {};
  memcpy(lanes, p, (size_t)n * 2);
  return load_half(type, lanes);
}

INLINE VI narrow_whole(V x, float low, float high, int32_t lowest, int32_t highest) {
  const V rounded = __builtin_elementwise_roundeven(x);
  const VI is_low = rounded <= low, is_high = rounded >= high;
  const V inside = choose(is_low | is_high | (x != x), splat(0), rounded);
  return (is_low & lowest) | (is_high & highest) | __builtin_convertvector(inside, VI);
}

// One block of W numbers at `in` to `out`.
INLINE void widen_block(const int type, const void *in, float *out) {
  switch (type) {
  case SWIRL_FLOAT16:
  case SWIRL_BFLOAT16: store(out, load_half(type, in)); break;
  case SWIRL_INT32: {
    VI x;
    memcpy(&x, in, sizeof x);
    store(out, __builtin_convertvector(x, V));
    break;
  }
  default: {
    VB x;
    memcpy(&x, in, sizeof x);
    store(out, __builtin_convertvector(__builtin_convertvector(x, VI), V));
  }
  }
}

INLINE void narrow_block_of(const int type, const float *in, void *out) {
  const V x = load(in);
  switch (type) {
  case SWIRL_FLOAT16:
  case SWIRL_BFLOAT16: {
    const VH h = type == SWIRL_FLOAT16 ? narrow_float16(x) : narrow_bfloat16(x);
    memcpy(out, &h, sizeof h);
    break;
  }
  case SWIRL_INT32: {
    const VI y = narrow_whole(x, -2147483648.0f, 2147483648.0f, INT32_MIN, INT32_MAX);
    memcpy(out, &y, sizeof y);
    break;
  }
  default: {
    const VB y = __builtin_convertvector((VN)narrow_whole(x, 0, 255, 0, 255), VB);
    memcpy(out, &y, sizeof y);
  }
  }
}

INLINE void NAME(widen_as)(const int type, const long size, long n, const char *x, float *y) {
  long i = 0;
  for (; i + W <= n; i += W) widen_block(type, x + i * size, y + i);
  if (i == n) return;
  char in[W * 4] = {};
  float out[W];
  memcpy(in, x + i * size, (size_t)((n - i) * size));
  widen_block(type, in, out);
  memcpy(y + i, out, (size_t)(n - i) * 4);
}

INLINE void NAME(narrow_as)(const int type, const long size, long n, const float *x, char *y) {
  long i = 0;
  for (; i + W <= n; i += W) narrow_block_of(type, x + i, y + i * size);
  if (i == n) return;
  float in[W] = {};
  char out[W * 4];
  memcpy(in, x + i, (size_t)(n - i) * 4);
  narrow_block_of(type, in, out);
  memcpy(y + i * size, out, (size_t)((n - i) * size));
}

static void NAME(widen)(int type, long n, const void *x, float *y) {
  switch (type) {
  case SWIRL_FLOAT16: NAME(widen_as)(SWIRL_FLOAT16, 2, n, x, y); break;
  case SWIRL_BFLOAT16: NAME(widen_as)(SWIRL_BFLOAT16, 2, n, x, y); break;
  case SWIRL_INT32: NAME(widen_as)(SWIRL_INT32, 4, n, x, y); break;
  default: NAME(widen_as)(SWIRL_UINT8, 1, n, x, y); break;
  }
}

static void NAME(narrow_to)(int type, long n, const float *x, void *y) {
  switch (type) {
  case SWIRL_FLOAT16: NAME(narrow_as)(SWIRL_FLOAT16, 2, n, x, y); break;
  case SWIRL_BFLOAT16: NAME(narrow_as)(SWIRL_BFLOAT16, 2, n, x, y); break;
  case SWIRL_INT32: NAME(narrow_as)(SWIRL_INT32, 4, n, x, y); break;
  default: NAME(narrow_as)(SWIRL_UINT8, 1, n, x, y); break;
  }
}
