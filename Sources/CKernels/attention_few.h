// Attention for a few queries, as in decoding, and the kernel that shares out the tasks.
//
// Lanes of queries would stay empty here, so that they are keys in q·k and dimensions in the
// weighted sum. Each query's operations are those of attend_tile, in the same order, to the same
// bits. The queries of all heads that share a key head are taken together: keys and values are read
// once.

#define FEW_QUERIES 7
#define GROUP_ROWS 4
#define GROUP_VECTORS (W == 16 ? 4 : 2)

// scores[row][j] = q[row] · k[j], chains in the order of the dimensions.
INLINE void NAME(score_few)(const int rows, long dim, long count, const float *q, long q_row,
                            const float *k, long k_row, float *scores) {
  for (long j = 0; j < count; j += W) {
    const long keys = count - j < W ? count - j : W;
    V sum[GROUP_ROWS] = {};
    for (long d = 0; d < dim; d += W) {
      const long depth = dim - d < W ? dim - d : W;
      V block[W];
      if (keys == W && depth == W) {
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) block[i] = load(k + (j + i) * k_row + d);
      } else {
        for (int i = 0; i < W; i++)
          block[i] = i < keys ? load_first(k + (j + i) * k_row + d, depth) : splat(0);
      }
      transpose(block);
      if (depth == W) {
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++)
#pragma clang loop unroll(full)
          for (int r = 0; r < rows; r++)
            sum[r] = multiply_add(block[i], splat(q[r * q_row + d + i]), sum[r]);
      } else {
        for (long i = 0; i < depth; i++)
          for (int r = 0; r < rows; r++)
            sum[r] = multiply_add(block[i], splat(q[r * q_row + d + i]), sum[r]);
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) store(scores + r * KEY_TILE + j, sum[r]);
  }
}

// result[row] = rescale[row] · result[row] + Σ weights[row][j] · v[j] for `vectors` vectors, the last
// of `last` lanes.
INLINE void NAME(sum_few)(const int rows, const int vectors, long last, long count,
                          const float *weights, const float *v, long v_row, const float *rescale,
                          float *result, long result_row) {
  V total[GROUP_ROWS][4];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++)
      total[r][c] = load(result + r * result_row + c * W) * rescale[r];
  for (long j = 0; j < count; j++) {
    V value[4];
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++)
      value[c] = last < W && c == vectors - 1 ? load_first(v + j * v_row + c * W, last)
                                              : load(v + j * v_row + c * W);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const V weight = splat(weights[r * KEY_TILE + j]);
#pragma clang loop unroll(full)
      for (int c = 0; c < vectors; c++) total[r][c] = multiply_add(value[c], weight, total[r][c]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < vectors; c++) store(result + r * result_row + c * W, total[r][c]);
}

// Softcap, slope, bias and mask of one query's scores; returns the new maximum.
static float NAME(adjust_row)(const struct swirl_attention *s, const struct NAME(span) *t, long key,
                              long count, float *scores, float largest) {
  V top = splat(largest);
  for (long j = 0; j < count; j += W) {
    const long n = count - j < W ? count - j : W;
    const V distance = (float)t->position - NAME(lane_numbers)(key + j);
    V score = NAME(adjust)(s, t->slope, load(scores + j), distance);
    if (t->bias) score = score + load_first(t->bias + key + j, n);
    const VI is_key = NAME(lane_numbers)(0) < (float)n;
    score = choose(is_key & NAME(is_seen)(s, distance), score, splat(-INFINITY));
    store(scores + j, score);
    top = choose(score > top, score, top);
  }
  float lanes[W];
  store(lanes, top);
  for (int i = 0; i < W; i++) largest = lanes[i] > largest ? lanes[i] : largest;
  return largest;
}

