// The batch-invariant matrix product.
//
// An output is one chain of multiply-adds in k order, whatever tile it falls in: tiles only decide
// which chains run side by side. B is read in place where its rows are contiguous and it fits the
// second-level cache, else packed in panels.

#if W == 16
#define WIDE 4
#define ROWS_WIDE 6
#elif W == 8
#define WIDE 2
#define ROWS_WIDE 6
#else
#define WIDE 2
#define ROWS_WIDE 4
#endif
#define ROWS_NARROW 12
#define K_BLOCK 512
#define PANEL (WIDE * W)
#define IN_PLACE_LIMIT (64 * 1024)
#define SHORT_ROWS 3
#define SHORT_WIDE 8

INLINE void NAME(tile)(const int rows, const int vectors, const int partial, long k, const float *a,
                       long a_row, long a_col, const float *b, long b_row, float *c, long c_row,
                       long last, const float *bias, int from_c) {
  V sum[ROWS_NARROW][SHORT_WIDE];
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) {
    int cut = partial && j == vectors - 1;
    V start = {};
    if (bias) start = cut ? load_first(bias + j * W, last) : load(bias + j * W);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      sum[i][j] = start;
      if (from_c) {
        const float *p = c + i * c_row + j * W;
        sum[i][j] = cut ? load_first(p, last) : load(p);
      }
    }
  }
  for (long p = 0; p < k; p++) {
    V right[SHORT_WIDE];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      right[j] = partial && j == vectors - 1 ? load_first(b + j * W, last) : load(b + j * W);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V left = splat(a[i * a_row]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(left, right[j], sum[i][j]);
    }
    a += a_col;
    b += b_row;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
      float *p = c + i * c_row + j * W;
      if (partial && j == vectors - 1) store_first(p, sum[i][j], last);
      else store(p, sum[i][j]);
    }
}

#define TILE_ARGUMENTS k, a, a_row, a_col, b, b_row, c, c_row, last, bias, from_c
#define TILE_PARAMETERS                                                                        \
  long m, long k, const float *a, long a_row, long a_col, const float *b, long b_row, float *c, \
      long c_row, long last, const float *bias, int from_c

#define TILES_OF(rows, vectors)                                                       \
  for (; m >= rows; m -= rows, a += rows * a_row, c += rows * c_row) {                \
    if (last == W) NAME(tile)(rows, vectors, 0, TILE_ARGUMENTS);                      \
    else NAME(tile)(rows, vectors, 1, TILE_ARGUMENTS);                                \
  }

static void NAME(column_1)(TILE_PARAMETERS) {
  TILES_OF(12, 1) TILES_OF(8, 1) TILES_OF(4, 1) TILES_OF(2, 1) TILES_OF(1, 1)
}
#if WIDE == 4
static void NAME(column_2)(TILE_PARAMETERS) {
  TILES_OF(12, 2) TILES_OF(8, 2) TILES_OF(4, 2) TILES_OF(2, 2) TILES_OF(1, 2)
}
static void NAME(column_3)(TILE_PARAMETERS) {
  TILES_OF(8, 3) TILES_OF(4, 3) TILES_OF(2, 3) TILES_OF(1, 3)
}
static void NAME(column_4)(TILE_PARAMETERS) {
  TILES_OF(6, 4) TILES_OF(4, 4) TILES_OF(2, 4) TILES_OF(1, 4)
}
#else
static void NAME(column_2)(TILE_PARAMETERS) {
  TILES_OF(ROWS_WIDE, 2) TILES_OF(4, 2) TILES_OF(2, 2) TILES_OF(1, 2)
}
#endif

static void NAME(column)(int vectors, TILE_PARAMETERS) {
  switch (vectors) {
  case 1: NAME(column_1)(m, TILE_ARGUMENTS); break;
#if WIDE == 4
  case 3: NAME(column_3)(m, TILE_ARGUMENTS); break;
  case 4: NAME(column_4)(m, TILE_ARGUMENTS); break;
#endif
  default: NAME(column_2)(m, TILE_ARGUMENTS); break;
  }
}

static void NAME(activate_rows)(int activation, long m, long n, float *c, long c_row) {
  for (long i = 0; i < m; i++) {
    float *row = c + i * c_row;
    long j = 0;
    for (; j + W <= n; j += W) store(row + j, activate(activation, load(row + j)));
    if (j < n) store_first(row + j, activate(activation, load_first(row + j, n - j)), n - j);
  }
}

