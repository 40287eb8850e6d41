// Which level runs: decided once, when the library is loaded.
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

extern const struct swirl_kernels swirl_kernels_baseline;
#if defined(__x86_64__)
extern const struct swirl_kernels swirl_kernels_avx2;
extern const struct swirl_kernels swirl_kernels_avx512;
#endif

const struct swirl_kernels *swirl_active = &swirl_kernels_baseline;

int swirl_levels(const struct swirl_kernels **levels, int capacity) {
  int count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                 __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c");
  int has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") &&
                   __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl");
  if (has_avx512 && count < capacity) levels[count++] = &swirl_kernels_avx512;
  if (has_avx2 && count < capacity) levels[count++] = &swirl_kernels_avx2;
#endif
  if (count < capacity) levels[count++] = &swirl_kernels_baseline;
  return count;
}

__attribute__((constructor)) static void choose_level(void) {
  const struct swirl_kernels *levels[3];
  int count = swirl_levels(levels, 3);
  const char *wanted = getenv("SWIRL_SIMD");
  swirl_active = levels[0];
  for (int i = 0; wanted && i < count; i++)
    if (strcmp(wanted, levels[i]->name) == 0) swirl_active = levels[i];
}
