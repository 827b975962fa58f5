#include "processor.h"

// C, as Swift keeps arrays of vectors in memory: there each sum had to be a variable with a name, in every size of tile.
// Every count is a constant once these are inlined, so that every loop over the tile unrolls and every sum is a register; the
// loops over the data do not unroll, which would spill sums.
#pragma clang diagnostic ignored "-Wpsabi"  // how a vector is passed matters to no one: these are inlined
#define INLINED static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")

// Terms that one turn of the loop adds. Twelve sums take six cycles a term, in which counting shows; 24 do not need it.
#define ADS_TILE_TURN (ADS_HAS_WIDE_TILE ? 1 : 2)

#define LANES ADS_TILE_LANES
#define NAMED(name) name
#include "multiply.h"
#undef LANES
#undef NAMED
#if ADS_HAS_WIDE_TILE
#define LANES 8
#define NAMED(name) half_##name
#include "multiply.h"
#undef LANES
#undef NAMED
#endif

// A tile of some rows: 32 lanes at a time, then 16, then the 8 that a row may end with, which take half the time of 16 on processors
// that do a vector of 16 in two halves (Zen 4), and no more on others.
INLINED void multiply_rows(
    const float *input, ptrdiff_t terms, ptrdiff_t stride, ptrdiff_t input_step, const float *weights, float *output,
    ptrdiff_t output_stride, ptrdiff_t output_step, ptrdiff_t lanes, bool adding, const int rows) {
#if ADS_HAS_WIDE_TILE
  for (; lanes > 24; lanes -= 32, input += 2 * input_step, output += 2 * output_step)
    multiply(input, input_step, terms, stride, weights, output, output_stride, output_step, adding, rows, 2);
  if (lanes > 8) {
    multiply(input, 0, terms, stride, weights, output, output_stride, 0, adding, rows, 1);
    lanes -= 16, input += input_step, output += output_step;
  }
  if (lanes > 0) half_multiply(input, 0, terms, stride, weights, output, output_stride, 0, adding, rows, 1);
#else
  for (; lanes > 8; lanes -= 16, input += input_step, output += output_step)
    multiply(input, ADS_TILE_LANES, terms, stride, weights, output, output_stride, ADS_TILE_LANES, adding, rows, 2);
  if (lanes > 0) multiply(input, 0, terms, stride, weights, output, output_stride, 0, adding, rows, 1);
#endif
}

void ads_multiply_tile(
    const float *input, ptrdiff_t terms, ptrdiff_t stride, ptrdiff_t input_step, const float *weights, ptrdiff_t rows, float *output,
    ptrdiff_t output_stride, ptrdiff_t output_step, ptrdiff_t lanes, bool adding) {
  const int part = ADS_TILE_ROW_STEP;
  if (rows > 2 * part)
    multiply_rows(input, terms, stride, input_step, weights, output, output_stride, output_step, lanes, adding, 3 * part);
  else if (rows > part)
    multiply_rows(input, terms, stride, input_step, weights, output, output_stride, output_step, lanes, adding, 2 * part);
  else
    multiply_rows(input, terms, stride, input_step, weights, output, output_stride, output_step, lanes, adding, part);
}

