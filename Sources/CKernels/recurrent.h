// Long short-term memory and gated recurrent units over whole sequences.
//
// A sum starts from the bias, takes the input's products in order, then the state's: one chain an
// output, whatever the batch, the tile, the number of steps in the call or where the weights lie. A tile holds
// all gates of W units of some rows, so that sums go from registers straight into the gates. Weights
// are packed so that what a tile reads lies together; a call of few rows reads them in place.

#if W == 16
#define ROWS_GATES 6
#else
#define ROWS_GATES 3
#endif
// The gates' sums of a unit: i f g o of an LSTM; of a GRU r, z and the input's and state's part of n.
#define SUMS 4
#define GATES(s) ((s)->kind == SWIRL_LSTM ? 4 : 3)
#define SAVED(s) ((s)->kind == SWIRL_LSTM ? 6 : 4)

INLINE V NAME(load_some)(const float *p, long n) { return n == W ? load(p) : load_first(p, n); }
INLINE void NAME(store_some)(float *p, V x, long n) {
  if (n == W) store(p, x);
  else store_first(p, x, n);
}

// 1 / (1 + e⁻ˣ), where e⁻ˣ needs no care for what the quotient cannot show: infinities and denormals.
INLINE V NAME(gate)(V x) {
  V c = choose(x > 87.0f, splat(-87.0f), choose(x < -87.0f, splat(87.0f), -x));
  VI n;
  const V y = exponential_of_rest(c, &n) + 1.0f;
  return 1.0f / multiply_add(y, (V)((n + 127) << 23), splat(1.0f));
}

// MARK: - Packing

static long NAME(forward_numbers)(const struct swirl_recurrent *s, long depth) {
  return depth * ((s->hidden + W - 1) / W) * GATES(s) * W;
}

static long NAME(recurrent_packed)(const struct swirl_recurrent *s, int backward) {
  if (!backward) return NAME(forward_numbers)(s, s->hidden) + NAME(forward_numbers)(s, s->inputs);
  const long hidden = (s->hidden + W - 1) / W * W, inputs = (s->inputs + W - 1) / W * W;
  return (hidden + inputs) * GATES(s) * s->hidden;
}

// For each W units the rows of the weight, each with the gates of these units side by side.
static void NAME(pack_gates)(const struct swirl_recurrent *s, long depth, const float *weight,
                             float *packed) {
  const long hidden = s->hidden, gates = GATES(s);
  for (long u = 0; u < hidden; u += W) {
    const long count = hidden - u < W ? hidden - u : W;
    for (long p = 0; p < depth; p++)
      for (long g = 0; g < gates; g++, packed += W)
        store(packed, NAME(load_some)(weight + (p * gates + g) * hidden + u, count));
  }
}

// Panels of the transposed weight: row q of it is column `column + q` of the weight.
static void NAME(pack_turned)(const struct swirl_recurrent *s, long outputs, const float *weight,
                              float *packed) {
  const long hidden = s->hidden, gates = GATES(s) * hidden;
  for (long j = 0; j < outputs; j += 2 * W) {
    const long columns = outputs - j < 2 * W ? outputs - j : 2 * W;
    const long width = (columns + W - 1) / W * W;
    const float *from = weight + j * gates;
    long depth = 0;
    // Gradients of a GRU's gates stand in the order n, r, z, as the input's weight meets them.
    if (s->kind == SWIRL_GRU && weight == s->input_weight) {
      NAME(pack_transposed)(hidden, columns, width, from + 2 * hidden, 1, gates, packed);
      depth = hidden;
    }
    NAME(pack_transposed)(gates - depth, columns, width, from, 1, gates, packed + depth * width);
    packed += gates * width;
  }
}

