// Reductions and the row-wise softmax family. A row is reduced in W running lanes and a fixed tree:
// an order that depends on the row's length alone.

INLINE V NAME(combine)(int op, V a, V b) {
  return op == SWIRL_SUM ? a + b : op == SWIRL_MAX ? maximum(a, b) : minimum(a, b);
}

INLINE float NAME(reduce_row)(int op, long n, const float *x) {
  const float neutral = op == SWIRL_SUM ? 0.0f : op == SWIRL_MAX ? -INFINITY : INFINITY;
  V lanes = splat(neutral);
  long i = 0;
  for (; i + W <= n; i += W) lanes = NAME(combine)(op, lanes, load(x + i));
  float tree[W];
  store(tree, lanes);
  for (long j = 0; i + j < n; j++) {
    V one = NAME(combine)(op, splat(tree[j]), splat(x[i + j]));
    tree[j] = one[0];
  }
  for (int half = W / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++) {
      V one = NAME(combine)(op, splat(tree[j]), splat(tree[j + half]));
      tree[j] = one[0];
    }
  return tree[0];
}

static void NAME(reduce)(int op, long outer, long length, long inner, const float *x, float *y) {
  if (inner == 1) {
    for (long o = 0; o < outer; o++) {
      const float *row = x + o * length;
      y[o] = op == SWIRL_SUM   ? NAME(reduce_row)(SWIRL_SUM, length, row)
             : op == SWIRL_MAX ? NAME(reduce_row)(SWIRL_MAX, length, row)
                               : NAME(reduce_row)(SWIRL_MIN, length, row);
    }
    return;
  }
  const float neutral = op == SWIRL_SUM ? 0.0f : op == SWIRL_MAX ? -INFINITY : INFINITY;
  for (long o = 0; o < outer; o++)
    for (long j = 0; j < inner; j += W) {
      long count = inner - j < W ? inner - j : W;
      V sum = splat(neutral);
      const float *column = x + o * length * inner + j;
      if (count == W)
        for (long i = 0; i < length; i++) sum = NAME(combine)(op, sum, load(column + i * inner));
      else
        for (long i = 0; i < length; i++)
          sum = NAME(combine)(op, sum, load_first(column + i * inner, count));
      store_first(y + o * inner + j, sum, count);
    }
}

static double NAME(sum_of_squares)(long n, const float *x) {
  double total = 0;
  for (long block = 0; block < n; block += 256) {
    long end = block + 256 < n ? block + 256 : n;
    V lanes = {};
    for (long i = block; i < end; i += W) {
      V v = load_first(x + i, end - i < W ? end - i : W);
      lanes = multiply_add(v, v, lanes);
    }
    total += (double)horizontal_sum(lanes);
  }
  return total;
}

// W rows at once for short rows (a lane is a row), one row at a time for long ones; which of the two
// depends on the row's length alone.
static void NAME(log_softmax)(long rows, long n, const float *x, float *y) {
  if (n <= W) {
    for (long r = 0; r < rows; r += W) {
      long count = rows - r < W ? rows - r : W;
      float column[W][W];
      for (long i = 0; i < count; i++)
        for (long j = 0; j < n; j++) column[j][i] = x[(r + i) * n + j];
      for (long i = count; i < W; i++)
        for (long j = 0; j < n; j++) column[j][i] = 0;
      V largest = load(column[0]);
      for (long j = 1; j < n; j++) largest = maximum(largest, load(column[j]));
      V sum = {};
      for (long j = 0; j < n; j++) sum = sum + exponential(load(column[j]) - largest);
      V normaliser = logarithm(sum);
      for (long j = 0; j < n; j++) store(column[j], (load(column[j]) - largest) - normaliser);
      for (long i = 0; i < count; i++)
        for (long j = 0; j < n; j++) y[(r + i) * n + j] = column[j][i];
    }
    return;
  }
  for (long r = 0; r < rows; r++) {
    const float *in = x + r * n;
    float *out = y + r * n;
    float largest = NAME(reduce_row)(SWIRL_MAX, n, in);
    V lanes = {};
    long i = 0;
    for (; i + W <= n; i += W) lanes = lanes + exponential(load(in + i) - largest);
    if (i < n) {
      float tail[W] = {};
      store_first(tail, exponential(load_first(in + i, n - i) - largest), n - i);
      lanes = lanes + load(tail);
    }
    V normaliser = logarithm(splat(horizontal_sum(lanes)));
    for (i = 0; i < n; i += W) {
      long count = n - i < W ? n - i : W;
      store_first(out + i, (load_first(in + i, count) - largest) - normaliser, count);
    }
  }
}

static void NAME(log_softmax_gradient)(long rows, long n, const float *dy, const float *y,
                                       float *dx) {
  for (long r = 0; r < rows; r++) {
    float sum = 0;
    if (n <= W)
      for (long j = 0; j < n; j++) sum += dy[r * n + j];
    else
      sum = NAME(reduce_row)(SWIRL_SUM, n, dy + r * n);
    for (long j = 0; j < n; j += W) {
      long count = n - j < W ? n - j : W;
      V p = exponential(load_first(y + r * n + j, count));
      store_first(dx + r * n + j, load_first(dy + r * n + j, count) - p * sum, count);
    }
  }
}
