// Shuffles of vectors. Swift has none: lanes named one by one become gathers, and SIMD32's halves stay calls.
#ifndef ADS_SHUFFLE_H
#define ADS_SHUFFLE_H

typedef float ads_float8 __attribute__((ext_vector_type(8)));
typedef float ads_float16 __attribute__((ext_vector_type(16)));

#define ADS_SHUFFLE static inline __attribute__((always_inline))

// Keeps a vector whole: the optimiser otherwise moves shuffles through the arithmetic in front of them and ends up with
// dozens of small ones.
#if defined(__AVX512F__)
#define ADS_WHOLE(v) __asm__("" : "+v"(v))
#else
#define ADS_WHOLE(v)
#endif

/// The same vector, kept whole: the optimiser otherwise computes some of what follows in halves.
ADS_SHUFFLE ads_float16 ads_whole(ads_float16 v) {
  ADS_WHOLE(v);
  return v;
}

/// The even lanes of two vectors in a row.
ADS_SHUFFLE ads_float16 ads_evens(ads_float16 a, ads_float16 b) {
  ADS_WHOLE(a);
  ADS_WHOLE(b);
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
/// The odd lanes of two vectors in a row.
ADS_SHUFFLE ads_float16 ads_odds(ads_float16 a, ads_float16 b) {
  ADS_WHOLE(a);
  ADS_WHOLE(b);
  return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
/// a0 b0 a1 b1 ... of the lower halves.
ADS_SHUFFLE ads_float16 ads_interleave_low(ads_float16 a, ads_float16 b) {
  ADS_WHOLE(a);
  ADS_WHOLE(b);
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
/// a8 b8 a9 b9 ... of the upper halves.
ADS_SHUFFLE ads_float16 ads_interleave_high(ads_float16 a, ads_float16 b) {
  ADS_WHOLE(a);
  ADS_WHOLE(b);
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
/// Lanes 0 to 7.
ADS_SHUFFLE ads_float8 ads_lower(ads_float16 v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7); }

/// Lanes 8 to 15.
ADS_SHUFFLE ads_float8 ads_upper(ads_float16 v) { return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15); }
/// The lanes of a, then those of b.
ADS_SHUFFLE ads_float16 ads_joined(ads_float8 a, ads_float8 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

#endif