static void NAME(recurrent_pack)(const struct swirl_recurrent *s, int backward, float *packed) {
  if (backward) {
    NAME(pack_turned)(s, s->hidden, s->hidden_weight, packed);
    packed += (s->hidden + W - 1) / W * W * GATES(s) * s->hidden;
    NAME(pack_turned)(s, s->inputs, s->input_weight, packed);
  } else {
    NAME(pack_gates)(s, s->hidden, s->hidden_weight, packed);
    packed += NAME(forward_numbers)(s, s->hidden);
    if (!s->start) NAME(pack_gates)(s, s->inputs, s->input_weight, packed);
  }
}

// MARK: - Forward

// The gates of `rows` rows from `first` on and the `count` units from u on at step t, from their sums.
static void NAME(lstm_gates)(const struct swirl_recurrent *s, long t, long first, long rows, long u,
                             long count, const float *sums) {
  const long hidden = s->hidden;
  for (long row = first; row < first + rows; row++, sums += SUMS * W) {
    const long at = t * s->batch + row;
    float *cell = s->cell + row * hidden + u;
    const V before =
        s->starts && s->starts[at] != 0 ? splat(0) : NAME(load_some)(cell, count);
    const V i = NAME(gate)(load(sums)), f = NAME(gate)(load(sums + W));
    const V g = hyperbolic_tangent(load(sums + 2 * W)), o = NAME(gate)(load(sums + 3 * W));
    const V c = multiply_add(f, before, i * g);
    const V y = hyperbolic_tangent(c);
    NAME(store_some)(cell, c, count);
    NAME(store_some)(s->y + at * hidden + u, o * y, count);
    if (!s->saved) continue;
    float *saved = s->saved + at * 6 * hidden + u;
    NAME(store_some)(saved, i, count);
    NAME(store_some)(saved + hidden, f, count);
    NAME(store_some)(saved + 2 * hidden, g, count);
    NAME(store_some)(saved + 3 * hidden, o, count);
    NAME(store_some)(saved + 4 * hidden, before, count);
    NAME(store_some)(saved + 5 * hidden, y, count);
  }
}

// `state`: the hidden state before the step, a row for each of `rows`.
static void NAME(gru_gates)(const struct swirl_recurrent *s, long t, long first, long rows, long u,
                            long count, const float *sums, const float *state) {
  const long hidden = s->hidden;
  for (long row = first; row < first + rows; row++, sums += SUMS * W, state += hidden) {
    const long at = t * s->batch + row;
    const V r = NAME(gate)(load(sums)), z = NAME(gate)(load(sums + W)), m = load(sums + 3 * W);
    const V n = hyperbolic_tangent(multiply_add(r, m, load(sums + 2 * W)));
    const V h = multiply_add(z, NAME(load_some)(state + u, count) - n, n);
    NAME(store_some)(s->y + at * hidden + u, h, count);
    if (!s->saved) continue;
    float *saved = s->saved + at * 4 * hidden + u;
    NAME(store_some)(saved, r, count);
    NAME(store_some)(saved + hidden, z, count);
    NAME(store_some)(saved + 2 * hidden, n, count);
    NAME(store_some)(saved + 3 * hidden, m, count);
  }
}

// sum[·][g] += a · b of gate g; a GRU's third gate goes into the sum `third`.
INLINE void NAME(add_products)(const int rows, const int gates, const int third, const int partial,
                               long depth, const float *a, long a_row, const float *b, long b_row,
                               long b_gate, long count, V sum[ROWS_GATES][SUMS]) {
  for (long p = 0; p < depth; p++, b += b_row) {
    V left[ROWS_GATES];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) left[i] = splat(a[i * a_row + p]);
#pragma clang loop unroll(full)
    for (int g = 0; g < gates; g++) {
      const float *from = b + g * b_gate;
      const V right = partial ? load_first(from, count) : load(from);
      const int slot = g == 2 ? third : g;
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) sum[i][slot] = multiply_add(left[i], right, sum[i][slot]);
    }
  }
}

