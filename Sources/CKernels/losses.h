// Cross-entropy from logits and what it is made of. A row takes one pass for its maximum and one for the
// sum of exponentials; the gradient takes the exponentials again from the logits and that sum, so that
// probabilities are never stored.

// Running sums, one addition an element in order.
static void NAME(cumulative_sum)(long outer, long length, long inner, int backwards, const float *x,
                                 float *y) {
  const long step = backwards ? -inner : inner;
  for (long o = 0; o < outer && length > 0; o++) {
    const float *in = x + o * length * inner + (backwards ? (length - 1) * inner : 0);
    float *out = y + o * length * inner + (backwards ? (length - 1) * inner : 0);
    if (inner == 1) {
      float sum = 0;
      for (long i = 0; i < length; i++, in += step, out += step) *out = sum = sum + *in;
      continue;
    }
    memcpy(out, in, (size_t)inner * sizeof(float));
    for (long i = 1; i < length; i++) {
      in += step;
      out += step;
      for (long j = 0; j < inner; j++) out[j] = out[j - step] + in[j];
    }
  }
}

INLINE float NAME(log_sum_exp_row)(long n, const float *x) {
  const float largest = NAME(reduce_row)(SWIRL_MAX, n, x);
  if (!(fabsf(largest) < INFINITY)) return largest;
  V lanes = {};
  long i = 0;
  for (; i + W <= n; i += W) lanes = lanes + exponential(load(x + i) - largest);
  if (i < n) {
    float tail[W] = {};
    store_first(tail, exponential(load_first(x + i, n - i) - largest), n - i);
    lanes = lanes + load(tail);
  }
  V y = logarithm(splat(horizontal_sum(lanes)));
  return largest + y[0];
}

static void NAME(log_sum_exp)(long rows, long n, const float *x, float *y) {
  for (long r = 0; r < rows; r++) y[r] = NAME(log_sum_exp_row)(n, x + r * n);
}

// Σ wⱼ xⱼ, or Σ xⱼ without weights.
INLINE float NAME(weighted_sum)(long n, const float *weights, const float *x) {
  if (!weights) return NAME(reduce_row)(SWIRL_SUM, n, x);
  V lanes = {};
  for (long i = 0; i < n; i += W) {
    const long count = n - i < W ? n - i : W;
    lanes = multiply_add(load_first(weights + i, count), load_first(x + i, count), lanes);
  }
  return horizontal_sum(lanes);
}

// With target t, weights w and smoothing ε: (1 − ε) w_t (lse − x_t) + ε/n Σ wⱼ (lse − xⱼ).
static void NAME(cross_entropy)(const struct swirl_cross_entropy *s, long first, long last) {
  const long n = s->n;
  const float share = s->smoothing / (float)n;
  const float total = s->weights ? NAME(weighted_sum)(n, NULL, s->weights) : (float)n;
  for (long r = first; r < last; r++) {
    const float *x = s->x + r * n;
    const int32_t target = s->targets[r];
    if (target == s->ignored) {
      s->lse[r] = s->loss[r] = 0;
      continue;
    }
    const float lse = NAME(log_sum_exp_row)(n, x);
    const float weight = s->weights ? s->weights[target] : 1.0f;
    float loss = (1.0f - s->smoothing) * weight * (lse - x[target]);
    if (s->smoothing != 0) loss += share * (total * lse - NAME(weighted_sum)(n, s->weights, x));
    s->lse[r] = lse;
    s->loss[r] = loss;
  }
}

static void NAME(cross_entropy_gradient)(const struct swirl_cross_entropy *s, long first,
                                         long last) {
  const long n = s->n;
  const float share = s->smoothing / (float)n;
  const float total = s->weights ? NAME(weighted_sum)(n, NULL, s->weights) : (float)n;
  for (long r = first; r < last; r++) {
    const float *x = s->x + r * n;
    float *dx = s->dx + r * n;
    const int32_t target = s->targets[r];
    if (target == s->ignored) {
      memset(dx, 0, (size_t)n * sizeof(float));
      continue;
    }
    const float weight = s->weights ? s->weights[target] : 1.0f;
    const float own = (1.0f - s->smoothing) * weight * s->scale[r], rest = share * s->scale[r];
    const float all = own + rest * total, lse = s->lse[r];
    for (long i = 0; i < n; i += W) {
      const long count = n - i < W ? n - i : W;
      V g = all * exponential(load_first(x + i, count) - lse);
      if (rest != 0)
        g = g - rest * (s->weights ? load_first(s->weights + i, count) : splat(1.0f));
      store_first(dx + i, g, count);
    }
    dx[target] -= own;
  }
}

// A row's lse, log-probability of its target and entropy, lse − Σ p x.
static void NAME(token_scores)(long rows, long n, const float *x, const int32_t *targets, float *logs,
                               float *entropies, float *lse) {
  for (long r = 0; r < rows; r++, x += n) {
    const float total = NAME(log_sum_exp_row)(n, x);
    lse[r] = total;
    logs[r] = x[targets[r]] - total;
    V lanes = {};
    for (long i = 0; i < n; i += W) {
      const long count = n - i < W ? n - i : W;
      const V score = load_first(x + i, count);
      V part = exponential(score - total) * score;
      if (count < W) {
        float tail[W] = {};
        store_first(tail, part, count);
        part = load(tail);
      }
      lanes = lanes + part;
    }
    entropies[r] = total - horizontal_sum(lanes);
  }
}

// x becomes scale · (dlog · (e_target − p) − dentropy · p · (log p + entropy)).
static void NAME(token_scores_gradient)(long rows, long n, float *x, const int32_t *targets,
                                        const float *lse, const float *entropies, const float *dlogs,
                                        const float *dentropies, float scale) {
  for (long r = 0; r < rows; r++, x += n) {
    const float own = scale * dlogs[r], rest = scale * dentropies[r];
    const float total = lse[r], entropy = entropies[r];
    for (long i = 0; i < n; i += W) {
      const long count = n - i < W ? n - i : W;
      const V log_p = load_first(x + i, count) - total;
      const V p = exponential(log_p);
      V g = -own * p;
      if (rest != 0) g = g - rest * (p * (log_p + entropy));
      store_first(x + i, g, count);
    }
    x[targets[r]] += own;
  }
}
