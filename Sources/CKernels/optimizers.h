// One step of an optimiser over n parameters, fused: every array is read and written once. Elements
// are independent, so that a step has the same bits however it is shared among threads.

// n is the constant W in the main loops, so that they compile to plain loads and stores: masked
// stores are slow on processors with AVX2 alone.
INLINE V NAME(take)(const float *p, long n) { return n == W ? load(p) : load_first(p, n); }
INLINE void NAME(put)(float *p, V x, long n) {
  if (n == W) store(p, x);
  else store_first(p, x, n);
}

#define EACH(lanes)                           \
  {                                           \
    long i = 0;                               \
    for (; i + W <= n; i += W) lanes(i, W);   \
    if (i < n) lanes(i, n - i);               \
  }

// The gradient an optimiser sees: scaled, and with the gradient of ½ λ p² added.
INLINE V NAME(decayed)(V gradient, float scale, float l2, V parameter) {
  V g = gradient * scale;
  return l2 != 0 ? multiply_add(parameter, splat(l2), g) : g;
}

static void NAME(adam)(long n, float *parameter, const float *gradient, float *m, float *v,
                       float *largest, const struct swirl_adam *s) {
  const float gradient_scale = s->gradient_scale, l2 = s->l2, weight_decay = s->weight_decay;
  const float beta1 = s->beta1, beta2 = s->beta2, step_size = s->step_size;
  const V root_scale = splat(s->root_scale), epsilon = splat(s->epsilon);
#define LANES(i, count)                                                                       \
  {                                                                                           \
    V p = NAME(take)(parameter + i, count);                                                   \
    V g = NAME(decayed)(NAME(take)(gradient + i, count), gradient_scale, l2, p);              \
    V first = NAME(take)(m + i, count), second = NAME(take)(v + i, count);                    \
    p = p - p * weight_decay;                                                                 \
    first = multiply_add(g - first, splat(1.0f - beta1), first);                              \
    second = multiply_add(g * (1.0f - beta2), g, second * beta2);                             \
    V bound = second;                                                                         \
    if (largest) {                                                                            \
      bound = maximum(NAME(take)(largest + i, count), second);                                \
      NAME(put)(largest + i, bound, count);                                                   \
    }                                                                                         \
    V denominator = multiply_add(square_root(bound), root_scale, epsilon);                    \
    p = p - step_size * first / denominator;                                                  \
    NAME(put)(parameter + i, p, count);                                                       \
    NAME(put)(m + i, first, count);                                                           \
    NAME(put)(v + i, second, count);                                                          \
  }
  EACH(LANES)
#undef LANES
}

static void NAME(sgd)(long n, float *parameter, const float *gradient, float *velocity,
                      const struct swirl_sgd *s) {
  const float gradient_scale = s->gradient_scale, l2 = s->l2, fresh = s->fresh;
  const V momentum = splat(s->momentum), rate = splat(-s->learning_rate);
  const int nesterov = s->nesterov;
#define LANES(i, count)                                                              \
  {                                                                                  \
    V p = NAME(take)(parameter + i, count);                                          \
    V g = NAME(decayed)(NAME(take)(gradient + i, count), gradient_scale, l2, p);     \
    if (velocity) {                                                                  \
      V u = multiply_add(NAME(take)(velocity + i, count), momentum, g * fresh);      \
      NAME(put)(velocity + i, u, count);                                             \
      g = nesterov ? multiply_add(u, momentum, g) : u;                               \
    }                                                                                \
    NAME(put)(parameter + i, multiply_add(g, rate, p), count);                       \
  }
  EACH(LANES)
#undef LANES
}

static void NAME(rmsprop)(long n, float *parameter, const float *gradient, float *square,
                          float *mean, float *velocity, const struct swirl_rmsprop *s) {
  const float gradient_scale = s->gradient_scale, l2 = s->l2, alpha = s->alpha;
  const V momentum = splat(s->momentum), rate = splat(-s->learning_rate);
  // ε stands inside the root or outside; the other place adds 0.
  const float inside = s->epsilon_inside ? s->epsilon : 0;
  const float outside = s->epsilon_inside ? 0 : s->epsilon;
#define LANES(i, count)                                                                    \
  {                                                                                        \
    V p = NAME(take)(parameter + i, count);                                                \
    V g = NAME(decayed)(NAME(take)(gradient + i, count), gradient_scale, l2, p);           \
    V q = multiply_add(g * (1.0f - alpha), g, NAME(take)(square + i, count) * alpha);      \
    NAME(put)(square + i, q, count);                                                       \
    if (mean) {                                                                            \
      V a = NAME(take)(mean + i, count);                                                   \
      a = multiply_add(g - a, splat(1.0f - alpha), a);                                     \
      NAME(put)(mean + i, a, count);                                                       \
      q = multiply_add(-a, a, q);                                                          \
    }                                                                                      \
    V u = g / (square_root(q + inside) + outside);                                         \
    if (velocity) {                                                                        \
      u = multiply_add(NAME(take)(velocity + i, count), momentum, u);                      \
      NAME(put)(velocity + i, u, count);                                                   \
    }                                                                                      \
    NAME(put)(parameter + i, multiply_add(u, rate, p), count);                             \
  }
  EACH(LANES)
#undef LANES
}

static void NAME(momentum)(long n, const float *gradient, float scale, float *velocity, float beta,
                           int nesterov, float *update) {
#define LANES(i, count)                                                \
  {                                                                    \
    V g = NAME(take)(gradient + i, count) * scale;                     \
    V u = NAME(take)(velocity + i, count);                             \
    u = multiply_add(g - u, splat(1.0f - beta), u);                    \
    NAME(put)(velocity + i, u, count);                                 \
    if (nesterov) u = multiply_add(u - g, splat(beta), g);             \
    NAME(put)(update + i, u, count);                                   \
  }
  EACH(LANES)
#undef LANES
}

#undef EACH