INLINE void NAME(gate_tile)(const int rows, const int kind, const int partial,
                            const struct swirl_recurrent *s, long t, long row, long u,
                            const float *state) {
  const int gates = kind == SWIRL_LSTM ? 4 : 3;
  const long hidden = s->hidden, at = t * s->batch + row;
  const long count = hidden - u < W ? hidden - u : W;
  V sum[ROWS_GATES][SUMS];
#pragma clang loop unroll(full)
  for (int g = 0; g < SUMS; g++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
      sum[i][g] = NAME(load_some)(s->start && g < gates
                                      ? s->start + (at + i) * s->start_row + g * hidden + u
                                      : s->bias + g * hidden + u,
                                  count);
  const long b_row = s->packed ? gates * W : gates * hidden;
  const long b_gate = s->packed ? W : hidden;
  const float *recurrent = s->packed ? s->packed + u * gates * hidden : s->hidden_weight + u;
  if (!s->start) {
    const float *direct = s->packed ? s->packed + NAME(forward_numbers)(s, hidden) + u * gates * s->inputs
                                    : s->input_weight + u;
    NAME(add_products)(rows, gates, 2, partial, s->inputs, s->x + at * s->inputs, s->inputs, direct,
                       b_row, b_gate, count, sum);
  }
  NAME(add_products)(rows, gates, kind == SWIRL_LSTM ? 2 : 3, partial, hidden, state, hidden,
                     recurrent, b_row, b_gate, count, sum);
  float sums[ROWS_GATES * SUMS * W];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int g = 0; g < SUMS; g++) store(sums + (i * SUMS + g) * W, sum[i][g]);
  if (kind == SWIRL_LSTM) NAME(lstm_gates)(s, t, row, rows, u, count, sums);
  else NAME(gru_gates)(s, t, row, rows, u, count, sums, state);
}

// A remainder that two tiles of one height share evenly is not cut into a high and a low one.
#if ROWS_GATES == 6
#define EACH_HEIGHT(TILES) TILES(6, rows != 8) TILES(4, 1) TILES(2, 1) TILES(1, 1)
#else
#define EACH_HEIGHT(TILES) TILES(3, rows != 4) TILES(2, 1) TILES(1, 1)
#endif
#define GATE_TILES(height, condition)                                                \
  for (; rows >= height && (condition);                                              \
       rows -= height, row += height, state += height * s->hidden)                   \
    NAME(gate_tile)(height, KIND, PARTIAL, s, t, row, u, state);
#define STEP_PARAMETERS \
  const struct swirl_recurrent *s, long t, long row, long rows, long u, const float *state

#define KIND SWIRL_LSTM
#define PARTIAL 0
static void NAME(lstm_units)(STEP_PARAMETERS) { EACH_HEIGHT(GATE_TILES) }
#undef PARTIAL
#define PARTIAL 1
static void NAME(lstm_last_units)(STEP_PARAMETERS) { EACH_HEIGHT(GATE_TILES) }
#undef KIND
#define KIND SWIRL_GRU
static void NAME(gru_last_units)(STEP_PARAMETERS) { EACH_HEIGHT(GATE_TILES) }
#undef PARTIAL
#define PARTIAL 0
static void NAME(gru_units)(STEP_PARAMETERS) { EACH_HEIGHT(GATE_TILES) }
#undef PARTIAL
#undef KIND
#undef EACH_HEIGHT
#undef GATE_TILES
#undef STEP_PARAMETERS

// The hidden state before step t of row `row`, or null for 0.
INLINE const float *NAME(state_before)(const struct swirl_recurrent *s, long t, long row) {
  if (s->starts && s->starts[t * s->batch + row] != 0) return 0;
  if (t > 0) return s->y + ((t - 1) * s->batch + row) * s->hidden;
  return s->initial ? s->initial + row * s->hidden : 0;
}

