// What each kernel computes, in plain scalar loops and double precision where that is the meaning:
// the tests hold every SIMD level against these.
#include <math.h>
#include <string.h>

#include "CKernels.h"

static double activate(int activation, double x) {
  switch (activation) {
  case SWIRL_TANH: return tanh(x);
  case SWIRL_RELU: return x < 0 ? 0 : x;
  case SWIRL_SIGMOID: return 1 / (1 + exp(-x));
  case SWIRL_SILU: return x / (1 + exp(-x));
  default: return x;
  }
}

static void gemm(long m, long n, long k, const float *a, long a_row, long a_col, const float *b,
                 long b_row, long b_col, float *c, long c_row, const float *bias, int accumulate,
                 int activation) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      double sum = accumulate ? c[i * c_row + j] : bias ? bias[j] : 0;
      for (long p = 0; p < k; p++)
        sum += (double)a[i * a_row + p * a_col] * b[p * b_row + j * b_col];
      c[i * c_row + j] = (float)activate(activation, sum);
    }
}

static void unary(int op, long n, const float *in, float *y) {
  for (long i = 0; i < n; i++) {
    double x = in[i], r = x;
    switch (op) {
    case SWIRL_NEGATE: r = -x; break;
    case SWIRL_EXP: r = exp(x); break;
    case SWIRL_LOG: r = log(x); break;
    case SWIRL_SQRT: r = sqrt(x); break;
    case SWIRL_SQUARE: r = x * x; break;
    case SWIRL_ABS: r = fabs(x); break;
    case SWIRL_RECIPROCAL: r = 1 / x; break;
    case SWIRL_UNARY_TANH: r = tanh(x); break;
    case SWIRL_UNARY_RELU: r = activate(SWIRL_RELU, x); break;
    case SWIRL_UNARY_SIGMOID: r = activate(SWIRL_SIGMOID, x); break;
    case SWIRL_UNARY_SILU: r = activate(SWIRL_SILU, x); break;
    case SWIRL_SOFTPLUS: r = (x > 0 ? x : 0) + log1p(exp(-fabs(x))); break;
    case SWIRL_SIGN: r = x > 0 ? 1 : x < 0 ? -1 : x; break;
    case SWIRL_LOG_ONE_PLUS: r = log1p(x); break;
    case SWIRL_EXP_MINUS_ONE: r = expm1(x); break;
    case SWIRL_RSQRT: r = 1 / sqrt(x); break;
    case SWIRL_ERF: r = erf(x); break;
    case SWIRL_SIN: r = sin(x); break;
    case SWIRL_COS: r = cos(x); break;
    case SWIRL_FLOOR: r = floor(x); break;
    case SWIRL_CEILING: r = ceil(x); break;
    case SWIRL_ROUND: r = rint(x); break;
    case SWIRL_GELU: r = x == -INFINITY ? 0 : 0.5 * x * erfc(-x * M_SQRT1_2); break;
    case SWIRL_GELU_TANH:
      r = x == -INFINITY ? 0 : x / (1 + exp(-2 * M_2_SQRTPI * M_SQRT1_2 * (x + 0.044715 * x * x * x)));
      break;
    case SWIRL_LOG_SIGMOID: r = (x < 0 ? x : 0) - log1p(exp(-fabs(x))); break;
    case SWIRL_IS_NAN: r = x != x; break;
    case SWIRL_IS_FINITE: r = isfinite(x) != 0; break;
    default: break;
    }
    y[i] = (float)r;
  }
}

