// More functions of a vector, each to about 1 ulp of the true value; the tests measure them against
// double precision.

// x² = high + low to about twice the precision; x is finite.
INLINE V square_exactly(V x, V *low) {
#if FMA
  V high = x * x;
  *low = multiply_add(x, x, -high);
  return high;
#else
  V head = (V)((VI)x & ~0xfff), square = head * head, rest = (x - head) * (x + head);
  V high = square + rest;
  *low = rest - (high - square);
  return high;
#endif
}

// eˣ − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1), by halves so that n = 128 is no exception.
INLINE V exponential_minus_one(V x) {
  V clamped = choose(x > 89.0f, splat(89.0f), x);
  clamped = choose(clamped < -26.0f, splat(-26.0f), clamped);
  VI exponent;
  V p = exponential_of_rest(clamped, &exponent);
  V half = (V)((exponent + 126) << 23);
  V y = 2.0f * multiply_add(half, p, half - 0.5f);
  // n = 0 gives p itself, and keeps the sign of a zero.
  y = choose(exponent == 0, choose(x == 0, x, p), y);
  return choose(x != x, x, y);
}

// log(1 + x): 1 + x = 2ᵉ (1 + m) with an m that has not lost what the sum rounds away.
INLINE V logarithm_of_one_plus(V x) {
  // Where the value rounds to x; the polynomial would only make denormals, which are slow.
  VI is_tiny = (V)((VI)x & 0x7fffffff) < 1.0e-9f;
  V c = choose(is_tiny, splat(0), x);
  V u = 1.0f + c;
  VI bits = (VI)u;
  VI e = ((bits >> 23) & 0xff) - 126;
  V mantissa = (V)((bits & 0x007fffff) | 0x3f000000);
  VI low = mantissa < 0.707106781186547524f;
  e = e + low;
  mantissa = choose(low, mantissa + mantissa, mantissa);
  VI is_large = e > 24;
  V scale = (V)((127 - (e & ~is_large)) << 23);
  V m = choose(is_large, mantissa - 1.0f, multiply_add(c, scale, scale - 1.0f));
  V y = logarithm_of_parts(m, __builtin_convertvector(e, V));
  y = choose(x == INFINITY, x, y);
  y = choose(x == -1.0f, splat(-INFINITY), y);
  y = choose(is_tiny, x, y);
  return choose((x < -1.0f) | (x != x), splat(NAN), y);
}

// erf as x + x P(x²) near 0 and 1 − exp(−t + t Q(t)) beyond; both polynomials are least-maximum fits of
// relative error below 0.02 ulp. From 3.92 on the value rounds to 1.
INLINE V error_function(V x) {
  V t = (V)((VI)x & 0x7fffffff);
  V s = x * x;
  V p = splat(7.8891026e-05f);
  p = multiply_add(p, s, splat(-8.0208364e-4f));
  p = multiply_add(p, s, splat(5.1895347e-3f));
  p = multiply_add(p, s, splat(-2.6854444e-2f));
  p = multiply_add(p, s, splat(1.12836e-1f));
  p = multiply_add(p, s, splat(-3.7612626e-1f));
  p = multiply_add(p, s, splat(1.2837917e-1f));
  V near = multiply_add(p, x, x);
  V c = choose(t > 4.0f, splat(4.0f), t);
  V q = splat(-1.0433225e-05f);
  q = multiply_add(q, c, splat(3.1485915e-4f));
  q = multiply_add(q, c, splat(-3.610346e-3f));
  q = multiply_add(q, c, splat(2.3694573e-2f));
  q = multiply_add(q, c, splat(-1.0615906e-1f));
  q = multiply_add(q, c, splat(-6.3519806e-1f));
  q = multiply_add(q, c, splat(-1.2863708e-1f));
  V far = 1.0f - exponential(multiply_add(q, c, -c));
  far = (V)((VI)far | ((VI)x & (int32_t)0x80000000));
  return choose(x != x, x, choose(t < 0.95f, near, far));
}