// packed[q · width + x] = b[q, x], zero beyond `columns`; blocks are transposed in registers where the
// columns of b lie in memory as rows.
static void NAME(pack_transposed)(long depth, long columns, long width, const float *b, long b_row,
                                  long b_col, float *packed) {
  for (long x = 0; x < width; x += W) {
    const long count = columns - x < W ? columns - x : W;
    for (long q = 0; q < depth; q += W) {
      const long rows = depth - q < W ? depth - q : W;
      V block[W];
      if (b_row == 1 && count == W && rows == W) {
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) block[i] = load(b + q + (x + i) * b_col);
        transpose(block);
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) store(packed + (q + i) * width + x, block[i]);
      } else {
        for (long r = 0; r < rows; r++)
          for (long i = 0; i < W; i++)
            packed[(q + r) * width + x + i] = i < count ? b[(q + r) * b_row + (x + i) * b_col] : 0;
      }
    }
  }
}

// Up to NARROW columns, such as a policy's logits or a value: lanes are rows of A here, since columns
// would leave most of a vector empty. A chain is the same multiply-adds in the same order as in a tile.
#define NARROW 4

INLINE void NAME(narrow_block)(const int n, long rows, long k, const float *a, long a_row, long a_col,
                               const float *b, long b_row, long b_col, float *c, long c_row,
                               const float *bias, int accumulate) {
  V sum[NARROW];
  float lanes[W] = {};
#pragma clang loop unroll(full)
  for (int j = 0; j < n; j++) {
    sum[j] = splat(bias ? bias[j] : 0);
    if (accumulate) {
      for (long i = 0; i < rows; i++) lanes[i] = c[i * c_row + j];
      sum[j] = load(lanes);
    }
  }
  long p = 0;
  if (a_row == 1) {
    for (; p < k; p++) {
      const V left = rows == W ? load(a + p * a_col) : load_first(a + p * a_col, rows);
#pragma clang loop unroll(full)
      for (int j = 0; j < n; j++)
        sum[j] = multiply_add(left, splat(b[p * b_row + j * b_col]), sum[j]);
    }
  } else if (a_col == 1) {
    for (; p < k; p += W) {
      const long depth = k - p < W ? k - p : W;
      V left[W];
      if (rows == W && depth == W) {
#pragma clang loop unroll(full)
        for (int i = 0; i < W; i++) left[i] = load(a + i * a_row + p);
      } else {
        for (int i = 0; i < W; i++)
          left[i] = i < rows ? load_first(a + i * a_row + p, depth) : splat(0);
      }
      transpose(left);
      if (depth == W) {
#pragma clang loop unroll(full)
        for (int q = 0; q < W; q++)
#pragma clang loop unroll(full)
          for (int j = 0; j < n; j++)
            sum[j] = multiply_add(left[q], splat(b[(p + q) * b_row + j * b_col]), sum[j]);
      } else {
        for (long q = 0; q < depth; q++)
          for (int j = 0; j < n; j++)
            sum[j] = multiply_add(left[q], splat(b[(p + q) * b_row + j * b_col]), sum[j]);
      }
    }
  } else {
    for (; p < k; p++) {
      for (long i = 0; i < rows; i++) lanes[i] = a[i * a_row + p * a_col];
      const V left = load(lanes);
#pragma clang loop unroll(full)
      for (int j = 0; j < n; j++)
        sum[j] = multiply_add(left, splat(b[p * b_row + j * b_col]), sum[j]);
    }
  }
#pragma clang loop unroll(full)
  for (int j = 0; j < n; j++) {
    store(lanes, sum[j]);
    for (long i = 0; i < rows; i++) c[i * c_row + j] = lanes[i];
  }
}

static void NAME(narrow)(long m, long n, long k, const float *a, long a_row, long a_col,
                         const float *b, long b_row, long b_col, float *c, long c_row,
                         const float *bias, int accumulate) {
  for (long i = 0; i < m; i += W) {
    const long rows = m - i < W ? m - i : W;
#define BLOCK_OF(columns)                                                                        \
  case columns:                                                                                  \
    NAME(narrow_block)                                                                           \
    (columns, rows, k, a + i * a_row, a_row, a_col, b, b_row, b_col, c + i * c_row, c_row, bias, \
     accumulate);                                                                                \
    break;
    switch (n) { BLOCK_OF(1) BLOCK_OF(2) BLOCK_OF(3) BLOCK_OF(4) }
#undef BLOCK_OF
  }
}

