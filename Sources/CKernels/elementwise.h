// Elementwise kernels. A tail shorter than a vector goes through the same vector code as the rest,
// so that a value's bits do not depend on where in the buffer it stands.

#define MAP(expression)                                              \
  {                                                                  \
    long i = 0;                                                      \
    for (; i + W <= n; i += W) {                                     \
      V x = load(in + i);                                            \
      store(y + i, expression);                                      \
    }                                                                \
    if (i < n) {                                                     \
      V x = load_first(in + i, n - i);                               \
      store_first(y + i, expression, n - i);                         \
    }                                                                \
    break;                                                           \
  }

static void NAME(unary)(int op, long n, const float *in, float *y) {
  switch (op) {
  case SWIRL_NEGATE: MAP(-x)
  case SWIRL_EXP: MAP(exponential(x))
  case SWIRL_LOG: MAP(logarithm(x))
  case SWIRL_SQRT: MAP(square_root(x))
  case SWIRL_SQUARE: MAP(x * x)
  case SWIRL_ABS: MAP((V)((VI)x & 0x7fffffff))
  case SWIRL_RECIPROCAL: MAP(1.0f / x)
  case SWIRL_UNARY_TANH: MAP(hyperbolic_tangent(x))
  case SWIRL_UNARY_RELU: MAP(choose(x < 0, splat(0), x))
  case SWIRL_UNARY_SIGMOID: MAP(sigmoid(x))
  case SWIRL_UNARY_SILU: MAP(x * sigmoid(x))
  case SWIRL_SOFTPLUS:
    MAP(maximum(x, splat(0)) + logarithm_of_one_plus(exponential(-(V)((VI)x & 0x7fffffff))))
  case SWIRL_SIGN: MAP(choose(x > 0, splat(1), choose(x < 0, splat(-1), x)))
  case SWIRL_LOG_ONE_PLUS: MAP(logarithm_of_one_plus(x))
  case SWIRL_EXP_MINUS_ONE: MAP(exponential_minus_one(x))
  case SWIRL_RSQRT: MAP(1.0f / square_root(x))
  case SWIRL_ERF: MAP(error_function(x))
  case SWIRL_SIN: MAP(sine(x, 0))
  case SWIRL_COS: MAP(sine(x, 1))
  case SWIRL_FLOOR: MAP(__builtin_elementwise_floor(x))
  case SWIRL_CEILING: MAP(__builtin_elementwise_ceil(x))
  case SWIRL_ROUND: MAP(__builtin_elementwise_roundeven(x))
  case SWIRL_GELU: MAP(gelu(x))
  case SWIRL_GELU_TANH: MAP(gelu_by_tanh(x))
  case SWIRL_LOG_SIGMOID: MAP(log_sigmoid(x))
  case SWIRL_IS_NAN: MAP(choose(x != x, splat(1), splat(0)))
  case SWIRL_IS_FINITE: MAP(choose((V)((VI)x & 0x7fffffff) < INFINITY, splat(1), splat(0)))
  default: memcpy(y, in, (size_t)n * sizeof(float));
  }
}

#define ZIP(expression)                                                                   \
  {                                                                                       \
    long i = 0;                                                                           \
    for (; i + W <= n; i += W) {                                                          \
      V a = a_step ? load(left + i) : splat(*left);                                       \
      V b = b_step ? load(right + i) : splat(*right);                                     \
      store(y + i, expression);                                                           \
    }                                                                                     \
    if (i < n) {                                                                          \
      V a = a_step ? load_first(left + i, n - i) : splat(*left);                          \
      V b = b_step ? load_first(right + i, n - i) : splat(*right);                        \
      store_first(y + i, expression, n - i);                                              \
    }                                                                                     \
    break;                                                                                \
  }

// The same for long expressions, which are not worth a second copy for the tail.
#define ZIP_ONCE(expression)                                         \
  {                                                                  \
    for (long i = 0; i < n; i += W) {                                \
      long count = n - i < W ? n - i : W;                            \
      V a = a_step ? load_first(left + i, count) : splat(*left);     \
      V b = b_step ? load_first(right + i, count) : splat(*right);   \
      store_first(y + i, expression, count);                         \
    }                                                                \
    break;                                                           \
  }

