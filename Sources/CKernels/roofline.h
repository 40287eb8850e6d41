// What the multiply-add units can do at this level: twelve chains that do not wait for each other,
// enough for two units of four cycles each, and few enough for sixteen registers.

static float NAME(multiply_adds)(long rounds) {
  V chains[12];
#pragma clang loop unroll(full)
  for (int i = 0; i < 12; i++) chains[i] = splat((float)i);
  // Factors the compiler cannot know, which keep the numbers near 1.
  volatile float read[2] = {0.9999f, 0.0001f};
  const V factor = splat(read[0]), term = splat(read[1]);
  for (long round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) chains[i] = multiply_add(chains[i], factor, term);
  }
  V sum = chains[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < 12; i++) sum = sum + chains[i];
  return horizontal_sum(sum);
}