void ads_dot_tile(
    const float *input, ptrdiff_t input_block, ptrdiff_t input_step, const float *gradient, ptrdiff_t gradient_block,
    ptrdiff_t gradient_step, ptrdiff_t stride, ptrdiff_t blocks, ptrdiff_t lanes, float *sums) {
  vector own[ADS_DOT_INPUTS][ADS_DOT_OUTPUTS];
  UNROLL for (int c = 0; c < ADS_DOT_INPUTS; c++) UNROLL for (int o = 0; o < ADS_DOT_OUTPUTS; o++) own[c][o] = 0;
  for (ptrdiff_t block = 0; block < blocks; block++, input += input_block, gradient += gradient_block) {
    const float *inputs = input, *gradients = gradient;
    ROLLED for (ptrdiff_t lane = 0; lane < lanes; lane += 16, inputs += input_step, gradients += gradient_step) {
      UNROLL for (int part = 0; part < 16; part += ADS_TILE_LANES) {
        vector x[ADS_DOT_INPUTS];
        UNROLL for (int c = 0; c < ADS_DOT_INPUTS; c++) x[c] = load(inputs + part + c * stride);
        UNROLL for (int o = 0; o < ADS_DOT_OUTPUTS; o++) {
          vector g = load(gradients + part + o * stride);
          UNROLL for (int c = 0; c < ADS_DOT_INPUTS; c++) own[c][o] = fused(own[c][o], x[c], g);
        }
      }
    }
  }
  UNROLL for (int c = 0; c < ADS_DOT_INPUTS; c++) {
    UNROLL for (int o = 0; o < ADS_DOT_OUTPUTS; o++) store(sums + (c * ADS_DOT_OUTPUTS + o) * ADS_TILE_LANES, own[c][o]);
  }
}

// Lanes are added by halves: pairs of vectors until one holds the sums of many, a few instructions a sum instead of a dozen.
#if ADS_HAS_WIDE_TILE
INLINED vector pairs_added(vector a, vector b) { return ads_evens(a, b) + ads_odds(a, b); }
INLINED vector eight_added(const float *p) {
  return pairs_added(
      pairs_added(pairs_added(load(p), load(p + 16)), pairs_added(load(p + 32), load(p + 48))),
      pairs_added(pairs_added(load(p + 64), load(p + 80)), pairs_added(load(p + 96), load(p + 112))));
}

void ads_add_lanes(const float *sums, float *weights, ptrdiff_t row_stride) {
  vector last = eight_added(sums + 16 * 16);
  float own[ADS_DOT_INPUTS * ADS_DOT_OUTPUTS + 8];
  store(own, pairs_added(eight_added(sums), eight_added(sums + 8 * 16)));
  store(own + 16, pairs_added(last, last));
  UNROLL for (int c = 0; c < ADS_DOT_INPUTS; c++) {
    UNROLL for (int o = 0; o < ADS_DOT_OUTPUTS; o++) weights[c * row_stride + o] += own[c * ADS_DOT_OUTPUTS + o];
  }
}
#else
typedef float four __attribute__((ext_vector_type(4)));
typedef four unaligned_four __attribute__((aligned(4)));

INLINED four halves_added(const float *p) { return *(const unaligned_four *)p + *(const unaligned_four *)(p + 4); }
INLINED four pairs_added(four a, four b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

void ads_add_lanes(const float *sums, float *weights, ptrdiff_t row_stride) {
  UNROLL for (int c = 0; c < ADS_DOT_INPUTS; c++) {
    const float *own = sums + c * ADS_DOT_OUTPUTS * ADS_TILE_LANES;
    four low = pairs_added(halves_added(own), halves_added(own + ADS_TILE_LANES));
    four high = pairs_added(halves_added(own + 2 * ADS_TILE_LANES), halves_added(own + 3 * ADS_TILE_LANES));
    unaligned_four *row = (unaligned_four *)(weights + c * row_stride);
    *row = *row + pairs_added(low, high);
  }
}
#endif

float ads_multiply_adds(ptrdiff_t rounds) {
  vector sums[ADS_PEAK_SUMS];
  UNROLL for (int i = 0; i < ADS_PEAK_SUMS; i++) sums[i] = (float)(i + 2);  // 1 would stay 1, and need no loop
  ROLLED for (ptrdiff_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < ADS_PEAK_SUMS; i++) sums[i] = fused((vector)0.001f, sums[i], (vector)0.999f);
  }
  vector all = 0;
  UNROLL for (int i = 0; i < ADS_PEAK_SUMS; i++) all += sums[i];
  return all[0];
}
