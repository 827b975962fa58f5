import CProcessor

/// Inputs of one dot tile.
let dotInputs = Int(ADS_DOT_INPUTS)
/// Outputs of one dot tile.
let dotOutputs = Int(ADS_DOT_OUTPUTS)

/// Adds `Σ_u input[c][u] · gradient[o][u]` to `weights[c][o]` for one tile of inputs and outputs.
///
/// The register tile of every weight gradient: each sum is a dot product over all units.
///
/// - Parameters:
///   - input: blocks of `[dotInputs][stride]`, `inputBlock` apart.
///   - gradient: blocks of `[dotOutputs][stride]`, `gradientBlock` apart.
///   - lanes: the units of every block that count, a multiple of 16.
///   - inputStep: from 16 units to the next 16 of the input, which are 16 apart but where they lie behind all rows.
///   - gradientStep: the same of the gradient.
///   - weights: rows of outputs, `rowStride` apart.
///   - sums: scratch for 24 vectors.
@inline(__always) func addDotTile(
    _ input: UnsafePointer<Float>, inputBlock: Int, inputStep: Int = 16, _ gradient: UnsafePointer<Float>,
    gradientBlock: Int, gradientStep: Int = 16, stride: Int, blocks: Int, lanes: Int,
    _ weights: UnsafeMutablePointer<Float>, rowStride: Int, sums: UnsafeMutablePointer<Float>
) {
    ads_dot_tile(
        input, inputBlock, inputStep, gradient, gradientBlock, gradientStep, stride, blocks, lanes, sums)
    ads_add_lanes(sums, weights, rowStride)
}
