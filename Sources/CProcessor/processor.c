#include "processor.h"

#include <stddef.h>

// What the compiler was allowed to use, as far as it can be asked of the processor by name.
#define NEEDED(feature, name) \
  if (!__builtin_cpu_supports(feature)) return name;

const char *ads_missing_instructions(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#if defined(__AVX512F__)
    NEEDED("avx512f", "AVX-512F")
#endif
#if defined(__AVX512BW__)
    NEEDED("avx512bw", "AVX-512BW")
#endif
#if defined(__AVX512CD__)
    NEEDED("avx512cd", "AVX-512CD")
#endif
#if defined(__AVX512DQ__)
    NEEDED("avx512dq", "AVX-512DQ")
#endif
#if defined(__AVX512VL__)
    NEEDED("avx512vl", "AVX-512VL")
#endif
#if defined(__AVX2__)
    NEEDED("avx2", "AVX2")
#endif
#if defined(__FMA__)
    NEEDED("fma", "FMA")
#endif
#if defined(__BMI2__)
    NEEDED("bmi2", "BMI2")
#endif
#endif
    return NULL;
}
