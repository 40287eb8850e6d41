// The gradient of attention: scores are computed again, tile by tile, from the saved log-sum-exp.
//
// A task is one head of one sequence (or of all of them, where they share a bias whose gradient is
// wanted), so that every sum over queries, keys or sequences is made by one thread in one order.

// What a task keeps of a head's queries, in whole tiles.
struct NAME(queries) {
  float *turned, *turned_dy;  // [tile][dim, QUERY_TILE]
  float *rows, *rows_dy;      // [query, padded]
  float *lse, *delta;         // [query]
  float *dq;                  // [tile][dim, QUERY_TILE]
};

static long NAME(padded)(long n) { return (n + W - 1) / W * W; }

static long NAME(attention_scratch)(const struct swirl_attention *s, int backward) {
  const long padded = NAME(padded)(s->dim);
  if (!backward) return 3 * QUERY_TILE + 2 * KEY_TILE * QUERY_TILE + 2 * s->dim * QUERY_TILE + W;
  long longest = 0;
  for (long i = 0; i < s->sequences; i++)
    if (s->query_count[i] > longest) longest = s->query_count[i];
  const long rows = (longest + QUERY_TILE - 1) / QUERY_TILE * QUERY_TILE;
  return rows * (3 * s->dim + 2 * padded + 2) + KEY_TILE * (4 * padded + 4 * QUERY_TILE) + 16;
}

static void NAME(gather_queries)(const struct swirl_attention *s, long sequence, long head,
                                 const struct NAME(queries) *g) {
  const long dim = s->dim, padded = NAME(padded)(dim), count = s->query_count[sequence];
  const long all = (count + QUERY_TILE - 1) / QUERY_TILE * QUERY_TILE;
  const long token = s->query_start[sequence], row = s->heads * dim;
  const float *q = s->q + token * s->q_token + head * s->q_head;
  const float *dy = s->dout + token * row + head * dim, *y = s->out + token * row + head * dim;
  if (count < all) {
    const size_t tile = (size_t)(dim * QUERY_TILE) * sizeof(float);
    memset(g->turned + (all - QUERY_TILE) * dim, 0, tile);
    memset(g->turned_dy + (all - QUERY_TILE) * dim, 0, tile);
  }
  for (long i = 0; i < count; i += QUERY_TILE) {
    const long n = count - i < QUERY_TILE ? count - i : QUERY_TILE;
    NAME(turn)(n, dim, q + i * s->q_token, s->q_token, g->turned + i * dim, QUERY_TILE, s->scale);
    NAME(turn)(n, dim, dy + i * row, row, g->turned_dy + i * dim, QUERY_TILE, 1);
  }
  memset(g->dq, 0, (size_t)(all * dim) * sizeof(float));
  for (long i = 0; i < all; i++) {
    g->lse[i] = INFINITY;
    g->delta[i] = 0;
    if (i >= count) continue;
    V dot = {};
    for (long d = 0; d < dim; d += W) {
      const long n = dim - d < W ? dim - d : W;
      const V gradient = load_first(dy + i * row + d, n);
      store(g->rows + i * padded + d, s->scale * load_first(q + i * s->q_token + d, n));
      store(g->rows_dy + i * padded + d, gradient);
      dot = multiply_add(gradient, load_first(y + i * row + d, n), dot);
    }
    g->delta[i] = horizontal_sum(dot);
    // A query that saw no key: its weights are exp(score − ∞) = 0.
    const float lse = s->lse[head * s->tokens + token + i];
    g->lse[i] = lse == -INFINITY ? INFINITY : lse;
  }
}

// scores become weights, and the gradient of the weights that of the scores.
INLINE void NAME(harden)(const int vectors, long count, float *scores, float *gradients,
                         const float *lse, const float *delta) {
  V normaliser[LANE_PANEL], mean[LANE_PANEL];
#pragma clang loop unroll(full)
  for (int c = 0; c < vectors; c++) {
    normaliser[c] = load(lse + c * W);
    mean[c] = load(delta + c * W);
  }
  for (long j = 0; j < count; j++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) {
      const long at = j * QUERY_TILE + c * W;
      const V w = NAME(weight)(load(scores + at) - normaliser[c]);
      store(scores + at, w);
      store(gradients + at, w * (load(gradients + at) - mean[c]));
    }
}

static void NAME(harden_tile)(long vectors, long count, float *scores, float *gradients,
                              const float *lse, const float *delta) {
  while (vectors > 0) {
    const long panel = vectors < LANE_PANEL ? 1 : LANE_PANEL;
    if (panel == 1) NAME(harden)(1, count, scores, gradients, lse, delta);
    else NAME(harden)(LANE_PANEL, count, scores, gradients, lse, delta);
    scores += panel * W;
    gradients += panel * W;
    lse += panel * W;
    delta += panel * W;
    vectors -= panel;
  }
}

// dbias[query, key] += gradients[key, query]
static void NAME(add_bias_gradient)(const struct swirl_attention *s, const struct NAME(span) *t,
                                    long key, long count, const float *gradients, float *turned) {
  float *target = s->dbias + t->sequence * s->dbias_sequence + t->head * s->dbias_head +
                  t->row * s->dbias_row + key;
  NAME(turn)(count, t->rows, gradients, QUERY_TILE, turned, KEY_TILE, 1);
  for (long i = 0; i < t->rows; i++)
    for (long j = 0; j < count; j += W) {
      const long n = count - j < W ? count - j : W;
      float *p = target + i * s->dbias_row + j;
      store_first(p, load_first(p, n) + load_first(turned + i * KEY_TILE + j, n), n);
    }
}