static void binary(int op, long n, const float *left, int a_step, const float *right, int b_step,
                   float *y) {
  for (long i = 0; i < n; i++) {
    double a = left[i * a_step], b = right[i * b_step], r = 0, s = 1 / (1 + exp(-b));
    switch (op) {
    case SWIRL_ADD: r = a + b; break;
    case SWIRL_SUBTRACT: r = a - b; break;
    case SWIRL_MULTIPLY: r = a * b; break;
    case SWIRL_DIVIDE: r = a / b; break;
    case SWIRL_MINIMUM: r = a < b || a != a ? a : b; break;
    case SWIRL_MAXIMUM: r = a > b || a != a ? a : b; break;
    case SWIRL_LESS: r = a < b; break;
    case SWIRL_LESS_EQUAL: r = a <= b; break;
    case SWIRL_EQUAL: r = a == b; break;
    case SWIRL_TANH_GRADIENT: r = a * (1 - b * b); break;
    case SWIRL_RELU_GRADIENT: r = b > 0 ? a : 0; break;
    case SWIRL_SIGMOID_GRADIENT: r = a * b * (1 - b); break;
    case SWIRL_SILU_GRADIENT: r = a * s * (1 + b * (1 - s)); break;
    case SWIRL_SOFTPLUS_GRADIENT: r = a * s; break;
    case SWIRL_NOT_EQUAL: r = a != b; break;
    case SWIRL_POWER: r = pow(a, b); break;
    case SWIRL_ANGLE: r = atan2(a, b); break;
    case SWIRL_LEAKY_RELU: r = a > 0 ? a : a * b; break;
    case SWIRL_LEAKY_RELU_SLOPE: r = a > 0 ? 1 : b; break;
    case SWIRL_ELU: r = a > 0 ? a : b * expm1(a); break;
    case SWIRL_ELU_SLOPE: r = a > 0 ? 1 : a + b; break;
    case SWIRL_GELU_GRADIENT:
      r = a * (0.5 * erfc(-b * M_SQRT1_2) + 0.5 * M_2_SQRTPI * M_SQRT1_2 * b * exp(-0.5 * b * b));
      break;
    case SWIRL_GELU_TANH_GRADIENT: {
      const double c = 2 * M_2_SQRTPI * M_SQRT1_2;
      const double g = 1 / (1 + exp(-c * (b + 0.044715 * b * b * b)));
      r = a * (g + b * g * (1 - g) * c * (1 + 3 * 0.044715 * b * b));
      break;
    }
    default: r = a; break;
    }
    y[i] = (float)r;
  }
}

static void select_lanes(long n, const float *condition, const float *a, int a_step, const float *b,
                         int b_step, float *y) {
  for (long i = 0; i < n; i++) y[i] = condition[i] != 0 ? a[i * a_step] : b[i * b_step];
}

static void drop(long n, const float *x, const uint8_t *kept, float scale, float *y) {
  for (long i = 0; i < n; i++) y[i] = kept[i] ? x[i] * scale : 0;
}

static void cumulative_sum(long outer, long length, long inner, int backwards, const float *x,
                           float *y) {
  for (long o = 0; o < outer; o++)
    for (long j = 0; j < inner; j++) {
      double sum = 0;
      for (long i = 0; i < length; i++) {
        const long at = (o * length + (backwards ? length - 1 - i : i)) * inner + j;
        y[at] = (float)(sum += x[at]);
      }
    }
}

static void log_sum_exp(long rows, long n, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += n) {
    double largest = -INFINITY, sum = 0;
    for (long j = 0; j < n; j++) largest = x[j] > largest ? x[j] : largest;
    for (long j = 0; j < n; j++) sum += exp(x[j] - largest);
    y[r] = (float)(isfinite(largest) ? largest + log(sum) : largest);
  }
}

static void cross_entropy(const struct swirl_cross_entropy *s, long first, long last) {
  for (long r = first; r < last; r++) {
    const float *x = s->x + r * s->n;
    const int32_t t = s->targets[r];
    s->lse[r] = s->loss[r] = 0;
    if (t == s->ignored) continue;
    log_sum_exp(1, s->n, x, s->lse + r);
    double lse = s->lse[r], loss = (1 - s->smoothing) * (s->weights ? s->weights[t] : 1) * (lse - x[t]);
    for (long j = 0; s->smoothing != 0 && j < s->n; j++)
      loss += s->smoothing / s->n * (s->weights ? s->weights[j] : 1) * (lse - x[j]);
    s->loss[r] = (float)loss;
  }
}