// Up to SHORT_ROWS rows, as rollouts and decoding have them: tiles are wide, since few rows leave too few
// chains to hide the latency of a multiply-add. B is read in place and once.
#if W == 16
#define SHORT_WIDE_OF(rows) 8
#else
#define SHORT_WIDE_OF(rows) (rows == 1 ? 8 : 4)
#endif

INLINE void NAME(short_rows)(const int m, long n, long k, const float *a, long a_row, long a_col,
                           const float *b, long b_row, float *c, long c_row, const float *bias,
                           int from_c) {
  long j = 0, last = W;
#define SHORT_TILES(vectors)                                                               \
  for (; vectors <= SHORT_WIDE_OF(m) && n - j >= vectors * W; j += vectors * W)            \
    NAME(tile)(m, vectors, 0, k, a, a_row, a_col, b + j, b_row, c + j, c_row, last,      \
               bias ? bias + j : 0, from_c);
  SHORT_TILES(8) SHORT_TILES(4) SHORT_TILES(2) SHORT_TILES(1)
#undef SHORT_TILES
  last = n - j;
  if (last > 0)
    NAME(tile)(m, 1, 1, k, a, a_row, a_col, b + j, b_row, c + j, c_row, last, bias ? bias + j : 0,
               from_c);
}

static void NAME(short_product)(long m, long n, long k, const float *a, long a_row, long a_col,
                      const float *b, long b_row, float *c, long c_row, const float *bias,
                      int accumulate) {
#define SHORT_ARGUMENTS n, k, a, a_row, a_col, b, b_row, c, c_row, accumulate ? 0 : bias, accumulate
  switch (m) {
  case 1: NAME(short_rows)(1, SHORT_ARGUMENTS); break;
  case 2: NAME(short_rows)(2, SHORT_ARGUMENTS); break;
  default: NAME(short_rows)(3, SHORT_ARGUMENTS);
  }
#undef SHORT_ARGUMENTS
}

static void NAME(gemm)(long m, long n, long k, const float *a, long a_row, long a_col,
                       const float *b, long b_row, long b_col, float *c, long c_row,
                       const float *bias, int accumulate, int activation) {
  if (m <= 0 || n <= 0) return;
  if (n <= NARROW) {
    const float *start = accumulate ? 0 : bias;
    NAME(narrow)(m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, start, accumulate);
    if (activation) NAME(activate_rows)(activation, m, n, c, c_row);
    return;
  }
  if (m <= SHORT_ROWS && b_col == 1) {
    NAME(short_product)(m, n, k, a, a_row, a_col, b, b_row, c, c_row, bias, accumulate);
    if (activation) NAME(activate_rows)(activation, m, n, c, c_row);
    return;
  }
  const int in_place = b_col == 1 && (k * n <= IN_PLACE_LIMIT || m <= 2 * ROWS_WIDE);
  static _Thread_local float packed[K_BLOCK * PANEL] __attribute__((aligned(64)));
  const long k_block = in_place ? (k > 0 ? k : 1) : K_BLOCK;
  for (long j = 0; j < n; j += PANEL) {
    const long columns = n - j < PANEL ? n - j : PANEL;
    const int vectors = (int)((columns + W - 1) / W);
    const long last = columns - (vectors - 1) * W;
    for (long p = 0; p == 0 || p < k; p += k_block) {
      const long depth = k - p < k_block ? k - p : k_block;
      const float *right = b + p * b_row + j * b_col;
      long right_row = b_row;
      if (!in_place) {
        const long width = vectors * W;
        if (b_col == 1) {
          for (long q = 0; q < depth; q++) {
            memcpy(packed + q * width, right + q * b_row, (size_t)columns * sizeof(float));
            for (long x = columns; x < width; x++) packed[q * width + x] = 0;
          }
        } else {
          NAME(pack_transposed)(depth, columns, width, right, b_row, b_col, packed);
        }
        right = packed;
        right_row = width;
      }
      const float *start = p == 0 && !accumulate && bias ? bias + j : 0;
      NAME(column)(vectors, m, depth, a + p * a_col, a_row, a_col, right, right_row, c + j, c_row,
                   last, start, accumulate || p > 0);
    }
    if (activation) NAME(activate_rows)(activation, m, columns, c + j, c_row);
  }
}

#undef TILES_OF
#undef TILE_ARGUMENTS
#undef TILE_PARAMETERS