// Φ(x), the normal distribution's, and φ(x) · √2π. Φ(−t) = exp(−t²/2) R(t), where the rational R (Mills'
// ratio over √2π) is a fit of relative error 1 ulp up to t = 6, so that the tail keeps its relative
// precision. The exponential has no special cases, since t² is bounded: adding 1.5 · 2²³ rounds to a
// whole number n and leaves it in the low bits.
INLINE V normal_cumulative(V x, V *bell) {
  V t = (V)((VI)x & 0x7fffffff);
  t = choose(t > 13.1f, splat(13.1f), t);
  V low, high = square_exactly(t, &low);
  // −t²/2 · log₂ e = n + f, the constant in two parts; then 2ᶠ by a fit of relative error 0.03 ulp.
  // Polynomials go by pairs of terms that do not wait for each other.
  V magic = multiply_add(high, splat(-0.7213475108146667f), splat(12582912.0f));
  V f = multiply_add(high, splat(-0.7213475108146667f), 12582912.0f - magic);
  f = f + multiply_add(low, splat(-0.7213475108146667f), high * -9.629815167500055e-09f);
  V e = multiply_add(splat(0.00015353364869952202f), f, splat(0.0013398875016719103f));
  const V e_middle = multiply_add(splat(0.00961843691766262f), f, splat(0.055503323674201965f));
  const V e_low = multiply_add(splat(0.24022647738456726f), f, splat(0.6931471824645996f));
  const V f_squared = f * f;
  e = multiply_add(multiply_add(e, f_squared, e_middle), f_squared, e_low);
  e = multiply_add(e, f, splat(1.0f));
  e = (V)((VI)e + ((VI)magic << 23));
  V p = multiply_add(splat(0.013632566668093204f), t, splat(0.10448148846626282f));
  p = multiply_add(p, high, multiply_add(splat(0.3346010744571686f), t, splat(0.5f)));
  V q = multiply_add(splat(0.03419236093759537f), t, splat(0.26134368777275085f));
  q = multiply_add(q, high, multiply_add(splat(0.8795602917671204f), t, splat(1.4670830965042114f)));
  q = multiply_add(q, t, splat(1.0f));
  V tail = e * (p / q);
  *bell = e;
  return choose(x < 0, tail, 1.0f - tail);
}

// x Φ(x); below −13.1 the value there, which is −2e−38, so that −∞ gives no NaN.
INLINE V gelu(V x) {
  V bell, bounded = choose(x < -13.1f, splat(-13.1f), x);
  return bounded * normal_cumulative(x, &bell);
}

// Φ(x) + x φ(x)
INLINE V gelu_slope(V x) {
  V bell, cumulative = normal_cumulative(x, &bell);
  V bounded = choose(x > 13.1f, splat(13.1f), x);
  bounded = choose(bounded < -13.1f, splat(-13.1f), bounded);
  return multiply_add(bounded * 0.39894228040143267f, bell, cumulative);
}

// x σ(2 √(2/π) (x + 0.044715 x³)), which is ½ x (1 + tanh(…)) without its cancellation.
INLINE V gelu_by_tanh(V x) {
  V z = x * multiply_add(x * x, splat(0.044715f * 1.5957691216057308f), splat(1.5957691216057308f));
  V y = x * sigmoid(z);
  return choose(x == -INFINITY, splat(-0.0f), y);
}

INLINE V gelu_by_tanh_slope(V x) {
  V bounded = choose(x > 100.0f, splat(100.0f), x);
  bounded = choose(bounded < -100.0f, splat(-100.0f), bounded);
  V square = bounded * bounded;
  V z = bounded * multiply_add(square, splat(0.044715f * 1.5957691216057308f),
                               splat(1.5957691216057308f));
  V s = sigmoid(z);
  V dz = multiply_add(square, splat(3 * 0.044715f * 1.5957691216057308f),
                      splat(1.5957691216057308f));
  return multiply_add(bounded * dz, s * (1.0f - s), s);
}