static void cross_entropy_gradient(const struct swirl_cross_entropy *s, long first, long last) {
  for (long r = first; r < last; r++) {
    const int32_t t = s->targets[r];
    double total = 0;
    for (long j = 0; j < s->n; j++) total += s->weights ? s->weights[j] : 1;
    for (long j = 0; j < s->n; j++) {
      const long at = r * s->n + j;
      const double own = (1 - s->smoothing) * (s->weights && t != s->ignored ? s->weights[t] : 1);
      const double share = s->smoothing / s->n, w = s->weights ? s->weights[j] : 1;
      const double p = exp((double)s->x[at] - s->lse[r]);
      s->dx[at] = t == s->ignored
                      ? 0
                      : (float)(s->scale[r] * ((own + share * total) * p - own * (j == t) - share * w));
    }
  }
}

static void clamp(long n, const float *x, float low, float high, float *y) {
  for (long i = 0; i < n; i++) y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

static void affine(long n, const float *x, float scale, float shift, float *y) {
  for (long i = 0; i < n; i++) y[i] = (float)((double)x[i] * scale + shift);
}

static void accumulate(long n, const float *x, float scale, float *y) {
  for (long i = 0; i < n; i++) y[i] = (float)((double)x[i] * scale + y[i]);
}

static void reduce(int op, long outer, long length, long inner, const float *x, float *y) {
  for (long o = 0; o < outer; o++)
    for (long j = 0; j < inner; j++) {
      double r = op == SWIRL_SUM ? 0 : op == SWIRL_MAX ? -INFINITY : INFINITY;
      for (long i = 0; i < length; i++) {
        double v = x[(o * length + i) * inner + j];
        if (op == SWIRL_SUM) r += v;
        else if (v != v || (op == SWIRL_MAX ? v > r : v < r)) r = v;
      }
      y[o * inner + j] = (float)r;
    }
}

static double sum_of_squares(long n, const float *x) {
  double sum = 0;
  for (long i = 0; i < n; i++) sum += (double)x[i] * x[i];
  return sum;
}

static void log_softmax(long rows, long n, const float *x, float *y) {
  for (long r = 0; r < rows; r++, x += n, y += n) {
    double largest = -INFINITY, sum = 0;
    for (long j = 0; j < n; j++) largest = x[j] > largest ? x[j] : largest;
    for (long j = 0; j < n; j++) sum += exp(x[j] - largest);
    for (long j = 0; j < n; j++) y[j] = (float)(x[j] - largest - log(sum));
  }
}

static void log_softmax_gradient(long rows, long n, const float *dy, const float *y, float *dx) {
  for (long r = 0; r < rows; r++, dy += n, y += n, dx += n) {
    double sum = 0;
    for (long j = 0; j < n; j++) sum += dy[j];
    for (long j = 0; j < n; j++) dx[j] = (float)(dy[j] - exp(y[j]) * sum);
  }
}

static void adam(long n, float *parameter, const float *gradient, float *m, float *v, float *largest,
                 const struct swirl_adam *s) {
  for (long i = 0; i < n; i++) {
    double g = (double)gradient[i] * s->gradient_scale + (double)s->l2 * parameter[i];
    m[i] = (float)(s->beta1 * (double)m[i] + (1 - (double)s->beta1) * g);
    v[i] = (float)(s->beta2 * (double)v[i] + (1 - (double)s->beta2) * g * g);
    float bound = v[i];
    if (largest) bound = largest[i] = largest[i] > bound ? largest[i] : bound;
    double p = parameter[i] * (1 - (double)s->weight_decay);
    parameter[i] = (float)(p - s->step_size * m[i] / (sqrt(bound) * s->root_scale + s->epsilon));
  }
}

static void sgd(long n, float *parameter, const float *gradient, float *velocity,
                const struct swirl_sgd *s) {
  for (long i = 0; i < n; i++) {
    double g = (double)gradient[i] * s->gradient_scale + (double)s->l2 * parameter[i];
    if (velocity) {
      double u = (double)s->momentum * velocity[i] + s->fresh * g;
      velocity[i] = (float)u;
      g = s->nesterov ? g + s->momentum * u : u;
    }
    parameter[i] = (float)(parameter[i] - s->learning_rate * g);
  }
}

static void rmsprop(long n, float *parameter, const float *gradient, float *square, float *mean,
                    float *velocity, const struct swirl_rmsprop *s) {
  for (long i = 0; i < n; i++) {
    double g = (double)gradient[i] * s->gradient_scale + (double)s->l2 * parameter[i];
    double q = s->alpha * (double)square[i] + (1 - (double)s->alpha) * g * g;
    square[i] = (float)q;
    if (mean) {
      double a = s->alpha * (double)mean[i] + (1 - (double)s->alpha) * g;
      mean[i] = (float)a;
      q -= a * a;
    }
    double u = g / (s->epsilon_inside ? sqrt(q + s->epsilon) : sqrt(q) + s->epsilon);
    if (velocity) {
      u += (double)s->momentum * velocity[i];
      velocity[i] = (float)u;
    }
    parameter[i] = (float)(parameter[i] - s->learning_rate * u);
  }
}

static void momentum(long n, const float *gradient, float scale, float *velocity, float beta,
                     int nesterov, float *update) {
  for (long i = 0; i < n; i++) {
    double g = (double)gradient[i] * scale;
    double u = (double)beta * velocity[i] + (1 - (double)beta) * g;
    velocity[i] = (float)u;
    update[i] = (float)(nesterov ? g + beta * (u - g) : u);
  }
}

// The row where key j of a sequence lies.
static long key_row(const struct swirl_attention *s, long sequence, long j) {
  if (!s->pages) return s->key_start[sequence] + j;
  return (long)s->pages[s->key_start[sequence] + j / SWIRL_ATTENTION_PAGE] * SWIRL_ATTENTION_PAGE +
         j % SWIRL_ATTENTION_PAGE;
}

// The score of a query and a key as softmax sees it, −∞ where the query does not see the key; `cap`
// is the derivative of the soft cap.
static double score(const struct swirl_attention *s, long sequence, long head, long i, long j,
                    double *cap) {
  const long position = s->key_count[sequence] - s->query_count[sequence] + i;
  const float *q = s->q + (s->query_start[sequence] + i) * s->q_token + head * s->q_head;
  const float *k = s->k + key_row(s, sequence, j) * s->k_token +
                   head / (s->heads / s->kv_heads) * s->k_head;
  double sum = 0;
  for (long d = 0; d < s->dim; d++) sum += (double)q[d] * k[d];
  sum *= s->scale;
  *cap = 1;
  if (s->softcap > 0) {
    const double y = tanh(sum / s->softcap);
    sum = s->softcap * y;
    *cap = 1 - y * y;
  }
  if (s->slopes) sum -= s->slopes[head] * fabs((double)(position - j));
  if (s->bias)
    sum += s->bias[sequence * s->bias_sequence + head * s->bias_head + i * s->bias_row + j];
  return position - j <= s->before && j - position <= s->after ? sum : -INFINITY;
}

// dim is at most 1024.
static void attention_forward(const struct swirl_attention *s, long first, long last,
                              float *scratch) {
  long number = 0;
  for (long sequence = 0; sequence < s->sequences; sequence++)
    for (long head = 0; head < s->heads; head++)
      for (long i = 0; i < s->query_count[sequence]; i++) {
        if (i > 0 && i % SWIRL_ATTENTION_QUERIES == 0) number++;
        if (i + 1 == s->query_count[sequence]) number++;
        const long task = i + 1 == s->query_count[sequence] ? number - 1 : number;
        if (task < first || task >= last) continue;
        const long token = s->query_start[sequence] + i;
        const float *v = s->v + head / (s->heads / s->kv_heads) * s->v_head;
        double largest = -INFINITY, sum = 0, cap, total[1024] = {0};
        for (long j = 0; j < s->key_count[sequence]; j++)
          largest = fmax(largest, score(s, sequence, head, i, j, &cap));
        for (long j = 0; largest > -INFINITY && j < s->key_count[sequence]; j++) {
          const double w = exp(score(s, sequence, head, i, j, &cap) - largest);
          sum += w;
          const float *row = v + key_row(s, sequence, j) * s->v_token;
          for (long d = 0; d < s->dim; d++) total[d] += w * row[d];
        }
        for (long d = 0; d < s->dim; d++)
          s->out[(token * s->heads + head) * s->dim + d] = (float)(sum == 0 ? 0 : total[d] / sum);
        s->lse[head * s->tokens + token] = (float)(largest + log(sum));
      }
}

static void attend_backward(const struct swirl_attention *s, long sequence, long head) {
  const long row = s->heads * s->dim, kv_head = head / (s->heads / s->kv_heads);
  const long first_key = s->key_start[sequence];
  float *dk = s->dk + first_key * row + head * s->dim, *dv = s->dv + first_key * row + head * s->dim;
  for (long j = 0; j < s->key_count[sequence]; j++)
    for (long d = 0; d < s->dim; d++) dk[j * row + d] = dv[j * row + d] = 0;
  for (long i = 0; i < s->query_count[sequence]; i++) {
    const long token = s->query_start[sequence] + i, at = token * row + head * s->dim;
    const float *q = s->q + token * s->q_token + head * s->q_head;
    double delta = 0;
    for (long d = 0; d < s->dim; d++) {
      delta += (double)s->dout[at + d] * s->out[at + d];
      s->dq[at + d] = 0;
    }
    for (long j = 0; j < s->key_count[sequence]; j++) {
      const float *k = s->k + (first_key + j) * s->k_token + kv_head * s->k_head;
      const float *v = s->v + (first_key + j) * s->v_token + kv_head * s->v_head;
      double cap, dot = 0, w = score(s, sequence, head, i, j, &cap);
      w = w == -INFINITY ? 0 : exp(w - s->lse[head * s->tokens + token]);
      for (long d = 0; d < s->dim; d++) dot += (double)s->dout[at + d] * v[d];
      const double gradient = w * (dot - delta);
      if (s->dbias)
        s->dbias[sequence * s->dbias_sequence + head * s->dbias_head + i * s->dbias_row + j] +=
            (float)gradient;
      for (long d = 0; d < s->dim; d++) {
        s->dq[at + d] += (float)(gradient * cap * s->scale * k[d]);
        dk[j * row + d] += (float)(gradient * cap * s->scale * q[d]);
        dv[j * row + d] += (float)(w * s->dout[at + d]);
      }
    }
  }
}

static void attention_backward(const struct swirl_attention *s, long first, long last,
                               float *scratch) {
  for (long task = first; task < last; task++) {
    const int shared = s->dbias && s->dbias_sequence == 0;
    if (!shared) attend_backward(s, task / s->heads, task % s->heads);
    for (long i = 0; shared && i < s->sequences; i++) attend_backward(s, i, task);
  }
}

static void rotate(long first, long last, long heads, long dim, long turned, int interleaved,
                   long period, const float *x, const float *table, float sign, float *y) {
  for (long token = first; token < last; token++)
    for (long head = 0; head < heads; head++) {
      const float *in = x + (token * heads + head) * dim;
      float *out = y + (token * heads + head) * dim;
      for (long i = 0; i < dim; i++) out[i] = in[i];
      for (long i = 0; i < turned / 2; i++) {
        const long a = interleaved ? 2 * i : i, b = interleaved ? a + 1 : i + turned / 2;
        const float *row = table + token % period * (interleaved ? 2 * turned : turned);
        const double c = row[a], s = sign * (double)row[interleaved ? turned + b : b];
        out[a] = (float)(in[a] * c - in[b] * s);
        out[b] = (float)(in[b] * c + in[a] * s);
      }
    }
}

static void gated_silu(long n, const float *a, const float *b, float *y) {
  for (long i = 0; i < n; i++) y[i] = (float)(a[i] / (1 + exp(-(double)a[i])) * b[i]);
}

static void gated_silu_gradient(long n, const float *dy, const float *a, const float *b, float *da,
                                float *db) {
  for (long i = 0; i < n; i++) {
    const double s = 1 / (1 + exp(-(double)a[i]));
    db[i] = (float)(dy[i] * a[i] * s);
    da[i] = (float)(dy[i] * b[i] * s * (1 + a[i] * (1 - s)));
  }
}

static void patch_product(long m, long n, long k, const float *x, const int32_t *rows,
                          const int32_t *steps, const float *b, long b_row, float *c, long c_row,
                          const float *bias, int accumulate, int activation) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) {
      double sum = accumulate ? c[i * c_row + j] : bias ? bias[j] : 0;
      for (long p = 0; p < k; p++) sum += (double)x[rows[i] + steps[p]] * b[p * b_row + j];
      c[i * c_row + j] = (float)activate(activation, sum);
    }
}