static void NAME(binary)(int op, long n, const float *left, int a_step, const float *right,
                         int b_step, float *y) {
  switch (op) {
  case SWIRL_ADD: ZIP(a + b)
  case SWIRL_SUBTRACT: ZIP(a - b)
  case SWIRL_MULTIPLY: ZIP(a * b)
  case SWIRL_DIVIDE: ZIP(a / b)
  case SWIRL_MINIMUM: ZIP(minimum(a, b))
  case SWIRL_MAXIMUM: ZIP(maximum(a, b))
  case SWIRL_LESS: ZIP(choose(a < b, splat(1), splat(0)))
  case SWIRL_LESS_EQUAL: ZIP(choose(a <= b, splat(1), splat(0)))
  case SWIRL_EQUAL: ZIP(choose(a == b, splat(1), splat(0)))
  case SWIRL_TANH_GRADIENT: ZIP(a * (1.0f - b * b))
  case SWIRL_RELU_GRADIENT: ZIP(choose(b > 0, a, splat(0)))
  case SWIRL_SIGMOID_GRADIENT: ZIP(a * (b * (1.0f - b)))
  case SWIRL_SILU_GRADIENT: ZIP_ONCE(a * silu_slope(b))
  case SWIRL_SOFTPLUS_GRADIENT: ZIP_ONCE(a * sigmoid(b))
  case SWIRL_NOT_EQUAL: ZIP(choose(a != b, splat(1), splat(0)))
  case SWIRL_POWER: ZIP_ONCE(power(a, b))
  case SWIRL_ANGLE: ZIP_ONCE(angle(a, b))
  case SWIRL_LEAKY_RELU: ZIP(choose(a > 0, a, a * b))
  case SWIRL_LEAKY_RELU_SLOPE: ZIP(choose(a > 0, splat(1), b))
  case SWIRL_ELU: ZIP_ONCE(choose(a > 0, a, b * exponential_minus_one(a)))
  case SWIRL_ELU_SLOPE: ZIP(choose(a > 0, splat(1), a + b))
  case SWIRL_GELU_GRADIENT: ZIP_ONCE(a * gelu_slope(b))
  case SWIRL_GELU_TANH_GRADIENT: ZIP_ONCE(a * gelu_by_tanh_slope(b))
  default: memcpy(y, left, (size_t)n * sizeof(float));
  }
}

static void NAME(clamp)(long n, const float *in, float low, float high, float *y) {
  do MAP(minimum(maximum(x, splat(low)), splat(high)))
  while (0);
}

static void NAME(affine)(long n, const float *in, float scale, float shift, float *y) {
  do MAP(multiply_add(x, splat(scale), splat(shift)))
  while (0);
}

static void NAME(accumulate)(long n, const float *in, float scale, float *y) {
  long i = 0;
  for (; i + W <= n; i += W) store(y + i, multiply_add(load(in + i), splat(scale), load(y + i)));
  if (i < n)
    store_first(y + i, multiply_add(load_first(in + i, n - i), splat(scale), load_first(y + i, n - i)),
                n - i);
}

// y[i] = condition[i] ≠ 0 ? a[i · a_step] : b[i · b_step]
static void NAME(select)(long n, const float *condition, const float *left, int a_step,
                         const float *right, int b_step, float *y) {
  for (long i = 0; i < n; i += W) {
    long count = n - i < W ? n - i : W;
    V a = a_step ? load_first(left + i, count) : splat(*left);
    V b = b_step ? load_first(right + i, count) : splat(*right);
    store_first(y + i, choose(load_first(condition + i, count) != 0, a, b), count);
  }
}

// y[i] = kept[i] ? scale · x[i] : 0
static void NAME(drop)(long n, const float *x, const uint8_t *kept, float scale, float *y) {
  for (long i = 0; i < n; i++) y[i] = kept[i] ? x[i] * scale : 0.0f;
}

#undef MAP
#undef ZIP
#undef ZIP_ONCE
