// Images on their way into a convolution, and pooling: loops that move numbers more than they compute.
#include <math.h>
#include <string.h>

#include "CKernels.h"

void swirl_read_image(const struct swirl_convolution *s, int bytes, const void *x, long channel_step,
                      long row_step, long column_step, float *y) {
  const int last = channel_step == 1;
  const long height = s->height + s->top + s->bottom, width = s->width + s->left + s->right;
  // The inner axis is whichever of channels and columns lies in order.
  const long outer = last ? s->height : s->channels, middle = last ? s->width : s->height;
  const long n = last ? s->channels : s->width;
  const long outer_step = last ? row_step : channel_step, step = last ? 1 : column_step;
  const long middle_step = last ? column_step : row_step;
  if (s->top + s->bottom + s->left + s->right > 0)
    memset(y, 0, (size_t)(height * width * s->channels) * sizeof(float));
  for (long i = 0; i < outer; i++)
    for (long j = 0; j < middle; j++) {
      float *out = last ? y + ((i + s->top) * width + j + s->left) * n
                        : y + (i * height + j + s->top) * width + s->left;
      const long at = i * outer_step + j * middle_step;
      if (bytes && step == 1) {
        const uint8_t *in = (const uint8_t *)x + at;
        for (long q = 0; q < n; q++) out[q] = (float)in[q] * (1.0f / 255);
      } else if (bytes) {
        const uint8_t *in = (const uint8_t *)x + at;
        for (long q = 0; q < n; q++) out[q] = (float)in[q * step] * (1.0f / 255);
      } else {
        const float *in = (const float *)x + at;
        for (long q = 0; q < n; q++) out[q] = in[q * step];
      }
    }
}

void swirl_max_pool(const struct swirl_convolution *s, long planes, const float *x, float *y,
                    int32_t *places) {
  for (long plane = 0; plane < planes; plane++, x += s->height * s->width)
    for (long oy = 0; oy < s->out_height; oy++)
      for (long ox = 0; ox < s->out_width; ox++) {
        float best = -INFINITY;
        long place = -1;
        for (long ky = 0; ky < s->kernel_height; ky++) {
          const long iy = oy * s->stride_y + ky * s->dilation_y - s->top;
          if (iy < 0 || iy >= s->height) continue;
          for (long kx = 0; kx < s->kernel_width; kx++) {
            const long ix = ox * s->stride_x + kx * s->dilation_x - s->left;
            if (ix < 0 || ix >= s->width) continue;
            const float value = x[iy * s->width + ix];
            if (place < 0 || value > best || value != value) {
              best = value;
              place = iy * s->width + ix;
            }
          }
        }
        *y++ = best;
        *places++ = (int32_t)place;
      }
}

void swirl_max_pool_gradient(const struct swirl_convolution *s, long planes, const float *dy,
                             const int32_t *places, float *dx) {
  const long n = s->out_height * s->out_width, size = s->height * s->width;
  memset(dx, 0, (size_t)(planes * size) * sizeof(float));
  for (long plane = 0; plane < planes; plane++, dx += size, dy += n, places += n)
    for (long i = 0; i < n; i++) dx[places[i]] += dy[i];
}

// The window of an output, cut to the image, and what its sum is divided by.
static float window(const struct swirl_convolution *s, long oy, long ox, int counts_padding,
                    long bounds[4]) {
  long y0 = oy * s->stride_y - s->top, x0 = ox * s->stride_x - s->left;
  long y1 = y0 + s->kernel_height, x1 = x0 + s->kernel_width;
  const long whole = s->kernel_height * s->kernel_width;
  bounds[0] = y0 < 0 ? 0 : y0;
  bounds[1] = y1 > s->height ? s->height : y1;
  bounds[2] = x0 < 0 ? 0 : x0;
  bounds[3] = x1 > s->width ? s->width : x1;
  const long seen = (bounds[1] - bounds[0]) * (bounds[3] - bounds[2]);
  return (float)(counts_padding ? whole : seen);
}

void swirl_average_pool(const struct swirl_convolution *s, long planes, int counts_padding,
                        const float *x, float *y) {
  for (long plane = 0; plane < planes; plane++, x += s->height * s->width)
    for (long oy = 0; oy < s->out_height; oy++)
      for (long ox = 0; ox < s->out_width; ox++) {
        long at[4];
        const float count = window(s, oy, ox, counts_padding, at);
        float sum = 0;
        for (long iy = at[0]; iy < at[1]; iy++)
          for (long ix = at[2]; ix < at[3]; ix++) sum += x[iy * s->width + ix];
        *y++ = sum / count;
      }
}

void swirl_average_pool_gradient(const struct swirl_convolution *s, long planes, int counts_padding,
                                 const float *dy, float *dx) {
  const long size = s->height * s->width;
  memset(dx, 0, (size_t)(planes * size) * sizeof(float));
  for (long plane = 0; plane < planes; plane++, dx += size)
    for (long oy = 0; oy < s->out_height; oy++)
      for (long ox = 0; ox < s->out_width; ox++) {
        long at[4];
        const float share = *dy++ / window(s, oy, ox, counts_padding, at);
        for (long iy = at[0]; iy < at[1]; iy++)
          for (long ix = at[2]; ix < at[3]; ix++) dx[iy * s->width + ix] += share;
      }
}
