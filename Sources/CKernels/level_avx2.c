// x86-64 processors with AVX2 and FMA: 8 lanes, 16 registers.
#if defined(__x86_64__)
#include <immintrin.h>
#define LEVEL avx2
#define LEVEL_NAME "avx2"
#define W 8
#define FMA 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), apply_to = function)
#include "level.h"
#pragma clang attribute pop
#endif