static void NAME(recurrent_forward)(const struct swirl_recurrent *s, long first, long last,
                                    float *scratch) {
  const long hidden = s->hidden, rows = last - first;
  for (long t = 0; t < s->steps; t++) {
    const float *state = NAME(state_before)(s, t, first);
    int is_dense = 1;
    for (long row = first; row < last && is_dense; row++)
      is_dense = NAME(state_before)(s, t, row) != 0;
    if (!is_dense) {
      for (long i = 0; i < rows; i++) {
        const float *from = NAME(state_before)(s, t, first + i);
        if (from) memcpy(scratch + i * hidden, from, (size_t)hidden * sizeof(float));
        else memset(scratch + i * hidden, 0, (size_t)hidden * sizeof(float));
      }
      state = scratch;
    }
    for (long u = 0; u < hidden; u += W) {
      const int is_cut = !s->packed && hidden - u < W;
      if (s->kind == SWIRL_LSTM)
        (is_cut ? NAME(lstm_last_units) : NAME(lstm_units))(s, t, first, rows, u, state);
      else (is_cut ? NAME(gru_last_units) : NAME(gru_units))(s, t, first, rows, u, state);
    }
  }
}

// MARK: - Backward

INLINE void NAME(put_gradient)(float *out, float *total, long count, V x) {
  NAME(store_some)(out, x, count);
  NAME(store_some)(total, NAME(load_some)(total, count) + x, count);
}

// What row `row` at step t sends into the sums of its gates, in `gates`, and so into the biases; dh and
// dcell become what the row's state before the step receives past the products.
static void NAME(gate_gradients)(const struct swirl_recurrent *s, long t, long row,
                                 const float *state, float *gates, float *dbias) {
  const long hidden = s->hidden, at = t * s->batch + row;
  float *dh = s->dh + row * hidden, *dcell = s->dcell + row * hidden;
  for (long u = 0; u < hidden; u += W) {
    const long count = hidden - u < W ? hidden - u : W;
    const float *saved = s->saved + at * SAVED(s) * hidden + u;
    // What the step before saved is far away by now; it comes while this step's products run.
    if (t > 0) {
      const float *next = saved - s->batch * SAVED(s) * hidden;
      for (int slot = 0; slot < SAVED(s); slot++) __builtin_prefetch(next + slot * hidden, 0, 2);
      __builtin_prefetch(s->dy + (at - s->batch) * hidden + u, 0, 2);
    }
    V d = NAME(load_some)(s->dy + at * hidden + u, count);
    if (t < s->steps - 1) d = d + NAME(load_some)(dh + u, count);
#define SAVED_AT(slot) NAME(load_some)(saved + slot * hidden, count)
#define PUT(slot, x) \
  NAME(put_gradient)(gates + slot * hidden + u, dbias + slot * hidden + u, count, x)
    if (s->kind == SWIRL_LSTM) {
      const V i = SAVED_AT(0), f = SAVED_AT(1), g = SAVED_AT(2), o = SAVED_AT(3);
      const V before = SAVED_AT(4), y = SAVED_AT(5);
      const V dc = multiply_add(d * o, 1.0f - y * y, NAME(load_some)(dcell + u, count));
      PUT(0, dc * g * (i * (1.0f - i)));
      PUT(1, dc * before * (f * (1.0f - f)));
      PUT(2, dc * i * (1.0f - g * g));
      PUT(3, d * y * (o * (1.0f - o)));
      NAME(store_some)(dcell + u, dc * f, count);
    } else {
      const V r = SAVED_AT(0), z = SAVED_AT(1), n = SAVED_AT(2), m = SAVED_AT(3);
      const V h = state ? NAME(load_some)(state + u, count) : splat(0);
      const V dn = d * (1.0f - z) * (1.0f - n * n);
      PUT(0, dn);
      PUT(1, dn * m * (r * (1.0f - r)));
      PUT(2, d * (h - n) * (z * (1.0f - z)));
      PUT(3, dn * r);
      NAME(store_some)(dh + u, d * z, count);
    }
#undef SAVED_AT
#undef PUT
  }
}

