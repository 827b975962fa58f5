import CProcessor

/// Outputs of one register tile, but for the last of a convolution, which has what is left in steps.
let tileRows = Int(ADS_TILE_ROWS)
/// Steps of the outputs that the last tile has.
let tileRowStep = Int(ADS_TILE_ROW_STEP)

/// Outputs of all tiles of a convolution.
@inline(__always) func tiledRows(outputs: Int) -> Int { (outputs + tileRowStep - 1) / tileRowStep * tileRowStep }

/// `output[r][u] = Σ_k weights[k][r] · input[k][u]` for one tile of outputs, or with `adding` that much more.
///
/// The register tile of every convolution: a few outputs times two vectors of units, accumulated over all inputs. What
/// is added was summed by itself first: long sums in pieces are twice as exact.
///
/// - Parameters:
///   - input: `[terms][stride]`, of which the first `units` count; what is behind them in a vector is not used.
///   - weights: `[terms][rows]`.
///   - rows: outputs of this tile: one, two or three steps.
///   - output: `[rows][outputStride]`, that of the input when `nil`.
///   - inputStep: from 16 units to the next 16 of the input, which are 16 apart but where they lie behind all terms.
///   - outputStep: the same of the output.
@inline(__always) func multiplyTile(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    rows: Int, _ output: UnsafeMutablePointer<Float>, outputStride: Int? = nil, units: Int, inputStep: Int = 16,
    outputStep: Int = 16, adding: Bool = false
) {
    ads_multiply_tile(
        input, terms, stride, inputStep, weights, rows, output, outputStride ?? stride, outputStep, (units &+ 7) & ~7,
        adding)
}