static void NAME(copy_rows)(long rows, long dim, const float *x, long x_row, float *y,
                            long y_row) {
  for (long i = 0; i < rows; i++)
    for (long d = 0; d < dim; d += W) {
      const long n = dim - d < W ? dim - d : W;
      if (n == W) store(y + i * y_row + d, load(x + i * x_row + d));
      else store_first(y + i * y_row + d, load_first(x + i * x_row + d, n), n);
    }
}

static void NAME(head_backward)(const struct swirl_attention *s, long sequence, long head,
                                float *scratch) {
  const long dim = s->dim, padded = NAME(padded)(dim), count = s->query_count[sequence];
  const long all = (count + QUERY_TILE - 1) / QUERY_TILE * QUERY_TILE;
  const long keys = s->key_count[sequence];
  struct NAME(queries) g;
  float *weights = scratch, *gradients = weights + KEY_TILE * QUERY_TILE;
  float *before = gradients + KEY_TILE * QUERY_TILE, *biases = before + KEY_TILE * QUERY_TILE;
  float *k = biases + KEY_TILE * QUERY_TILE, *v = k + KEY_TILE * padded;
  float *dk = v + KEY_TILE * padded, *dv = dk + KEY_TILE * padded;
  g.turned = dv + KEY_TILE * padded;
  g.turned_dy = g.turned + all * dim;
  g.dq = g.turned_dy + all * dim;
  g.rows = g.dq + all * dim;
  g.rows_dy = g.rows + all * padded;
  g.lse = g.rows_dy + all * padded;
  g.delta = g.lse + all;
  NAME(gather_queries)(s, sequence, head, &g);
  const long token = s->key_start[sequence], row = s->heads * dim;
  for (long key = 0; key < keys; key += KEY_TILE) {
    const long tile = keys - key < KEY_TILE ? keys - key : KEY_TILE;
    int is_loaded = 0;
    memset(dk, 0, (size_t)(tile * padded) * sizeof(float));
    memset(dv, 0, (size_t)(tile * padded) * sizeof(float));
    // Those queries alone that see one of these keys.
    const long from = key - s->after - (keys - count), to = key + tile + s->before - (keys - count);
    const long stop = to < count ? to : count;
    for (long i = from < 0 ? 0 : from / QUERY_TILE * QUERY_TILE; i < stop; i += QUERY_TILE) {
      struct NAME(span) t;
      const long n = count - i < QUERY_TILE ? count - i : QUERY_TILE, vectors = (n + W - 1) / W;
      NAME(span_of)(s, sequence, head, i, n, &t);
      if (t.begin >= key + tile || t.end <= key) continue;
      if (!is_loaded) {
        NAME(copy_rows)(tile, dim, t.k + key * s->k_token, s->k_token, k, padded);
        NAME(copy_rows)(tile, dim, t.v + key * s->v_token, s->v_token, v, padded);
        is_loaded = 1;
      }
      const long seen = t.end - key < tile ? t.end - key : tile;
      NAME(multiply_tile)(FROM_ZERO, seen, vectors, dim, k, padded, 1, g.turned + i * dim,
                          QUERY_TILE, weights, QUERY_TILE, 0);
      NAME(multiply_tile)(FROM_ZERO, seen, vectors, dim, v, padded, 1, g.turned_dy + i * dim,
                          QUERY_TILE, gradients, QUERY_TILE, 0);
      if (s->softcap > 0)
        NAME(copy_rows)(seen, vectors * W, weights, QUERY_TILE, before, QUERY_TILE);
      NAME(adjust_tile)(s, &t, key, seen, vectors, weights, biases);
      NAME(harden_tile)(vectors, seen, weights, gradients, g.lse + i, g.delta + i);
      if (s->dbias) NAME(add_bias_gradient)(s, &t, key, seen, gradients, biases);
      if (s->softcap > 0)
        for (long j = 0; j < seen; j++)
          for (long c = 0; c < vectors; c++) {
            const long at = j * QUERY_TILE + c * W;
            const V y = hyperbolic_tangent(load(before + at) / s->softcap);
            store(gradients + at, load(gradients + at) * (1.0f - y * y));
          }
      NAME(multiply_tile)(FROM_C, seen, padded / W, n, weights, QUERY_TILE, 1,
                          g.rows_dy + i * padded, padded, dv, padded, 0);
      NAME(multiply_tile)(FROM_C, seen, padded / W, n, gradients, QUERY_TILE, 1,
                          g.rows + i * padded, padded, dk, padded, 0);
      NAME(multiply_tile)(FROM_C, dim, vectors, seen, k, 1, padded, gradients, QUERY_TILE,
                          g.dq + i * dim, QUERY_TILE, 0);
    }
    const long at = (token + key) * row + head * dim;
    NAME(copy_rows)(tile, dim, dk, padded, s->dk + at, row);
    NAME(copy_rows)(tile, dim, dv, padded, s->dv + at, row);
  }
  for (long i = 0; i < count; i += QUERY_TILE) {
    const long n = count - i < QUERY_TILE ? count - i : QUERY_TILE;
    NAME(turn)(dim, n, g.dq + i * dim, QUERY_TILE,
               s->dq + (s->query_start[sequence] + i) * row + head * dim, row, s->scale);
  }
}

static void NAME(attention_backward)(const struct swirl_attention *s, long first, long last,
                                     float *scratch) {
  const int shared = s->dbias && s->dbias_sequence == 0;
  for (long task = first; task < last; task++) {
    if (!shared) NAME(head_backward)(s, task / s->heads, task % s->heads, scratch);
    for (long i = 0; shared && i < s->sequences; i++) NAME(head_backward)(s, i, task, scratch);
  }
}
