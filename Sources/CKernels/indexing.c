// Moving numbers by index along one axis, and between tensors with strides.
#include <string.h>

#include "CKernels.h"

enum { MAX_RANK = 6 };

// Calls ROW(n, x, x_step, y, y_step) for every innermost row of two tensors of one shape.
#define WALK(ROW)                                                                          \
  for (int d = 0; d < rank; d++)                                                           \
    if (shape[d] == 0) return;                                                             \
  if (rank == 0) {                                                                         \
    ROW(1, x, 1, y, 1);                                                                    \
    return;                                                                                \
  }                                                                                        \
  const int last = rank - 1;                                                               \
  int32_t index[MAX_RANK] = {0};                                                           \
  for (;;) {                                                                               \
    ROW(shape[last], x, x_strides[last], y, y_strides[last]);                              \
    int d = last - 1;                                                                      \
    for (; d >= 0; d--) {                                                                  \
      x += x_strides[d];                                                                   \
      y += y_strides[d];                                                                   \
      if (++index[d] < shape[d]) break;                                                    \
      x -= (long)x_strides[d] * shape[d];                                                  \
      y -= (long)y_strides[d] * shape[d];                                                  \
      index[d] = 0;                                                                        \
    }                                                                                      \
    if (d < 0) return;                                                                     \
  }

static void copy_row(long n, const float *x, long x_step, float *y, long y_step) {
  if (x_step == 1 && y_step == 1) memcpy(y, x, (size_t)n * sizeof(float));
  else
    for (long i = 0; i < n; i++) y[i * y_step] = x[i * x_step];
}

static void add_row(long n, const float *x, long x_step, float *y, long y_step) {
  if (x_step == 1 && y_step == 1) swirl_active->accumulate(n, x, 1, y);
  else
    for (long i = 0; i < n; i++) y[i * y_step] += x[i * x_step];
}

void swirl_copy_between(int rank, const int32_t *shape, const int32_t *x_strides, const float *x,
                        const int32_t *y_strides, float *y) {
  WALK(copy_row)
}

void swirl_add_between(int rank, const int32_t *shape, const int32_t *x_strides, const float *x,
                       const int32_t *y_strides, float *y) {
  WALK(add_row)
}

void swirl_gather_axis(long outer, long length, long inner, long count, const float *x,
                       const int32_t *indices, float *y) {
  for (long o = 0; o < outer; o++, x += length * inner)
    for (long i = 0; i < count; i++)
      for (long j = 0; j < inner; j++) *y++ = x[*indices++ * inner + j];
}

void swirl_scatter_axis(long outer, long length, long inner, long count, const float *x,
                        const int32_t *indices, float *y) {
  for (long o = 0; o < outer; o++, y += length * inner)
    for (long i = 0; i < count; i++)
      for (long j = 0; j < inner; j++) y[*indices++ * inner + j] += *x++;
}

void swirl_select_axis(long outer, long length, long inner, long count, const float *x,
                       const int32_t *indices, float *y) {
  for (long o = 0; o < outer; o++)
    swirl_gather_rows(count, inner, x + o * length * inner, indices, y + o * count * inner);
}

void swirl_add_axis(long outer, long length, long inner, long first, long last, long count,
                    const float *x, const int32_t *indices, float *y) {
  for (long o = 0; o < outer; o++)
    for (long i = 0; i < count; i++) {
      const float *row = x + (o * count + i) * inner;
      float *sum = y + (o * length + indices[i]) * inner;
      if (last - first == 1) sum[first] += row[first];
      else swirl_active->accumulate(last - first, row + first, 1, sum + first);
    }
}

void swirl_index_range(long count, const int32_t *indices, int32_t *least, int32_t *largest) {
  int32_t low = count ? indices[0] : 0, high = count ? indices[0] : -1;
  for (long i = 1; i < count; i++) {
    low = indices[i] < low ? indices[i] : low;
    high = indices[i] > high ? indices[i] : high;
  }
  *least = low;
  *largest = high;
}