static void transpose_matrix(long rows, long columns, const float *x, float *y) {
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j];
}

static void add_patches(const struct swirl_convolution *s, const float *patches, float *y) {
  const long width = s->channels / s->groups, taps = s->kernel_height * s->kernel_width;
  for (long p = 0; p < s->out_height * s->out_width; p++)
    for (long tap = 0; tap < taps; tap++, patches += width) {
      const long iy = p / s->out_width * s->stride_y + tap / s->kernel_width * s->dilation_y - s->top;
      const long ix = p % s->out_width * s->stride_x + tap % s->kernel_width * s->dilation_x - s->left;
      if (iy < 0 || iy >= s->height || ix < 0 || ix >= s->width) continue;
      for (long i = 0; i < width; i++) y[(iy * s->width + ix) * s->channels + i] += patches[i];
    }
}

static float row_sum(long n, const float *x) {
  double sum = 0;
  for (long i = 0; i < n; i++) sum += x[i];
  return (float)sum;
}

static float row_squares(long n, const float *x, float centre) {
  double sum = 0;
  for (long i = 0; i < n; i++) sum += ((double)x[i] - centre) * ((double)x[i] - centre);
  return (float)sum;
}

static void row_products(long n, const float *dy, const float *x, float centre, float *sums) {
  double sum = 0, product = 0;
  for (long i = 0; i < n; i++) {
    sum += dy[i];
    product += dy[i] * ((double)x[i] - centre);
  }
  sums[0] = (float)sum;
  sums[1] = (float)product;
}