// c[m, n] (+)= a · b, b in panels of two vectors.
static void NAME(panel_product)(long m, long n, long depth, const float *a, long a_row,
                                const float *b, float *c, int from_c) {
  for (long j = 0; j < n; j += 2 * W) {
    const long columns = n - j < 2 * W ? n - j : 2 * W;
    const long vectors = (columns + W - 1) / W;
    NAME(column)((int)vectors, m, depth, a, a_row, 1, b, vectors * W, c + j, n,
                 columns - (vectors - 1) * W, 0, from_c);
    b += depth * vectors * W;
  }
}

// The rows go backwards through the steps. Gradients of the gates are kept for so many steps as the
// second-level cache holds; then the weights receive theirs, the transpose of what the gates read times these.
static void NAME(recurrent_backward)(const struct swirl_recurrent *s, long first, long last,
                                     float *dweights, float *dbias, float *scratch) {
  const long hidden = s->hidden, inputs = s->inputs, rows = last - first;
  const long columns = GATES(s) * hidden, chunk = swirl_recurrent_chunk(s, rows);
  const int is_gru = s->kind == SWIRL_GRU;
  const float *direct = s->packed + (hidden + W - 1) / W * W * columns;
  // Rows that lie a power of two apart would push each other out of the first-level cache.
  const long gate_row = 4 * hidden + 16, read_row = inputs + hidden + 16;
  float *reads = scratch + chunk * rows * gate_row;
  int is_first = 1;
  memset(dbias, 0, (size_t)(4 * hidden) * sizeof(float));
  if (dweights && s->steps == 0)
    memset(dweights, 0, (size_t)((inputs + hidden) * columns) * sizeof(float));
  for (long end = s->steps; end > 0; end -= chunk) {
    const long start = end > chunk ? end - chunk : 0;
    for (long t = end - 1; t >= start; t--) {
      const long at = t * s->batch + first;
      float *gates = scratch + (t - start) * rows * gate_row;
      float *read = reads + (t - start) * rows * read_row;
      for (long i = 0; i < rows; i++, read += read_row) {
        const float *state = NAME(state_before)(s, t, first + i);
        NAME(gate_gradients)(s, t, first + i, state, gates + i * gate_row, dbias);
        memcpy(read, s->x + (at + i) * inputs, (size_t)inputs * sizeof(float));
        if (state) memcpy(read + inputs, state, (size_t)hidden * sizeof(float));
        else memset(read + inputs, 0, (size_t)hidden * sizeof(float));
      }
      NAME(panel_product)(rows, hidden, columns, gates + (is_gru ? hidden : 0), gate_row, s->packed,
                          s->dh + first * hidden, is_gru);
      if (s->dx)
        NAME(panel_product)(rows, inputs, columns, gates, gate_row, direct, s->dx + at * inputs, 0);
      for (long row = first; s->starts && row < last; row++)
        if (s->starts[t * s->batch + row] != 0) {
          memset(s->dh + row * hidden, 0, (size_t)hidden * sizeof(float));
          if (!is_gru) memset(s->dcell + row * hidden, 0, (size_t)hidden * sizeof(float));
        }
    }
    const long depth = (end - start) * rows;
    if (dweights && is_gru) {
      NAME(gemm)(inputs, columns, depth, reads, 1, read_row, scratch, gate_row, 1, dweights, columns,
                 0, !is_first, 0);
      NAME(gemm)(hidden, columns, depth, reads + inputs, 1, read_row, scratch + hidden, gate_row, 1,
                 dweights + inputs * columns, columns, 0, !is_first, 0);
    } else if (dweights) {
      NAME(gemm)(inputs + hidden, columns, depth, reads, 1, read_row, scratch, gate_row, 1, dweights,
                 columns, 0, !is_first, 0);
    }
    is_first = 0;
  }
}

#undef ROWS_GATES
#undef SUMS
#undef GATES
#undef SAVED
