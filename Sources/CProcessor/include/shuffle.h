// Shuffles of vectors. Swift has none: lanes named one by one become gathers, and SIMD32's halves stay calls.
#ifndef ADS_SHUFFLE_H
#define ADS_SHUFFLE_H

typedef float ads_float8 __attribute__((ext_vector_type(8)));
typedef float ads_float16 __attribute__((ext_vector_type(16)));

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"  // how a vector is passed matters to no one: these are inlined

#define ADS_SHUFFLE static inline __attribute__((always_inline))

// Keeps a register whole: the optimiser otherwise moves shuffles through the arithmetic in front of them and ends up with
// dozens of small ones, or with a lane at a time. Without AVX-512 a vector of 16 is two registers.
#if defined(__AVX512F__)
#define ADS_WHOLE8(v) __asm__("" : "+v"(v))
#define ADS_WHOLE(v) __asm__("" : "+v"(v))
#elif defined(__AVX__)
#define ADS_WHOLE8(v) __asm__("" : "+x"(v))
#define ADS_WHOLE(v)                                              \
  do {                                                            \
    ads_float8 low = ads_lower(v), high = ads_upper(v);           \
    ADS_WHOLE8(low);                                              \
    ADS_WHOLE8(high);                                             \
    v = ads_joined(low, high);                                    \
  } while (0)
#else
#define ADS_WHOLE8(v)
#define ADS_WHOLE(v)
#endif

/// Lanes 0 to 7.
ADS_SHUFFLE ads_float8 ads_lower(ads_float16 v) { return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7); }
/// Lanes 8 to 15.
ADS_SHUFFLE ads_float8 ads_upper(ads_float16 v) { return __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15); }
/// The lanes of a, then those of b.
ADS_SHUFFLE ads_float16 ads_joined(ads_float8 a, ads_float8 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// The same vector, kept whole: the optimiser otherwise computes some of what follows in halves.
ADS_SHUFFLE ads_float16 ads_whole(ads_float16 v) {
  ADS_WHOLE(v);
  return v;
}
/// The same of 8 lanes.
ADS_SHUFFLE ads_float8 ads_whole8(ads_float8 v) {
  ADS_WHOLE8(v);
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
#if !defined(__AVX512F__)
// Registers of 8 lanes are two of 4, across which shuffling is slow: within them as much as can be.

/// Rows of four to columns of four, in both halves: lane 4h + r of the column is lane 4h + column of row r.
ADS_SHUFFLE ads_float8 ads_column8(ads_float8 r0, ads_float8 r1, ads_float8 r2, ads_float8 r3, const int column) {
  ads_float8 low = column & 2 ? __builtin_shufflevector(r0, r1, 2, 10, 3, 11, 6, 14, 7, 15)
                              : __builtin_shufflevector(r0, r1, 0, 8, 1, 9, 4, 12, 5, 13);
  ads_float8 high = column & 2 ? __builtin_shufflevector(r2, r3, 2, 10, 3, 11, 6, 14, 7, 15)
                               : __builtin_shufflevector(r2, r3, 0, 8, 1, 9, 4, 12, 5, 13);
  return column & 1 ? __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15)
                    : __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13);
}
/// The first halves of both.
ADS_SHUFFLE ads_float8 ads_firsts8(ads_float8 a, ads_float8 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
}
/// The second halves of both.
ADS_SHUFFLE ads_float8 ads_seconds8(ads_float8 a, ads_float8 b) {
  return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}
/// ads_spread of eight groups.
ADS_SHUFFLE ads_float8 ads_spread8(ads_float8 a, ads_float8 b, ads_float8 c, ads_float8 d, const int part) {
  return ads_column8(ads_firsts8(a, c), ads_seconds8(a, c), ads_firsts8(b, d), ads_seconds8(b, d), part);
}
/// ads_gather of eight groups, two a part.
ADS_SHUFFLE ads_float8 ads_gather8(ads_float8 a, ads_float8 b, ads_float8 c, ads_float8 d, const int part) {
  ads_float8 e = ads_column8(a, b, c, d, 2 * (part & 1)), f = ads_column8(a, b, c, d, 2 * (part & 1) + 1);
  return part & 2 ? ads_seconds8(e, f) : ads_firsts8(e, f);
}
#endif

/// The first (part 0) to the fourth (part 3) lanes of sixteen groups of four that lie one behind the other. Who asks for all four
/// parts has the compiler shuffle for them together.
ADS_SHUFFLE ads_float16 ads_spread(ads_float16 a, ads_float16 b, ads_float16 c, ads_float16 d, const int part) {
#if defined(__AVX512F__)
  ads_float16 e = part & 1 ? ads_odds(a, b) : ads_evens(a, b), f = part & 1 ? ads_odds(c, d) : ads_evens(c, d);
  return part & 2 ? ads_odds(e, f) : ads_evens(e, f);
#else
  return ads_joined(
      ads_spread8(ads_lower(a), ads_upper(a), ads_lower(b), ads_upper(b), part),
      ads_spread8(ads_lower(c), ads_upper(c), ads_lower(d), ads_upper(d), part));
#endif
}

/// The other way round: of the groups the first four (part 0) to the last four (part 3).
ADS_SHUFFLE ads_float16 ads_gather(ads_float16 a, ads_float16 b, ads_float16 c, ads_float16 d, const int part) {
#if defined(__AVX512F__)
  ads_float16 e = part & 2 ? ads_interleave_high(a, c) : ads_interleave_low(a, c);
  ads_float16 f = part & 2 ? ads_interleave_high(b, d) : ads_interleave_low(b, d);
  return part & 1 ? ads_interleave_high(e, f) : ads_interleave_low(e, f);
#else
  ads_float8 e = part & 2 ? ads_upper(a) : ads_lower(a), f = part & 2 ? ads_upper(b) : ads_lower(b);
  ads_float8 g = part & 2 ? ads_upper(c) : ads_lower(c), h = part & 2 ? ads_upper(d) : ads_lower(d);
  return ads_joined(ads_gather8(e, f, g, h, 2 * (part & 1)), ads_gather8(e, f, g, h, 2 * (part & 1) + 1));
#endif
}

#pragma clang diagnostic pop

#endif