// The derivative of x σ(x)
INLINE V silu_slope(V x) {
  V s = sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}

// log σ(x) = min(x, 0) − log(1 + e^−|x|)
INLINE V log_sigmoid(V x) {
  V tail = logarithm_of_one_plus(exponential(-(V)((VI)x & 0x7fffffff)));
  return choose(x < 0, x, splat(0)) - tail;
}

// Lanes of double precision, for the functions that need more digits within.
typedef double VD __attribute__((vector_size(W * 8)));
typedef int64_t VL __attribute__((vector_size(W * 8)));
#define CHOOSE_DOUBLE(mask, a, b) ((VD)(((mask) & (VL)(a)) | (~(mask) & (VL)(b))))
#define SPLAT_DOUBLE(x) ((x) - (VD){})

// Whether any lane of a mask is true.
INLINE int any_lane(VI mask) {
  int32_t lanes[W], any = 0;
  memcpy(lanes, &mask, sizeof lanes);
  for (int i = 0; i < W; i++) any |= lanes[i];
  return any;
}

// sin x (quarter = 0) or cos x (1): x − n π/2 in double precision, then Cephes' polynomials. Beyond
// 10⁵, where n π/2 loses its digits, the C library's functions, one lane at a time.
INLINE V sine(V x, int quarter) {
  V t = (V)((VI)x & 0x7fffffff);
  VI is_large = ~(t < 1.0e5f);
  V c = choose(is_large, splat(0), x);
  VD wide = __builtin_convertvector(c, VD);
  VD n = __builtin_elementwise_roundeven(wide * 0.63661977236758134308);
  VD rest = wide - n * 1.57079632673412561417 - n * 6.07710050650619224932e-11;
  V r = __builtin_convertvector(rest, V);
  VI turns = __builtin_convertvector(__builtin_convertvector(n, V), VI) + quarter;
  V s = r * r;
  V p = splat(-1.9515295891e-4f);
  p = multiply_add(p, s, splat(8.3321608736e-3f));
  p = multiply_add(p, s, splat(-1.6666654611e-1f));
  V odd = multiply_add(p * s, r, r);
  p = splat(2.443315711809948e-5f);
  p = multiply_add(p, s, splat(-1.388731625493765e-3f));
  p = multiply_add(p, s, splat(4.166664568298827e-2f));
  V even = multiply_add(p, s * s, multiply_add(splat(-0.5f), s, splat(1.0f)));
  V y = choose((turns & 1) == 1, even, odd);
  y = (V)((VI)y ^ ((turns & 2) << 30));
  if (any_lane(is_large))
    for (int i = 0; i < W; i++)
      if (is_large[i]) y[i] = (float)(quarter ? cos((double)x[i]) : sin((double)x[i]));
  return choose((x == 0) & (turns == 0), x, y);
}

