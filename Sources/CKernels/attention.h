// Attention in tiles, as FlashAttention has it (Dao, 2023): scores exist for one tile of queries
// and keys at a time, with a running maximum and sum per query (Milakov and Gimelshein, 2018).
//
// Lanes are queries: a tile holds scoresᵀ[key, query], so that keys and values are read in place,
// one broadcast number at a time, and maxima and sums need no shuffles. A query's result is the
// same operations in the same order whichever queries stand beside it: a score is one chain in the
// order of the dimensions; its keys are taken in tiles counted from the sequence's first token, in
// key order within one; a key it does not see weighs exactly 0, and a tile of such keys changes no
// bit.

#define KEY_TILE 96
#define QUERY_TILE SWIRL_ATTENTION_QUERIES

// Panels of lanes: as many sums as registers hold beside the operands.
#if W == 16
#define LANE_PANEL 3
#define ROWS_3 8
#define ROWS_2 12
#else
#define LANE_PANEL 2
#define ROWS_2 6
#endif
#define ROWS_1 12

enum { FROM_ZERO, FROM_C, FROM_SCALED };

// c[row, lane] = start + Σ a[row, p] · b[p, lane], chains in p order; c's rows are whole vectors.
INLINE void NAME(chains)(const int rows, const int vectors, int start, long depth, const float *a,
                         long a_row, long a_col, const float *b, long b_row, float *c, long c_row,
                         const float *scale) {
  V sum[ROWS_1][LANE_PANEL];
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) {
    const V factor = start == FROM_SCALED ? load(scale + j * W) : splat(0);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      sum[i][j] = splat(0);
      if (start == FROM_C) sum[i][j] = load(c + i * c_row + j * W);
      if (start == FROM_SCALED) sum[i][j] = load(c + i * c_row + j * W) * factor;
    }
  }
  for (long p = 0; p < depth; p++) {
    V right[LANE_PANEL];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) right[j] = load(b + j * W);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const V left = splat(a[i * a_row]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(left, right[j], sum[i][j]);
    }
    a += a_col;
    b += b_row;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) store(c + i * c_row + j * W, sum[i][j]);
}

#define CHAINS(rows, vectors)                                                                     \
  for (; m >= rows; m -= rows, a += rows * a_row, c += rows * c_row)                              \
    NAME(chains)(rows, vectors, start, depth, a, a_row, a_col, b, b_row, c, c_row, scale);
#define CHAINS_OF(vectors, most)                                                                  \
  static void NAME(chains_##vectors)(int start, long m, long depth, const float *a, long a_row,   \
                                     long a_col, const float *b, long b_row, float *c,            \
                                     long c_row, const float *scale) {                            \
    CHAINS(most, vectors) CHAINS(4, vectors) CHAINS(2, vectors) CHAINS(1, vectors)                \
  }
#if LANE_PANEL == 3
CHAINS_OF(3, ROWS_3)
#endif
CHAINS_OF(2, ROWS_2)
CHAINS_OF(1, ROWS_1)
#undef CHAINS_OF
#undef CHAINS

static void NAME(multiply_tile)(int start, long m, long vectors, long depth, const float *a,
                                long a_row, long a_col, const float *b, long b_row, float *c,
                                long c_row, const float *scale) {
  while (vectors > 0) {
    // Two and two of four: one vector alone is bound by its loads.
    const long panel = vectors == 4 ? 2 : vectors < LANE_PANEL ? vectors : LANE_PANEL;
    (panel == 1   ? NAME(chains_1)
     : panel == 2 ? NAME(chains_2)
                  : NAME(CONCATENATE(chains, LANE_PANEL)))(start, m, depth, a, a_row, a_col, b,
                                                           b_row, c, c_row, scale);
    b += panel * W;
    c += panel * W;
    if (scale) scale += panel * W;
    vectors -= panel;
  }
}

// exp for softmax, whose arguments are at most about 0: exactly 0 below −87, and 1 at 0.
INLINE V NAME(weight)(V x) {
  const VI below = x < -87.0f;
  const V c = choose(below, splat(-87.0f), x);
  const V shifted = multiply_add(c, splat(1.44269504088896341f), splat(12582912.0f));
  const V r = multiply_add(c, splat(1.44269504088896341f), -(shifted - 12582912.0f));
  V p = splat(1.535336188319500e-4f);
  p = multiply_add(p, r, splat(1.339887440266574e-3f));
  p = multiply_add(p, r, splat(9.618437357674640e-3f));
  p = multiply_add(p, r, splat(5.550332471162809e-2f));
  p = multiply_add(p, r, splat(2.402264791363012e-1f));
  p = multiply_add(p, r, splat(6.931472028550421e-1f));
  p = multiply_add(p, r, splat(1.0f));
  return choose(below, splat(0), (V)((VI)p + ((VI)shifted << 23)));
}