INLINE void NAME(attend_few)(const int rows, const struct swirl_attention *s,
                             const struct NAME(span) *t, float *scratch) {
  const long dim = s->dim, padded = (dim + W - 1) / W * W;
  float *scores = scratch, *query = scores + GROUP_ROWS * KEY_TILE;
  float *result = query + GROUP_ROWS * padded;
  float largest[GROUP_ROWS], sum[GROUP_ROWS], rescale[GROUP_ROWS];
  memset(result, 0, (size_t)(rows * padded) * sizeof(float));
  long begin = t[0].begin, end = t[0].end;
  for (int r = 0; r < rows; r++) {
    largest[r] = -INFINITY;
    sum[r] = 0;
    begin = t[r].begin < begin ? t[r].begin : begin;
    end = t[r].end > end ? t[r].end : end;
    for (long d = 0; d < dim; d++) query[r * padded + d] = s->scale * t[r].q[d];
  }
  for (long key = begin / KEY_TILE * KEY_TILE; key < end; key += KEY_TILE) {
    const long count = end - key < KEY_TILE ? end - key : KEY_TILE;
    const long run = NAME(together)(t);
    for (long j = 0; j < count; j += run)
      NAME(score_few)(rows, dim, count - j < run ? count - j : run, query, padded,
                      NAME(row_of)(t, t->k, key + j, s->k_token), s->k_token, scores + j);
    for (int r = 0; r < rows; r++) {
      float *p = scores + r * KEY_TILE;
      const float top = NAME(adjust_row)(s, &t[r], key, count, p, largest[r]);
      const V base = splat(top == -INFINITY ? 0 : top);
      rescale[r] = NAME(weight)(splat(largest[r]) - base)[0];
      largest[r] = top;
      for (long j = 0; j < count; j += W) store(p + j, NAME(weight)(load(p + j) - base));
      sum[r] *= rescale[r];
    }
    for (long j = 0; j < count; j++)
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r] += scores[r * KEY_TILE + j];
    for (long j = 0; j < count; j += run) {
      const long keys = count - j < run ? count - j : run;
      const float *v = NAME(row_of)(t, t->v, key + j, s->v_token), *weights = scores + j;
      for (long d = 0; d < dim; d += GROUP_VECTORS * W) {
        const long left = dim - d;
        if (left >= GROUP_VECTORS * W)
          NAME(sum_few)(rows, GROUP_VECTORS, W, keys, weights, v + d, s->v_token, rescale,
                        result + d, padded);
        else
          for (long c = 0; c < left; c += W)
            NAME(sum_few)(rows, 1, left - c < W ? left - c : W, keys, weights, v + d + c,
                          s->v_token, rescale, result + d + c, padded);
      }
      // What further runs of keys add to stands as it is.
      for (int r = 0; r < rows; r++) rescale[r] = 1;
    }
  }
  for (int r = 0; r < rows; r++) {
    const long token = s->query_start[t[r].sequence] + t[r].row;
    const float factor = NAME(inverse)(splat(sum[r]))[0];
    float *out = s->out + (token * s->heads + t[r].head) * dim;
    for (long d = 0; d < dim; d++) out[d] = result[r * padded + d] * factor;
    s->lse[t[r].head * s->tokens + token] =
        NAME(log_sum)(splat(largest[r]), splat(sum[r]))[0];
  }
}

// The last `count` queries of the heads that share a key head, the first of which is `head`.
static void NAME(attend_group)(const struct swirl_attention *s, long sequence, long head, long row,
                               long count, float *scratch) {
  const long all = s->heads / s->kv_heads * count;
  struct NAME(span) t[GROUP_ROWS];
  for (long first = 0; first < all; first += GROUP_ROWS) {
    const long rows = all - first < GROUP_ROWS ? all - first : GROUP_ROWS;
    for (long r = 0; r < rows; r++)
      NAME(span_of)(s, sequence, head + (first + r) / count, row + (first + r) % count, 1, &t[r]);
    switch (rows) {
    case 1: NAME(attend_few)(1, s, t, scratch); break;
    case 2: NAME(attend_few)(2, s, t, scratch); break;
    case 3: NAME(attend_few)(3, s, t, scratch); break;
    default: NAME(attend_few)(4, s, t, scratch); break;
    }
  }
}

// Tasks are tiles of queries, numbered by sequence, head and tile; a first and a last tile
// alternate, so that a causal mask leaves every stretch of tasks the same work.
static void NAME(attention_forward)(const struct swirl_attention *s, long first, long last,
                                    float *scratch) {
  const long group = s->heads / s->kv_heads;
  long sequence = 0, task = 0;
  for (long number = first; number < last; number++) {
    long tiles;
    for (;; sequence++) {
      tiles = (s->query_count[sequence] + QUERY_TILE - 1) / QUERY_TILE;
      if (number < task + tiles * s->heads) break;
      task += tiles * s->heads;
    }
    const long head = (number - task) / tiles, turn = (number - task) % tiles;
    const long row = (turn % 2 ? tiles - 1 - turn / 2 : turn / 2) * QUERY_TILE;
    const long left = s->query_count[sequence] - row;
    if (left > FEW_QUERIES) {
      struct NAME(span) t;
      NAME(span_of)(s, sequence, head, row, left < QUERY_TILE ? left : QUERY_TILE, &t);
      NAME(attend_tile)(s, &t, scratch);
    } else if (head % group == 0) {
      NAME(attend_group)(s, sequence, head, row, left, scratch);
    }
  }
}
