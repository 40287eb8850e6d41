// Normalisation. A row's sums run in four chains of W lanes and a fixed tree: an order that depends on the
// row's length alone.

INLINE VI NAME(lanes_below)(long n) {
  static const int32_t positions[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  VI lanes;
  memcpy(&lanes, positions, sizeof lanes);
  return lanes < splat_int((int32_t)n);
}

static float NAME(row_sum)(long n, const float *x) {
  V sum[4] = {};
  long i = 0;
  for (; i + 4 * W <= n; i += 4 * W)
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) sum[j] += load(x + i + j * W);
  for (; i < n; i += W) sum[0] += load_first(x + i, n - i < W ? n - i : W);
  return horizontal_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/// Σ (x − centre)²
static float NAME(row_squares)(long n, const float *x, float centre) {
  V sum[4] = {};
  long i = 0;
  for (; i + 4 * W <= n; i += 4 * W)
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
      const V d = load(x + i + j * W) - centre;
      sum[j] = multiply_add(d, d, sum[j]);
    }
  for (; i < n; i += W) {
    const long count = n - i < W ? n - i : W;
    const V d = choose(NAME(lanes_below)(count), load_first(x + i, count) - centre, splat(0));
    sum[0] = multiply_add(d, d, sum[0]);
  }
  return horizontal_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/// sums = Σ dy, Σ dy (x − centre)
static void NAME(row_products)(long n, const float *dy, const float *x, float centre,
                               float *sums) {
  V sum[2] = {}, product[2] = {};
  long i = 0;
  for (; i + 2 * W <= n; i += 2 * W)
#pragma clang loop unroll(full)
    for (int j = 0; j < 2; j++) {
      const V g = load(dy + i + j * W);
      sum[j] += g;
      product[j] = multiply_add(g, load(x + i + j * W) - centre, product[j]);
    }
  for (; i < n; i += W) {
    const long count = n - i < W ? n - i : W;
    const V g = load_first(dy + i, count);
    const V d = choose(NAME(lanes_below)(count), load_first(x + i, count) - centre, splat(0));
    sum[0] += g;
    product[0] = multiply_add(g, d, product[0]);
  }
  sums[0] = horizontal_sum(sum[0] + sum[1]);
  sums[1] = horizontal_sum(product[0] + product[1]);
}

/// out = a · dy + b · (x − centre) + c
static void NAME(blend)(long n, const float *dy, float a, const float *x, float centre, float b,
                        float c, float *out) {
  for (long i = 0; i < n; i += W) {
    const long count = n - i < W ? n - i : W;
    const V d = load_first(x + i, count) - centre;
    store_first(out + i, multiply_add(load_first(dy + i, count), splat(a),
                                      multiply_add(d, splat(b), splat(c))), count);
  }
}

static void NAME(layer_norm)(long rows, long n, const float *x, const float *weight,
                             const float *bias, float epsilon, int centred, float *y, float *means,
                             float *scales) {
  for (long r = 0; r < rows; r++, x += n, y += n) {
    const float mean = centred ? NAME(row_sum)(n, x) / (float)n : 0;
    const float scale = 1.0f / sqrtf(NAME(row_squares)(n, x, mean) / (float)n + epsilon);
    means[r] = mean;
    scales[r] = scale;
    for (long i = 0; i < n; i += W) {
      const long count = n - i < W ? n - i : W;
      V z = (load_first(x + i, count) - mean) * scale;
      const V shift = bias ? load_first(bias + i, count) : splat(0);
      if (weight) z = multiply_add(z, load_first(weight + i, count), shift);
      else if (bias) z = z + shift;
      store_first(y + i, z, count);
    }
  }
}

// With x̂ the normalised row and g = dy · weight: dx = scale (g − mean(g) − x̂ mean(g x̂)).
static void NAME(layer_norm_gradient)(long rows, long n, const float *dy, const float *x,
                                      const float *weight, const float *means,
                                      const float *scales, int centred, float *dx, float *dweight,
                                      float *dbias) {
  for (long r = 0; r < rows; r++, x += n, dy += n) {
    const float mean = means[r], scale = scales[r];
    V sum = {}, product = {};
    for (long i = 0; i < n; i += W) {
      const long count = n - i < W ? n - i : W;
      const V gradient = load_first(dy + i, count);
      const V z = (load_first(x + i, count) - mean) * scale;
      if (dweight)
        store_first(dweight + i,
                    multiply_add(gradient, z, load_first(dweight + i, count)), count);
      if (dbias) store_first(dbias + i, gradient + load_first(dbias + i, count), count);
      const V g = weight ? gradient * load_first(weight + i, count) : gradient;
      sum += g;
      product = multiply_add(g, choose(NAME(lanes_below)(count), z, splat(0)), product);
    }
    if (!dx) continue;
    const float a = centred ? horizontal_sum(sum) / (float)n : 0;
    const float b = horizontal_sum(product) / (float)n;
    for (long i = 0; i < n; i += W) {
      const long count = n - i < W ? n - i : W;
      const V gradient = load_first(dy + i, count);
      const V g = weight ? gradient * load_first(weight + i, count) : gradient;
      const V z = (load_first(x + i, count) - mean) * scale;
      store_first(dx + r * n + i, (multiply_add(z, splat(-b), g) - a) * scale, count);
    }
  }
}
