// Products with weights stored as halves, widened on their way into registers or into a block that the
// Float32 product reads. Every output is the chain of that product, one multiply-add an input in order, so
// the bits are those of the widened weight and do not depend on the number of rows.

#define HALF_BLOCK 256
// Rows up to which a weight is widened once for all of them in registers.
#define HALF_FEW_ROWS 4

// Few rows, columns of the weight in memory order: `depth` rows of the weight at a time, streamed.
INLINE void NAME(half_rows)(const int type, const int rows, const int depth, long n, const float *a,
                            long a_row, long a_col, const uint16_t *b, long b_row, float *c,
                            long c_row) {
  V left[HALF_FEW_ROWS][8];
#pragma clang loop unroll(full)
  for (int q = 0; q < depth; q++)
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) left[r][q] = splat(a[r * a_row + q * a_col]);
  long j = 0;
  for (; j + W <= n; j += W) {
    V sum[HALF_FEW_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = load(c + r * c_row + j);
#pragma clang loop unroll(full)
    for (int q = 0; q < depth; q++) {
      const V right = load_half(type, b + q * b_row + j);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) sum[r] = multiply_add(left[r][q], right, sum[r]);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) store(c + r * c_row + j, sum[r]);
  }
  if (j == n) return;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    V sum = load_first(c + r * c_row + j, n - j);
#pragma clang loop unroll(full)
    for (int q = 0; q < depth; q++)
      sum = multiply_add(left[r][q], load_half_first(type, b + q * b_row + j, n - j), sum);
    store_first(c + r * c_row + j, sum, n - j);
  }
}

INLINE void NAME(half_few)(const int type, const int rows, long n, long k, const float *a,
                           long a_row, long a_col, const uint16_t *b, long b_row, float *c,
                           long c_row) {
  const int depth = rows == 1 ? 8 : 4;
  long p = 0;
  for (; p + depth <= k; p += depth)
    NAME(half_rows)(type, rows, depth, n, a + p * a_col, a_row, a_col, b + p * b_row, b_row, c, c_row);
  for (; p < k; p++)
    NAME(half_rows)(type, rows, 1, n, a + p * a_col, a_row, a_col, b + p * b_row, b_row, c, c_row);
}

// Few rows, inputs of the weight in memory order: blocks of W outputs by W inputs are transposed in
// registers.
INLINE void NAME(half_transposed)(const int type, const int rows, long n, long k, const float *a,
                                  long a_row, long a_col, const uint16_t *b, long b_col, float *c,
                                  long c_row) {
  for (long j = 0; j < n; j += W) {
    const long columns = n - j < W ? n - j : W;
    V sum[HALF_FEW_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = load_first(c + r * c_row + j, columns);
    for (long p = 0; p < k; p += W) {
      const long depth = k - p < W ? k - p : W;
      V block[W];
      if (depth == W && columns == W) {
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) block[i] = load_half(type, b + (j + i) * b_col + p);
      } else {
        for (int i = 0; i < W; i++)
          block[i] = i < columns ? load_half_first(type, b + (j + i) * b_col + p, depth) : splat(0);
      }
      transpose(block);
      if (depth == W) {
#pragma clang loop unroll(full)
        for (int q = 0; q < W; q++)
#pragma clang loop unroll(full)
          for (int r = 0; r < rows; r++)
            sum[r] = multiply_add(splat(a[r * a_row + (p + q) * a_col]), block[q], sum[r]);
      } else {
        for (long q = 0; q < depth; q++)
#pragma clang loop unroll(full)
          for (int r = 0; r < rows; r++)
            sum[r] = multiply_add(splat(a[r * a_row + (p + q) * a_col]), block[q], sum[r]);
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) store_first(c + r * c_row + j, sum[r], columns);
  }
}

// block[q · columns + x] = b[q, x].
INLINE void NAME(widen_panel)(const int type, long depth, long columns, const uint16_t *b,
                              long b_row, long b_col, float *block) {
  if (b_col == 1) {
    for (long q = 0; q < depth; q++) NAME(widen)(type, columns, b + q * b_row, block + q * columns);
    return;
  }
  for (long x = 0; x < columns; x += W) {
    const long width = columns - x < W ? columns - x : W;
    for (long q = 0; q < depth; q += W) {
      const long rows = depth - q < W ? depth - q : W;
      if (b_row == 1 && rows == W && width == W) {
        V part[W];
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) part[i] = load_half(type, b + (x + i) * b_col + q);
        transpose(part);
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) store(block + (q + i) * columns + x, part[i]);
      } else {
        for (long r = 0; r < rows; r++)
          for (long i = 0; i < width; i++)
            block[(q + r) * columns + x + i] =
                load_half_first(type, b + (q + r) * b_row + (x + i) * b_col, 1)[0];
      }
    }
  }
}

INLINE void NAME(half_product_as)(const int type, long m, long n, long k, const float *a,
                                  long a_row, long a_col, const uint16_t *b, long b_row, long b_col,
                                  float *c, long c_row, const float *bias, float *block) {
  if (m <= HALF_FEW_ROWS && (b_col == 1 || b_row == 1)) {
    for (long i = 0; i < m; i++)
      for (long j = 0; j < n; j++) c[i * c_row + j] = bias ? bias[j] : 0;
#define FEW(rows)                                                                          \
  case rows:                                                                               \
    if (b_col == 1) NAME(half_few)(type, rows, n, k, a, a_row, a_col, b, b_row, c, c_row); \
    else NAME(half_transposed)(type, rows, n, k, a, a_row, a_col, b, b_col, c, c_row);     \
    break;
    switch (m) { FEW(1) FEW(2) FEW(3) FEW(4) }
#undef FEW
    return;
  }
  for (long j = 0; j < n; j += HALF_BLOCK) {
    const long columns = n - j < HALF_BLOCK ? n - j : HALF_BLOCK;
    for (long p = 0; p == 0 || p < k; p += HALF_BLOCK) {
      const long depth = k - p < HALF_BLOCK ? k - p : HALF_BLOCK;
      NAME(widen_panel)(type, depth, columns, b + p * b_row + j * b_col, b_row, b_col, block);
      NAME(gemm)(m, columns, depth, a + p * a_col, a_row, a_col, block, columns, 1, c + j, c_row,
                 p == 0 && bias ? bias + j : 0, p > 0, SWIRL_IDENTITY);
    }
  }
}

static void NAME(half_product)(int type, long m, long n, long k, const float *a, long a_row,
                               long a_col, const void *b, long b_row, long b_col, float *c,
                               long c_row, const float *bias, float *block) {
  if (type == SWIRL_FLOAT16)
    NAME(half_product_as)(SWIRL_FLOAT16, m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, bias, block);
  else
    NAME(half_product_as)(SWIRL_BFLOAT16, m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, bias, block);
}
