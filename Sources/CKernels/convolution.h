// Products whose left-hand side is read through offsets: C[i, j] = act(Σₛ x[rows[i] + steps[s]] · B[s, j] +
// bias[j]). With rows the corners of an image's patches and steps the places within a patch, it is a
// convolution that never writes the patches out; exchanged, it is the gradient of the weights.
//
// An output is one chain of multiply-adds in order of s, whatever tile it falls in.

INLINE void NAME(patch_tile)(const int rows, const int vectors, const int partial, long k,
                             const float *x, const int32_t *row, const int32_t *steps,
                             const float *b, long b_row, float *c, long c_row, long last,
                             const float *bias, int from_c) {
  V sum[8][WIDE];
  const float *left[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) left[i] = x + row[i];
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) {
    const int cut = partial && j == vectors - 1;
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
  for (long s = 0; s < k; s++) {
    const long step = steps[s];
    V right[WIDE];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      right[j] = partial && j == vectors - 1 ? load_first(b + j * W, last) : load(b + j * W);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const V one = splat(left[i][step]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sum[i][j] = multiply_add(one, right[j], sum[i][j]);
    }
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

#define PATCH_PARAMETERS                                                                          \
  long m, long k, const float *x, const int32_t *row, const int32_t *steps, const float *b,        \
      long b_row, float *c, long c_row, long last, const float *bias, int from_c
#define PATCH_TILES(rows, vectors)                                                                 \
  for (; m >= rows; m -= rows, row += rows, c += rows * c_row) {                                   \
    if (last == W)                                                                                 \
      NAME(patch_tile)(rows, vectors, 0, k, x, row, steps, b, b_row, c, c_row, last, bias, from_c); \
    else                                                                                           \
      NAME(patch_tile)(rows, vectors, 1, k, x, row, steps, b, b_row, c, c_row, last, bias, from_c); \
  }

static void NAME(patch_column_1)(PATCH_PARAMETERS) {
  PATCH_TILES(8, 1) PATCH_TILES(4, 1) PATCH_TILES(2, 1) PATCH_TILES(1, 1)
}
#if WIDE == 4
static void NAME(patch_column_2)(PATCH_PARAMETERS) {
  PATCH_TILES(8, 2) PATCH_TILES(4, 2) PATCH_TILES(2, 2) PATCH_TILES(1, 2)
}
static void NAME(patch_column_3)(PATCH_PARAMETERS) {
  PATCH_TILES(6, 3) PATCH_TILES(4, 3) PATCH_TILES(2, 3) PATCH_TILES(1, 3)
}
static void NAME(patch_column_4)(PATCH_PARAMETERS) {
  PATCH_TILES(6, 4) PATCH_TILES(4, 4) PATCH_TILES(2, 4) PATCH_TILES(1, 4)
}
#else
static void NAME(patch_column_2)(PATCH_PARAMETERS) {
  PATCH_TILES(ROWS_WIDE, 2) PATCH_TILES(4, 2) PATCH_TILES(2, 2) PATCH_TILES(1, 2)
}
#endif

static void NAME(patch_product)(long m, long n, long k, const float *x, const int32_t *rows,
                                const int32_t *steps, const float *b, long b_row, float *c,
                                long c_row, const float *bias, int accumulate, int activation) {
  for (long j = 0; j < n; j += PANEL) {
    const long columns = n - j < PANEL ? n - j : PANEL;
    const int vectors = (int)((columns + W - 1) / W);
    const long last = columns - (vectors - 1) * W;
    for (long p = 0; p == 0 || p < k; p += K_BLOCK) {
      const long depth = k - p < K_BLOCK ? k - p : K_BLOCK;
      const float *start = p == 0 && !accumulate && bias ? bias + j : 0;
      const int from_c = accumulate || p > 0;
      const float *right = b + p * b_row + j;
      switch (vectors) {
      case 1:
        NAME(patch_column_1)
        (m, depth, x, rows, steps + p, right, b_row, c + j, c_row, last, start, from_c);
        break;
#if WIDE == 4
      case 3:
        NAME(patch_column_3)
        (m, depth, x, rows, steps + p, right, b_row, c + j, c_row, last, start, from_c);
        break;
      case 4:
        NAME(patch_column_4)
        (m, depth, x, rows, steps + p, right, b_row, c + j, c_row, last, start, from_c);
        break;
#endif
      default:
        NAME(patch_column_2)
        (m, depth, x, rows, steps + p, right, b_row, c + j, c_row, last, start, from_c);
        break;
      }
    }
    if (activation) NAME(activate_rows)(activation, m, columns, c + j, c_row);
  }
}

/// y[columns, rows] = the transpose of x[rows, columns].
static void NAME(transpose_matrix)(long rows, long columns, const float *x, float *y) {
  for (long i = 0; i < rows; i += W)
    for (long j = 0; j < columns; j += W) {
      if (rows - i >= W && columns - j >= W) {
        V block[W];
#pragma clang loop unroll(full)
        for (int r = 0; r < W; r++) block[r] = load(x + (i + r) * columns + j);
        transpose(block);
#pragma clang loop unroll(full)
        for (int r = 0; r < W; r++) store(y + (j + r) * rows + i, block[r]);
      } else {
        const long height = rows - i < W ? rows - i : W, width = columns - j < W ? columns - j : W;
        for (long r = 0; r < height; r++)
          for (long q = 0; q < width; q++) y[(j + q) * rows + i + r] = x[(i + r) * columns + j + q];
      }
    }
}

/// Adds patches [out height · out width, kernel height, kernel width, channels] to where they were cut from:
/// channels [0, s->channels / s->groups) of the image y[height, width, s->channels].
static void NAME(add_patches)(const struct swirl_convolution *s, const float *patches, float *y) {
  const long width = s->channels / s->groups, row = s->width * s->channels;
  for (long oy = 0; oy < s->out_height; oy++)
    for (long ox = 0; ox < s->out_width; ox++)
      for (long ky = 0; ky < s->kernel_height; ky++, patches += s->kernel_width * width) {
        const long iy = oy * s->stride_y + ky * s->dilation_y - s->top;
        if (iy < 0 || iy >= s->height) continue;
        const long left = ox * s->stride_x - s->left;
        if (s->groups == 1 && s->dilation_x == 1) {
          // A row of the patch lies in one piece.
          const long first = left < 0 ? -left : 0;
          const long end = s->width - left < s->kernel_width ? s->width - left : s->kernel_width;
          if (end <= first) continue;
          const long n = (end - first) * width;
          const float *from = patches + first * width;
          float *to = y + iy * row + (left + first) * width;
          for (long i = 0; i < n; i += W) {
            const long count = n - i < W ? n - i : W;
            store_first(to + i, load_first(to + i, count) + load_first(from + i, count), count);
          }
          continue;
        }
        for (long kx = 0; kx < s->kernel_width; kx++) {
          const long ix = left + kx * s->dilation_x;
          if (ix < 0 || ix >= s->width) continue;
          for (long i = 0; i < width; i++)
            y[iy * row + ix * s->channels + i] += patches[kx * width + i];
        }
      }
}
