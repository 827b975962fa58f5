import CProcessor

/// Outputs of one register tile.
let tileRows = Int(ADS_TILE_ROWS)

/// `output[r][u] = Σ_k weights[k][r] · input[k][u]` for one tile of outputs, or with `adding` that much more.
///
/// The register tile of every convolution: a few outputs times two vectors of units, accumulated over all inputs. What
/// is added was summed by itself first: long sums in pieces are twice as exact.
///
/// - Parameters:
///   - input: `[terms][stride]`, of which the first `units` count; what is behind them in a vector is not used.
///   - weights: `[terms][tileRows]`.
///   - output: `[tileRows][stride]`.
///   - inputStep: from 16 units to the next 16 of the input, which are 16 apart but where they lie behind all terms.
///   - outputStep: the same of the output.
@inline(__always) func multiplyTile(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, units: Int, inputStep: Int = 16, outputStep: Int = 16, adding: Bool = false
) {
    ads_multiply_tile(
        input, terms, stride, inputStep, weights, output, outputStep, (units &+ 15) & ~15, adding)
}
