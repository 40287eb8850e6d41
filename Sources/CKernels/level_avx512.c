// x86-64 processors with AVX-512: 16 lanes, 32 registers, masked loads.
#if defined(__x86_64__)
#include <immintrin.h>
#define LEVEL avx512
#define LEVEL_NAME "avx512"
#define W 16
#define FMA 1
#pragma clang attribute push(                                                       \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#include "level.h"
#pragma clang attribute pop
#endif