static void blend(long n, const float *dy, float a, const float *x, float centre, float b, float c,
                  float *out) {
  for (long i = 0; i < n; i++)
    out[i] = (float)((double)a * dy[i] + b * ((double)x[i] - centre) + c);
}

static void layer_norm(long rows, long n, const float *x, const float *weight, const float *bias,
                       float epsilon, int centred, float *y, float *means, float *scales) {
  for (long r = 0; r < rows; r++, x += n, y += n) {
    const float mean = centred ? row_sum(n, x) / (float)n : 0;
    const double scale = 1 / sqrt(row_squares(n, x, mean) / (double)n + epsilon);
    means[r] = mean;
    scales[r] = (float)scale;
    for (long i = 0; i < n; i++)
      y[i] = (float)((x[i] - mean) * scale * (weight ? weight[i] : 1) + (bias ? bias[i] : 0));
  }
}

static void layer_norm_gradient(long rows, long n, const float *dy, const float *x,
                                const float *weight, const float *means, const float *scales,
                                int centred, float *dx, float *dweight, float *dbias) {
  for (long r = 0; r < rows; r++, x += n, dy += n) {
    double sum = 0, product = 0;
    for (long i = 0; i < n; i++) {
      const double z = ((double)x[i] - means[r]) * scales[r];
      const double g = (double)dy[i] * (weight ? weight[i] : 1);
      sum += g;
      product += g * z;
      if (dweight) dweight[i] += (float)(dy[i] * z);
      if (dbias) dbias[i] += dy[i];
    }
    for (long i = 0; dx && i < n; i++) {
      const double z = ((double)x[i] - means[r]) * scales[r];
      const double g = (double)dy[i] * (weight ? weight[i] : 1);
      dx[r * n + i] =
          (float)((g - (centred ? sum / (double)n : 0) - z * product / (double)n) * scales[r]);
    }
  }
}