// y[j, i] = factor · x[i, j] for i < m and j < n.
static void NAME(turn)(long m, long n, const float *x, long x_row, float *y, long y_row,
                       float factor) {
  for (long i = 0; i < m; i += W)
    for (long j = 0; j < n; j += W) {
      const long rows = m - i < W ? m - i : W, columns = n - j < W ? n - j : W;
      V block[W];
      if (rows == W && columns == W) {
#pragma clang loop unroll(full)
        for (int r = 0; r < W; r++) block[r] = factor * load(x + (i + r) * x_row + j);
        transpose(block);
#pragma clang loop unroll(full)
        for (int c = 0; c < W; c++) store(y + (j + c) * y_row + i, block[c]);
      } else {
        for (int r = 0; r < W; r++)
          block[r] = r < rows ? factor * load_first(x + (i + r) * x_row + j, columns) : splat(0);
        transpose(block);
        for (long c = 0; c < columns; c++) store_first(y + (j + c) * y_row + i, block[c], rows);
      }
    }
}

// One head of one sequence, and the tile of its queries that starts at query `row`.
struct NAME(span) {
  long sequence, head, row, rows;
  long position;    // of query `row` among the keys
  long begin, end;  // the keys any of these queries sees
  const float *q, *k, *v, *bias;
  const int32_t *pages;
  float slope;
};

static void NAME(span_of)(const struct swirl_attention *s, long sequence, long head, long row,
                          long rows, struct NAME(span) *t) {
  const long kv_head = head / (s->heads / s->kv_heads);
  const long keys = s->key_count[sequence], queries = s->query_count[sequence];
  t->sequence = sequence;
  t->head = head;
  t->row = row;
  t->rows = rows;
  t->position = keys - queries + row;
  const long begin = t->position - s->before, end = t->position + rows + s->after;
  t->begin = begin < 0 ? 0 : begin;
  t->end = end > keys ? keys : end;
  t->q = s->q + (s->query_start[sequence] + row) * s->q_token + head * s->q_head;
  const long first = s->pages ? 0 : s->key_start[sequence];
  t->k = s->k + first * s->k_token + kv_head * s->k_head;
  t->v = s->v + first * s->v_token + kv_head * s->v_head;
  t->pages = s->pages ? s->pages + s->key_start[sequence] : 0;
  t->bias = s->bias ? s->bias + sequence * s->bias_sequence + head * s->bias_head +
                          row * s->bias_row
                    : 0;
  t->slope = s->slopes ? s->slopes[head] : 0;
}

// Keys from the first of a tile on that lie together.
INLINE long NAME(together)(const struct NAME(span) *t) {
  return t->pages ? SWIRL_ATTENTION_PAGE : KEY_TILE;
}
// Of the keys or values at `rows`, number `key`, the first of such a run.
INLINE const float *NAME(row_of)(const struct NAME(span) *t, const float *rows, long key,
                                 long token) {
  return t->pages ? rows + (long)t->pages[key / SWIRL_ATTENTION_PAGE] * SWIRL_ATTENTION_PAGE * token
                  : rows + key * token;
}

INLINE V NAME(lane_numbers)(long start) {
  float numbers[W];
  for (int i = 0; i < W; i++) numbers[i] = (float)(start + i);
  return load(numbers);
}

// What stands between q·k and softmax, for one vector: its elements' distances are query − key.
INLINE V NAME(adjust)(const struct swirl_attention *s, float slope, V score, V distance) {
  if (s->softcap > 0) score = s->softcap * hyperbolic_tangent(score / s->softcap);
  if (slope != 0) {
    const V apart = choose(distance < 0, -distance, distance);
    score = multiply_add(splat(-slope), apart, score);
  }
  return score;
}

INLINE VI NAME(is_seen)(const struct swirl_attention *s, V distance) {
  return (distance <= (float)s->before) & (distance >= -(float)s->after);
}

// Softcap, slopes, bias and mask of scores[key, query] for `count` keys from `key`. `biases` has
// room for a tile.
static void NAME(adjust_tile)(const struct swirl_attention *s, const struct NAME(span) *t, long key,
                              long count, long vectors, float *scores, float *biases) {
  const long last = t->position + t->rows - 1;
  const int masked = t->position + s->after < key + count - 1 || last - s->before > key;
  if (!masked && s->softcap <= 0 && t->slope == 0 && !t->bias) return;
  if (t->bias) {
    memset(biases, 0, (size_t)(count * QUERY_TILE) * sizeof(float));
    NAME(turn)(t->rows, count, t->bias + key, s->bias_row, biases, QUERY_TILE, 1);
  }
  for (long c = 0; c < vectors; c++) {
    const V position = NAME(lane_numbers)(t->position + c * W);
    for (long j = 0; j < count; j++) {
      float *p = scores + j * QUERY_TILE + c * W;
      const V distance = position - (float)(key + j);
      V score = NAME(adjust)(s, t->slope, load(p), distance);
      if (t->bias) score = score + load(biases + j * QUERY_TILE + c * W);
      if (masked) score = choose(NAME(is_seen)(s, distance), score, splat(-INFINITY));
      store(p, score);
    }
  }
}

