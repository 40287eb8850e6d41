// silu(a) · b and its gradient, each in one pass.
static void NAME(gated_silu)(long n, const float *a, const float *b, float *y) {
  for (long i = 0; i < n; i += W) {
    const long count = n - i < W ? n - i : W;
    const V gate = load_first(a + i, count);
    store_first(y + i, gate * sigmoid(gate) * load_first(b + i, count), count);
  }
}

static void NAME(gated_silu_gradient)(long n, const float *dy, const float *a, const float *b,
                                      float *da, float *db) {
  for (long i = 0; i < n; i += W) {
    const long count = n - i < W ? n - i : W;
    const V gate = load_first(a + i, count), gradient = load_first(dy + i, count);
    const V s = sigmoid(gate);
    store_first(db + i, gradient * gate * s, count);
    store_first(da + i,
                gradient * load_first(b + i, count) * s * (1.0f + gate * (1.0f - s)), count);
  }
}