static void token_scores(long rows, long n, const float *x, const int32_t *targets, float *logs,
                         float *entropies, float *lse) {
  for (long r = 0; r < rows; r++, x += n) {
    double largest = -INFINITY, sum = 0, mean = 0;
    for (long i = 0; i < n; i++) largest = fmax(largest, x[i]);
    for (long i = 0; i < n; i++) sum += exp(x[i] - largest);
    const double total = largest + log(sum);
    for (long i = 0; i < n; i++) mean += exp(x[i] - total) * x[i];
    lse[r] = (float)total;
    logs[r] = (float)(x[targets[r]] - total);
    entropies[r] = (float)(total - mean);
  }
}

static void token_scores_gradient(long rows, long n, float *x, const int32_t *targets,
                                  const float *lse, const float *entropies, const float *dlogs,
                                  const float *dentropies, float scale) {
  for (long r = 0; r < rows; r++, x += n)
    for (long i = 0; i < n; i++) {
      const double log_p = (double)x[i] - lse[r], p = exp(log_p);
      const double own = (i == targets[r]) - p, rest = -p * (log_p + entropies[r]);
      x[i] = (float)(scale * (dlogs[r] * own + dentropies[r] * rest));
    }
}

static long attention_scratch(const struct swirl_attention *s, int backward) { return 0; }