// One step of the running softmax: scores become weights; largest and sum move on; `rescale` is
// what the output so far is multiplied by.
INLINE void NAME(soften)(const int vectors, long count, float *scores, float *largest, float *sum,
                         float *rescale) {
  V top[LANE_PANEL], total[LANE_PANEL], base[LANE_PANEL];
#pragma clang loop unroll(full)
  for (int c = 0; c < vectors; c++) top[c] = load(largest + c * W);
  for (long j = 0; j < count; j++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) {
      const V score = load(scores + j * QUERY_TILE + c * W);
      top[c] = choose(score > top[c], score, top[c]);
    }
#pragma clang loop unroll(full)
  for (int c = 0; c < vectors; c++) {
    // A query that has seen no key yet has the maximum −∞, and −∞ − −∞ is not a number.
    base[c] = choose(top[c] == -INFINITY, splat(0), top[c]);
    const V factor = NAME(weight)(load(largest + c * W) - base[c]);
    total[c] = load(sum + c * W) * factor;
    store(rescale + c * W, factor);
    store(largest + c * W, top[c]);
  }
  for (long j = 0; j < count; j++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) {
      float *p = scores + j * QUERY_TILE + c * W;
      const V w = NAME(weight)(load(p) - base[c]);
      total[c] = total[c] + w;
      store(p, w);
    }
#pragma clang loop unroll(full)
  for (int c = 0; c < vectors; c++) store(sum + c * W, total[c]);
}

static void NAME(soften_tile)(long vectors, long count, float *scores, float *largest, float *sum,
                              float *rescale) {
  while (vectors > 0) {
    const long panel = vectors < LANE_PANEL ? 1 : LANE_PANEL;
    if (panel == 1) NAME(soften)(1, count, scores, largest, sum, rescale);
    else NAME(soften)(LANE_PANEL, count, scores, largest, sum, rescale);
    scores += panel * W;
    largest += panel * W;
    sum += panel * W;
    rescale += panel * W;
    vectors -= panel;
  }
}

INLINE V NAME(log_sum)(V largest, V sum) { return largest + logarithm(sum); }
INLINE V NAME(inverse)(V sum) { return choose(sum == 0, splat(0), 1.0f / sum); }

static void NAME(attend_tile)(const struct swirl_attention *s, const struct NAME(span) *t,
                              float *scratch) {
  const long dim = s->dim, vectors = (t->rows + W - 1) / W;
  float *largest = scratch, *sum = largest + QUERY_TILE, *rescale = sum + QUERY_TILE;
  float *scores = rescale + QUERY_TILE, *biases = scores + KEY_TILE * QUERY_TILE;
  float *queries = biases + KEY_TILE * QUERY_TILE, *result = queries + dim * QUERY_TILE;
  for (long i = 0; i < QUERY_TILE; i++) largest[i] = -INFINITY, sum[i] = 0;
  memset(queries, 0, (size_t)(2 * dim * QUERY_TILE) * sizeof(float));
  NAME(turn)(t->rows, dim, t->q, s->q_token, queries, QUERY_TILE, s->scale);
  for (long key = t->begin / KEY_TILE * KEY_TILE; key < t->end; key += KEY_TILE) {
    const long count = t->end - key < KEY_TILE ? t->end - key : KEY_TILE;
    const long run = NAME(together)(t);
    for (long j = 0; j < count; j += run)
      NAME(multiply_tile)(FROM_ZERO, count - j < run ? count - j : run, vectors, dim,
                          NAME(row_of)(t, t->k, key + j, s->k_token), s->k_token, 1, queries,
                          QUERY_TILE, scores + j * QUERY_TILE, QUERY_TILE, 0);
    NAME(adjust_tile)(s, t, key, count, vectors, scores, biases);
    NAME(soften_tile)(vectors, count, scores, largest, sum, rescale);
    for (long j = 0; j < count; j += run)
      NAME(multiply_tile)(j == 0 ? FROM_SCALED : FROM_C, dim, vectors,
                          count - j < run ? count - j : run,
                          NAME(row_of)(t, t->v, key + j, s->v_token), 1, s->v_token,
                          scores + j * QUERY_TILE, QUERY_TILE, result, QUERY_TILE,
                          j == 0 ? rescale : 0);
  }
  for (long c = 0; c < vectors; c++) {
    const V factor = NAME(inverse)(load(sum + c * W));
    store(largest + c * W, NAME(log_sum)(load(largest + c * W), load(sum + c * W)));
    for (long d = 0; d < dim; d++) {
      float *p = result + d * QUERY_TILE + c * W;
      store(p, load(p) * factor);
    }
  }
  const long token = s->query_start[t->sequence] + t->row;
  NAME(turn)(dim, t->rows, result, QUERY_TILE, s->out + (token * s->heads + t->head) * dim,
             s->heads * dim, 1);
  memcpy(s->lse + t->head * s->tokens + token, largest, (size_t)t->rows * sizeof(float));
}
