// What this build may use of the processor, and whether the processor at hand has it.
#ifndef ADS_PROCESSOR_H
#define ADS_PROCESSOR_H

#include "shuffle.h"

#if defined(__AVX512F__)
#define ADS_BUILT_FOR "avx512"
#define ADS_HAS_WIDE_TILE 1
#define ADS_HAS_FMA 1
#elif defined(__AVX2__) && defined(__FMA__)
#define ADS_BUILT_FOR "avx2"
#define ADS_HAS_WIDE_TILE 0
#define ADS_HAS_FMA 1
#elif defined(__ARM_NEON)
#define ADS_BUILT_FOR "neon"
#define ADS_HAS_WIDE_TILE 0
#define ADS_HAS_FMA 1
#else
#define ADS_BUILT_FOR "baseline"
#define ADS_HAS_WIDE_TILE 0
#define ADS_HAS_FMA 0
#endif

/// Whether a multiply-add is one instruction; a function, so that Swift does not warn of a condition that never changes.
static inline int ads_multiply_add_is_fused(void) { return ADS_HAS_FMA; }
/// Whether the register tile is 12 outputs times 2 vectors of 16.
static inline int ads_has_wide_tile(void) { return ADS_HAS_WIDE_TILE; }

/// Asks for a cache line that will be needed soon.
static inline void ads_prefetch(const void *p) { __builtin_prefetch(p, 0, 2); }

/// Tells the processor that this thread waits for another.
static inline void ads_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// NULL when the processor has everything this build was compiled for; else the name of what it lacks.
const char *ads_missing_instructions(void);

#include "tile.h"

#endif
