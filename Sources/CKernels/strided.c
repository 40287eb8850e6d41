// Walks over tensors with strides: the innermost axis goes to the vector kernels where its stride is
// 0 or 1, and through a small gathered block otherwise.
#include <string.h>

#include "CKernels.h"

enum { MAX_RANK = 6, BLOCK = 256 };

#define COPY_STRIDED(T)                                                                          \
  static void copy_strided_##T(int rank, const int32_t *shape, const int32_t *strides, const T *x, \
                               T *y) {                                                           \
    const int last = rank - 1;                                                                   \
    const long n = shape[last], step = strides[last];                                            \
    int32_t index[MAX_RANK] = {0};                                                               \
    for (;;) {                                                                                   \
      if (step == 1) memcpy(y, x, (size_t)n * sizeof(T));                                        \
      else                                                                                       \
        for (long i = 0; i < n; i++) y[i] = x[i * step];                                         \
      y += n;                                                                                    \
      int d = last - 1;                                                                          \
      for (; d >= 0; d--) {                                                                      \
        x += strides[d];                                                                         \
        if (++index[d] < shape[d]) break;                                                        \
        x -= (long)strides[d] * shape[d];                                                        \
        index[d] = 0;                                                                            \
      }                                                                                          \
      if (d < 0) return;                                                                         \
    }                                                                                            \
  }

COPY_STRIDED(uint8_t)
COPY_STRIDED(uint16_t)
COPY_STRIDED(uint32_t)

// Matrices that lie transposed, such as images whose channels lie side by side, go by blocks in registers.
static int copy_transposed(int rank, const int32_t *shape, const int32_t *strides, const float *x,
                           float *y) {
  int32_t dims[MAX_RANK], steps[MAX_RANK];
  int count = 0;
  for (int d = 0; d < rank; d++) {
    if (shape[d] == 1) continue;
    if (count > 0 && steps[count - 1] == strides[d] * shape[d]) {
      dims[count - 1] *= shape[d];
      steps[count - 1] = strides[d];
    } else {
      dims[count] = shape[d];
      steps[count] = strides[d];
      count++;
    }
  }
  if (count < 2 || count > 3 || steps[count - 2] != 1 || steps[count - 1] != dims[count - 2]) return 0;
  const long rows = dims[count - 1], columns = dims[count - 2];
  for (long i = 0; i < (count == 3 ? dims[0] : 1); i++)
    swirl_active->transpose_matrix(rows, columns, x + i * (count == 3 ? steps[0] : 0),
                                   y + i * rows * columns);
  return 1;
}

void swirl_copy_strided(int size, int rank, const int32_t *shape, const int32_t *strides,
                        const void *x, void *y) {
  if (rank == 0) {
    memcpy(y, x, (size_t)size);
    return;
  }
  for (int d = 0; d < rank; d++)
    if (shape[d] == 0) return;
  if (size == 4 && copy_transposed(rank, shape, strides, x, y)) return;
  if (size == 4) copy_strided_uint32_t(rank, shape, strides, x, y);
  else if (size == 2) copy_strided_uint16_t(rank, shape, strides, x, y);
  else copy_strided_uint8_t(rank, shape, strides, x, y);
}

static void binary_row(int op, long n, const float *a, long a_step, const float *b, long b_step,
                       float *y) {
  if ((a_step == 0 || a_step == 1) && (b_step == 0 || b_step == 1)) {
    swirl_active->binary(op, n, a, (int)a_step, b, (int)b_step, y);
    return;
  }
  float left[BLOCK], right[BLOCK];
  for (long start = 0; start < n; start += BLOCK) {
    long count = n - start < BLOCK ? n - start : BLOCK;
    for (long i = 0; i < count; i++) {
      left[i] = a[(start + i) * a_step];
      right[i] = b[(start + i) * b_step];
    }
    swirl_active->binary(op, count, left, 1, right, 1, y + start);
  }
}

void swirl_binary_strided(int op, int rank, const int32_t *shape, const float *a,
                          const int32_t *a_strides, const float *b, const int32_t *b_strides,
                          float *y) {
  // Neighbouring axes that both operands walk evenly become one, which leaves long inner loops.
  int32_t dims[MAX_RANK], sa[MAX_RANK], sb[MAX_RANK];
  int count = 0;
  for (int d = 0; d < rank; d++) {
    if (shape[d] == 0) return;
    if (shape[d] == 1) continue;
    if (count > 0 && sa[count - 1] == a_strides[d] * shape[d] &&
        sb[count - 1] == b_strides[d] * shape[d]) {
      dims[count - 1] *= shape[d];
      sa[count - 1] = a_strides[d];
      sb[count - 1] = b_strides[d];
    } else {
      dims[count] = shape[d];
      sa[count] = a_strides[d];
      sb[count] = b_strides[d];
      count++;
    }
  }
  if (count == 0) {
    swirl_active->binary(op, 1, a, 0, b, 0, y);
    return;
  }
  const int last = count - 1;
  int32_t index[MAX_RANK] = {0};
  for (;;) {
    binary_row(op, dims[last], a, sa[last], b, sb[last], y);
    y += dims[last];
    int d = last - 1;
    for (; d >= 0; d--) {
      a += sa[d];
      b += sb[d];
      if (++index[d] < dims[d]) break;
      a -= (long)sa[d] * dims[d];
      b -= (long)sb[d] * dims[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

void swirl_gather_rows(long count, long width, const float *x, const int32_t *indices, float *y) {
  if (width == 1) {
    for (long i = 0; i < count; i++) y[i] = x[indices[i]];
    return;
  }
  for (long i = 0; i < count; i++)
    memcpy(y + i * width, x + (long)indices[i] * width, (size_t)width * sizeof(float));
}
