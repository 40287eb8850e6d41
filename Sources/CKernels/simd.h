// Vector types and primitives of one SIMD level. A level's file defines, before it includes this:
//   LEVEL   the suffix of its functions        W   lanes of a vector
//   FMA     1 where a · b + c is one rounding
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

typedef float V __attribute__((vector_size(W * 4)));
typedef int32_t VI __attribute__((vector_size(W * 4)));
typedef float VU __attribute__((vector_size(W * 4), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

// x − 0 is x for every x, so that the compiler drops the subtraction; 0 + x is not (−0).
INLINE V splat(float x) { return x - (V){}; }
INLINE VI splat_int(int32_t x) { return (VI){} + x; }
INLINE V load(const float *p) { return *(const VU *)p; }
INLINE void store(float *p, V x) { *(VU *)p = x; }

INLINE V multiply_add(V a, V b, V c) {
#if FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

// The first n (1 … W) lanes; the others are 0 and are not touched in memory.
#if W == 16
INLINE V load_first(const float *p, long n) {
  return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
INLINE void store_first(float *p, V x, long n) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)x);
}
#elif W == 8
INLINE __m256i first_lanes(long n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE V load_first(const float *p, long n) { return (V)_mm256_maskload_ps(p, first_lanes(n)); }
INLINE void store_first(float *p, V x, long n) {
  _mm256_maskstore_ps(p, first_lanes(n), (__m256)x);
}
#else
INLINE V load_first(const float *p, long n) {
  V x = {};
  for (long i = 0; i < n; i++) x[i] = p[i];
  return x;
}
INLINE void store_first(float *p, V x, long n) {
  for (long i = 0; i < n; i++) p[i] = x[i];
}
#endif

INLINE V choose(VI mask, V a, V b) { return (V)((mask & (VI)a) | (~mask & (VI)b)); }
// NaN in either operand gives NaN, as PyTorch and NumPy do.
INLINE V minimum(V a, V b) { return choose((a < b) | (a != a), a, b); }
INLINE V maximum(V a, V b) { return choose((a > b) | (a != a), a, b); }
INLINE V square_root(V x) { return __builtin_elementwise_sqrt(x); }

// eʳ − 1 for x = n ln 2 + r, |r| ≤ ln 2 / 2, by the polynomial of Cephes' expf, in pairs of terms that do not
// wait for each other. Adding 1.5 · 2²³ rounds to the whole number n and leaves it in the low bits.
INLINE V exponential_of_rest(V clamped, VI *whole) {
  const V shifted = multiply_add(clamped, splat(1.44269504088896341f), splat(12582912.0f));
  const V n = shifted - 12582912.0f;
  V r = multiply_add(n, splat(-0.693359375f), clamped);
  r = multiply_add(n, splat(2.12194440e-4f), r);
  const V square = r * r;
  V p = multiply_add(splat(1.9875691500e-4f), r, splat(1.3981999507e-3f));
  const V middle = multiply_add(splat(8.3334519073e-3f), r, splat(4.1665795894e-2f));
  const V low = multiply_add(splat(1.6666665459e-1f), r, splat(5.0000001201e-1f));
  p = multiply_add(multiply_add(p, square, middle), square, low);
  *whole = (VI)shifted - 0x4b400000;
  return multiply_add(p, square, r);
}

// exp by x = n ln 2 + r, |r| ≤ ln 2 / 2, and a polynomial for eʳ (the coefficients of Cephes' expf).
// Below −103.97 the result is 0, above 88.72 infinity; denormals are reached by scaling in two steps.
INLINE V exponential(V x) {
  V clamped = choose(x > 89.0f, splat(89.0f), x);
  clamped = choose(clamped < -104.0f, splat(-104.0f), clamped);
  VI exponent;
  V y = exponential_of_rest(clamped, &exponent) + 1.0f;
  VI half = exponent >> 1;
  y = y * (V)((half + 127) << 23);
  y = y * (V)((exponent - half + 127) << 23);
  y = choose(x < -103.97f, splat(0), y);
  return choose(x != x, x, y);
}

// e ln 2 + log(1 + m) for √½ − 1 ≤ m < √2 − 1 by Cephes' logf polynomial.
INLINE V logarithm_of_parts(V m, V e) {
  V z = m * m;
  V p = splat(7.0376836292e-2f);
  p = multiply_add(p, m, splat(-1.1514610310e-1f));
  p = multiply_add(p, m, splat(1.1676998740e-1f));
  p = multiply_add(p, m, splat(-1.2420140846e-1f));
  p = multiply_add(p, m, splat(1.4249322787e-1f));
  p = multiply_add(p, m, splat(-1.6668057665e-1f));
  p = multiply_add(p, m, splat(2.0000714765e-1f));
  p = multiply_add(p, m, splat(-2.4999993993e-1f));
  p = multiply_add(p, m, splat(3.3333331174e-1f));
  V y = multiply_add(p, m, splat(-0.5f));
  y = multiply_add(y, z, e * -2.12194440e-4f);
  y = m + y;
  return multiply_add(e, splat(0.693359375f), y);
}

// log by x = 2ᵉ m, √½ ≤ m < √2.
INLINE V logarithm(V x) {
  VI is_denormal = x < 1.17549435e-38f;
  V scaled = choose(is_denormal, x * 16777216.0f, x);
  VI bits = (VI)scaled;
  VI e = ((bits >> 23) & 0xff) - 126;
  V m = (V)((bits & 0x007fffff) | 0x3f000000);
  VI low = m < 0.707106781186547524f;
  e = e + low;  // a true lane is −1
  m = choose(low, m + m, m) - 1.0f;
  V exponent = __builtin_convertvector(e, V) - choose(is_denormal, splat(24.0f), splat(0));
  V y = logarithm_of_parts(m, exponent);
  y = choose(x == INFINITY, x, y);
  y = choose(x == 0, splat(-INFINITY), y);
  return choose((x < 0) | (x != x), splat(NAN), y);
}

// tanh as an odd rational function, x · P(x²) / Q(x²) on |x| ≤ 7.99881172180175781 (the minimax
// coefficients Eigen uses), ±1 beyond.
INLINE V hyperbolic_tangent(V x) {
  V bound = splat(7.99881172180175781f);
  V c = choose(x > bound, bound, x);
  c = choose(c < -bound, -bound, c);
  V z = c * c;
  V p = splat(-2.76076847742355e-16f);
  p = multiply_add(p, z, splat(2.00018790482477e-13f));
  p = multiply_add(p, z, splat(-8.60467152213735e-11f));
  p = multiply_add(p, z, splat(5.12229709037114e-08f));
  p = multiply_add(p, z, splat(1.48572235717979e-05f));
  p = multiply_add(p, z, splat(6.37261928875436e-04f));
  p = multiply_add(p, z, splat(4.89352455891786e-03f));
  V q = splat(1.19825839466702e-06f);
  q = multiply_add(q, z, splat(1.18534705686654e-04f));
  q = multiply_add(q, z, splat(2.26843463243900e-03f));
  q = multiply_add(q, z, splat(4.89352518554385e-03f));
  V y = c * p / q;
  // The fraction keeps its relative precision for small x only above this bound.
  y = choose((c < 4.0e-4f) & (c > -4.0e-4f), c, y);
  return choose(x != x, x, y);
}

INLINE V sigmoid(V x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE V activate(int activation, V x) {
  switch (activation) {
  case SWIRL_TANH: return hyperbolic_tangent(x);
  case SWIRL_RELU: return choose(x < 0, splat(0), x);
  case SWIRL_SIGMOID: return sigmoid(x);
  case SWIRL_SILU: return x * sigmoid(x);
  default: return x;
  }
}

INLINE float horizontal_sum(V x) {
  // A fixed tree: halves are added until one lane is left.
  float lanes[W];
  store(lanes, x);
  for (int half = W / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

// Transposes W vectors of W lanes by log₂ W rounds of a perfect shuffle.
#if W == 16
#define ZIP_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif W == 8
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif
INLINE void transpose(V rows[W]) {
#pragma clang loop unroll(full)
  for (int round = 1; round < W; round *= 2) {
    V next[W];
#pragma clang loop unroll(full)
    for (int i = 0; i < W / 2; i++) {
      next[2 * i] = ZIP_LOW(rows[i], rows[i + W / 2]);
      next[2 * i + 1] = ZIP_HIGH(rows[i], rows[i + W / 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < W; i++) rows[i] = next[i];
  }
}

#define CONCATENATE_(a, b) a##_##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)
#define NAME(function) CONCATENATE(function, LEVEL)
