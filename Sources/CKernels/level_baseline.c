// Every other processor: 4 lanes, fused only where the architecture always fuses (arm64).
#define LEVEL baseline
#define LEVEL_NAME "baseline"
#define W 4
#if defined(__aarch64__)
#define FMA 1
#else
#define FMA 0
#endif
#include "level.h"