static float multiply_adds(long rounds) {
  float chains[12], sum = 0;
  for (int i = 0; i < 12; i++) chains[i] = (float)i;
  for (long round = 0; round < rounds; round++)
    for (int i = 0; i < 12; i++) chains[i] = chains[i] * 0.9999f + 0.0001f;
  for (int i = 0; i < 12; i++) sum += chains[i];
  return sum;
}

// Biases, weights and gates as the header has them; in double precision but for what is stored.
static void recurrent_forward(const struct swirl_recurrent *s, long first, long last,
                              float *scratch) {
  const long n = s->hidden, is_lstm = s->kind == SWIRL_LSTM, gates = is_lstm ? 4 : 3;
  for (long row = first; row < last; row++)
    for (long t = 0; t < s->steps; t++) {
      const long at = t * s->batch + row, fresh = s->starts && s->starts[at] != 0;
      const float *h = t > 0 ? s->y + (at - s->batch) * n : s->initial ? s->initial + row * n : 0;
      if (fresh) h = 0;
      for (long u = 0; u < n; u++) {
        double sum[4];
        for (long g = 0; g < 4; g++) {
          sum[g] = s->bias[g * n + u];
          if (s->start && g < gates) sum[g] = s->start[at * s->start_row + g * n + u];
          for (long p = 0; p < s->inputs && !s->start && g < gates; p++)
            sum[g] += (double)s->x[at * s->inputs + p] * s->input_weight[(p * gates + g) * n + u];
          if (!is_lstm && g == 2) continue;
          for (long p = 0; p < n && h; p++)
            sum[g] += (double)h[p] * s->hidden_weight[(p * gates + (g < gates ? g : 2)) * n + u];
        }
        double saved[6], y;
        saved[0] = 1 / (1 + exp(-sum[0]));
        saved[1] = 1 / (1 + exp(-sum[1]));
        if (is_lstm) {
          saved[2] = tanh(sum[2]);
          saved[3] = 1 / (1 + exp(-sum[3]));
          saved[4] = fresh ? 0 : s->cell[row * n + u];
          s->cell[row * n + u] = (float)(saved[1] * saved[4] + saved[0] * saved[2]);
          saved[5] = tanh(s->cell[row * n + u]);
          y = saved[3] * saved[5];
        } else {
          saved[2] = tanh(sum[2] + saved[0] * sum[3]);
          saved[3] = sum[3];
          y = (1 - saved[1]) * saved[2] + (h ? saved[1] * h[u] : 0);
        }
        s->y[at * n + u] = (float)y;
        for (long i = 0; s->saved && i < (is_lstm ? 6 : 4); i++)
          s->saved[(at * (is_lstm ? 6 : 4) + i) * n + u] = (float)saved[i];
      }
    }
}