// aᵇ as e^(b log a) in double precision, which leaves one rounding; the sign of a negative base is that
// of its whole power. Lanes with zeros, infinities, NaN or denormals go to the C library.
INLINE V power(V a, V b) {
  V t = (V)((VI)a & 0x7fffffff);
  VI is_special = ~((t >= 1.17549435e-38f) & (t < INFINITY) & ((V)((VI)b & 0x7fffffff) < 1.0e9f));
  V base = choose(is_special, splat(1), t);
  V exponent = choose(is_special, splat(0), b);
  VI bits = (VI)base;
  VI e = ((bits >> 23) & 0xff) - 126;
  V m = (V)((bits & 0x007fffff) | 0x3f000000);
  VI low = m < 0.707106781186547524f;
  e = e + low;
  VD mantissa = __builtin_convertvector(choose(low, m + m, m), VD);
  VD s = (mantissa - 1.0) / (mantissa + 1.0), z = s * s;
  VD p = SPLAT_DOUBLE(1.0 / 17);
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  VD logarithm = s * 2.0 + s * 2.0 * (p * z);
  VD whole = __builtin_convertvector(__builtin_convertvector(e, V), VD);
  logarithm = logarithm + whole * 0.693147180559945309417;
  VD product = logarithm * __builtin_convertvector(exponent, VD);
  product = CHOOSE_DOUBLE(product > 200.0, SPLAT_DOUBLE(200), product);
  product = CHOOSE_DOUBLE(product < -200.0, SPLAT_DOUBLE(-200), product);
  VD n = __builtin_elementwise_roundeven(product * 1.44269504088896340736);
  VD r = product - n * 0.693147180559945309417;
  VD q = SPLAT_DOUBLE(1.0 / 362880);
  q = q * r + 1.0 / 40320;
  q = q * r + 1.0 / 5040;
  q = q * r + 1.0 / 720;
  q = q * r + 1.0 / 120;
  q = q * r + 1.0 / 24;
  q = q * r + 1.0 / 6;
  q = q * r + 0.5;
  q = q * r + 1.0;
  q = q * r + 1.0;
  // 2ⁿ by its bits: n + 1.5 · 2⁵² holds n in its low bits.
  VL scale = (((VL)(n + 6755399441055744.0) & 0xffff) + 1023) << 52;
  V y = __builtin_convertvector(q * (VD)(scale & 0x7ff0000000000000), V);
  V half = 0.5f * b;
  VI is_whole = __builtin_elementwise_floor(b) == b;
  VI is_odd = is_whole & (__builtin_elementwise_floor(half) != half);
  VI is_negative = a < 0;
  y = (V)((VI)y ^ (is_odd & is_negative & (int32_t)0x80000000));
  y = choose(is_negative & ~is_whole, splat(NAN), y);
  if (any_lane(is_special))
    for (int i = 0; i < W; i++)
      if (is_special[i]) y[i] = (float)pow((double)a[i], (double)b[i]);
  return y;
}

// The angle of (b, a), as C's atan2(a, b): Cephes' polynomial for the arc tangent of the smaller over
// the larger, then octants. Infinities, zeros and NaN go to the C library.
INLINE V angle(V a, V b) {
  V ta = (V)((VI)a & 0x7fffffff), tb = (V)((VI)b & 0x7fffffff);
  VI is_special = ~((ta > 0) & (ta < INFINITY) & (tb > 0) & (tb < INFINITY));
  VI is_steep = ta > tb;
  V small = choose(is_steep, tb, ta), large = choose(is_steep, ta, tb);
  VI is_wide = small > 0.41421356f * large;
  // Both scaled where the sum would overflow or the numbers are denormal; powers of two are exact.
  V scale = choose(large > 1.0e37f, splat(0x1p-4f), choose(large < 1.0e-30f, splat(0x1p60f), splat(1)));
  small = small * scale;
  large = large * scale;
  V r = choose(is_wide, small - large, small) / choose(is_wide, small + large, large);
  V s = r * r;
  V p = splat(8.05374449538e-2f);
  p = multiply_add(p, s, splat(-1.38776856032e-1f));
  p = multiply_add(p, s, splat(1.99777106478e-1f));
  p = multiply_add(p, s, splat(-3.33329491539e-1f));
  V y = multiply_add(p * s, r, r);
  y = choose(is_wide, y + 0.78539816339744831f, y);
  y = choose(is_steep, 1.57079632679489662f - y, y);
  y = choose(b < 0, 3.14159265358979324f - y, y);
  y = (V)((VI)y | ((VI)a & (int32_t)0x80000000));
  if (any_lane(is_special))
    for (int i = 0; i < W; i++)
      if (is_special[i]) y[i] = (float)atan2((double)a[i], (double)b[i]);
  return y;
}
