// Rotary position embedding (Su et al., 2021): pairs of a head's first `turned` numbers are turned by
// the angles of their token; the others are copied.
//
// A token's row of the table: in halves, turned / 2 cosines and as many sines; interleaved, each cosine
// twice and then each sine twice, the first of them negative. `sign` −1 turns back.
static void NAME(rotate)(long first, long last, long heads, long dim, long turned, int interleaved,
                         long period, const float *x, const float *table, float sign, float *y) {
  const long half = turned / 2, width = interleaved ? 2 * turned : turned;
  for (long token = first; token < last; token++) {
    const float *cosines = table + token % period * width;
    const float *sines = cosines + (interleaved ? turned : half);
    for (long head = 0; head < heads; head++) {
      const float *in = x + (token * heads + head) * dim;
      float *out = y + (token * heads + head) * dim;
      if (interleaved) {
        for (long i = 0; i < turned; i += W) {
          const long n = turned - i < W ? turned - i : W;
          const V pair = load_first(in + i, n);
          V swapped;
          for (int j = 0; j < W; j++) swapped[j] = pair[j ^ 1];
          const V sine = load_first(sines + i, n) * sign;
          store_first(out + i, multiply_add(swapped, sine, pair * load_first(cosines + i, n)), n);
        }
      } else {
        for (long i = 0; i < half; i += W) {
          const long n = half - i < W ? half - i : W;
          const V a = load_first(in + i, n), b = load_first(in + half + i, n);
          const V cosine = load_first(cosines + i, n), sine = load_first(sines + i, n) * sign;
          store_first(out + i, multiply_add(b, -sine, a * cosine), n);
          store_first(out + half + i, multiply_add(a, sine, b * cosine), n);
        }
      }
      for (long i = turned; i < dim; i += W) {
        const long n = dim - i < W ? dim - i : W;
        store_first(out + i, load_first(in + i, n), n);
      }
    }
  }
}
