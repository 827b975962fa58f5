// The register tiles of every convolution, where the time should go: as many sums as fit into the processor's registers, every
// lane of every multiply-add used.
#ifndef ADS_TILE_H
#define ADS_TILE_H

// Included by processor.h, whose macros it needs.
#include <stdbool.h>
#include <stddef.h>

#if ADS_HAS_WIDE_TILE
// 32 registers of 16 floats: 24 sums, what they are made of, and little else.
#define ADS_TILE_LANES 16
#define ADS_TILE_ROWS 12
#define ADS_DOT_INPUTS 4
#define ADS_DOT_OUTPUTS 6
#else
// 16 registers of 8 floats, or 32 of 4: 12 sums.
#define ADS_TILE_LANES 8
#define ADS_TILE_ROWS 6
#define ADS_DOT_INPUTS 3
#define ADS_DOT_OUTPUTS 4
#endif

/// A tile has whole steps of rows: all three, or what the outputs leave for the last one.
#define ADS_TILE_ROW_STEP (ADS_TILE_ROWS / 3)

/// output[r][u] = sum over k of weights[k][r] * input[k][u], or with adding that much more, for one, two or three steps of rows.
/// input is [terms][stride], weights [terms][rows], output [rows][output_stride]; the first lanes of a row count, a multiple of 8.
/// From 16 lanes to the next 16 it is input_step and output_step: 16, or what [lanes / 16][terms][16] needs.
void ads_multiply_tile(
    const float *input, ptrdiff_t terms, ptrdiff_t stride, ptrdiff_t input_step, const float *weights, ptrdiff_t rows, float *output,
    ptrdiff_t output_stride, ptrdiff_t output_step, ptrdiff_t lanes, bool adding);

/// sums[c][o] = sum over blocks and u of input[c][u] * gradient[o][u], lane by lane: ADS_DOT_INPUTS times ADS_DOT_OUTPUTS
/// vectors of ADS_TILE_LANES, whose lanes ads_add_lanes adds, as taking lanes here would keep the sums out of registers.
/// A block is [rows][stride]; the first lanes of a row count, a multiple of 16, from 16 to the next input_step and gradient_step.
void ads_dot_tile(
    const float *input, ptrdiff_t input_block, ptrdiff_t input_step, const float *gradient, ptrdiff_t gradient_block,
    ptrdiff_t gradient_step, ptrdiff_t stride, ptrdiff_t blocks, ptrdiff_t lanes, float *sums);

/// Adds the lanes of what ads_dot_tile left to weights[c][o], whose rows are row_stride apart.
void ads_add_lanes(const float *sums, float *weights, ptrdiff_t row_stride);

/// Does rounds times ADS_PEAK_SUMS independent multiply-adds of ADS_TILE_LANES lanes, as many sums as a tile has, and nothing
/// else; what they come to, so that the compiler cannot leave them out.
#define ADS_PEAK_SUMS (2 * ADS_TILE_ROWS)
float ads_multiply_adds(ptrdiff_t rounds);

#endif