// scratch holds a row's gradients of its gates.
static void recurrent_backward(const struct swirl_recurrent *s, long first, long last,
                               float *dweights, float *dbias, float *scratch) {
  const long n = s->hidden, is_lstm = s->kind == SWIRL_LSTM, gates = is_lstm ? 4 : 3;
  float *d = scratch;
  memset(dbias, 0, (size_t)(4 * n) * sizeof(float));
  if (dweights) memset(dweights, 0, (size_t)((s->inputs + n) * gates * n) * sizeof(float));
  for (long row = first; row < last; row++)
    for (long t = s->steps - 1; t >= 0; t--) {
      const long at = t * s->batch + row, fresh = s->starts && s->starts[at] != 0;
      const float *h = t > 0 ? s->y + (at - s->batch) * n : s->initial ? s->initial + row * n : 0;
      if (fresh) h = 0;
      for (long u = 0; u < n; u++) {
        const float *v = s->saved + at * (is_lstm ? 6 : 4) * n + u;
        const double dh = s->dy[at * n + u] + (t < s->steps - 1 ? s->dh[row * n + u] : 0.0);
        double out[4];
        if (is_lstm) {
          const double i = v[0], f = v[n], g = v[2 * n], o = v[3 * n], c = v[4 * n], y = v[5 * n];
          const double dc = s->dcell[row * n + u] + dh * o * (1 - y * y);
          out[0] = dc * g * i * (1 - i);
          out[1] = dc * c * f * (1 - f);
          out[2] = dc * i * (1 - g * g);
          out[3] = dh * y * o * (1 - o);
          s->dcell[row * n + u] = fresh ? 0 : (float)(dc * f);
        } else {
          const double r = v[0], z = v[n], x = v[2 * n], m = v[3 * n];
          out[0] = dh * (1 - z) * (1 - x * x);
          out[1] = out[0] * m * r * (1 - r);
          out[2] = dh * ((h ? h[u] : 0) - x) * z * (1 - z);
          out[3] = out[0] * r;
          s->dh[row * n + u] = (float)(dh * z);
        }
        for (long g = 0; g < 4; g++) {
          d[g * n + u] = (float)out[g];
          dbias[g * n + u] += d[g * n + u];
        }
      }
      const float *recurrent = is_lstm ? d : d + n;
      for (long p = 0; p < n; p++) {
        double sum = is_lstm ? 0 : s->dh[row * n + p];
        for (long j = 0; j < gates * n; j++) {
          sum += (double)recurrent[j] * s->hidden_weight[p * gates * n + j];
          if (dweights && h) dweights[(s->inputs + p) * gates * n + j] += h[p] * recurrent[j];
        }
        s->dh[row * n + p] = fresh ? 0 : (float)sum;
      }
      for (long p = 0; p < s->inputs; p++) {
        double sum = 0;
        for (long j = 0; j < gates * n; j++) {
          sum += (double)d[is_lstm ? j : (j + n) % (3 * n)] * s->input_weight[p * gates * n + j];
          if (dweights) dweights[p * gates * n + j] += s->x[at * s->inputs + p] * d[j];
        }
        if (s->dx) s->dx[at * s->inputs + p] = (float)sum;
      }
    }
}

static void recurrent_pack(const struct swirl_recurrent *s, int backward, float *packed) {}
static long recurrent_packed(const struct swirl_recurrent *s, int backward) { return 0; }

#include "reference_types.h"

const struct swirl_kernels swirl_reference = {
    .name = "reference",
    .width = 1,
    .gemm = gemm,
    .unary = unary,
    .binary = binary,
    .clamp = clamp,
    .affine = affine,
    .accumulate = accumulate,
    .reduce = reduce,
    .sum_of_squares = sum_of_squares,
    .log_softmax = log_softmax,
    .log_softmax_gradient = log_softmax_gradient,
    .adam = adam,
    .select = select_lanes,
    .drop = drop,
    .cumulative_sum = cumulative_sum,
    .log_sum_exp = log_sum_exp,
    .cross_entropy = cross_entropy,
    .cross_entropy_gradient = cross_entropy_gradient,
    .sgd = sgd,
    .rmsprop = rmsprop,
    .momentum = momentum,
    .multiply_adds = multiply_adds,
    .token_scores = token_scores,
    .token_scores_gradient = token_scores_gradient,
    .attention_forward = attention_forward,
    .attention_backward = attention_backward,
    .attention_scratch = attention_scratch,
    .rotate = rotate,
    .gated_silu = gated_silu,
    .gated_silu_gradient = gated_silu_gradient,
    .recurrent_forward = recurrent_forward,
    .recurrent_backward = recurrent_backward,
    .recurrent_pack = recurrent_pack,
    .recurrent_packed = recurrent_packed,
    .patch_product = patch_product,
    .transpose_matrix = transpose_matrix,
    .add_patches = add_patches,
    .row_sum = row_sum,
    .row_squares = row_squares,
    .row_products = row_products,
    .blend = blend,
    .layer_norm = layer_norm,
    .layer_norm_gradient = layer_norm_gradient,
    .widen = widen,
    .narrow = narrow,
    .half_product = half_product,
    .dequantize = dequantize,
    .quantized_product = quantized_product,
};
