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
///   - weights: rows of outputs, `rowStride` apart.
///   - sums: scratch for 24 vectors.
@inline(__always) func addDotTile(
    _ input: UnsafePointer<Float>, inputBlock: Int, _ gradient: UnsafePointer<Float>, gradientBlock: Int, stride: Int,
    blocks: Int, lanes: Int, _ weights: UnsafeMutablePointer<Float>, rowStride: Int, sums: UnsafeMutablePointer<Float>
) {
    ads_dot_tile(input, inputBlock, gradient, gradientBlock, stride, blocks, lanes, sums)
    if ads_has_wide_tile() != 0 {
        addLaneSums(sums, weights, rowStride: rowStride)
    } else {
        for c in 0..<dotInputs {
            for o in 0..<dotOutputs {
                weights[c &* rowStride &+ o] += laneSum8(sums + (c &* dotOutputs &+ o) &* 8)
            }
        }
    }
}

@inline(never) private func laneSum8(_ p: UnsafePointer<Float>) -> Float { load8(p).sum() }

/// Adds the lane sums of 24 vectors, 4 inputs of 6 outputs. Pairs of vectors are added half by half until one vector
/// holds the sums of 16: three instructions an accumulator instead of a dozen.
@inline(never)
private func addLaneSums(_ sums: UnsafePointer<Float>, _ weights: UnsafeMutablePointer<Float>, rowStride: Int) {
    @inline(__always) func pair(_ a: Vector, _ b: Vector) -> Vector {
        ads_evens(a, b) + ads_odds(a, b)
    }
    @inline(__always) func eight(_ i: Int) -> Vector {
        let p = sums + i &* 16
        let a = pair(pair(load(p), load(p + 16)), pair(load(p + 32), load(p + 48)))
        let b = pair(pair(load(p + 64), load(p + 80)), pair(load(p + 96), load(p + 112)))
        return pair(a, b)
    }
    let first = pair(eight(0), eight(8))
    let last = eight(16)
    let lastSums = ads_evens(last, last) + ads_odds(last, last)
    for o in 0..<6 {
        weights[o] += first[o]
        weights[rowStride &+ o] += first[6 &+ o]
    }
    for o in 0..<4 { weights[2 &* rowStride &+ o] += first[12 &+ o] }
    for o in 0..<2 { weights[2 &* rowStride &+ 4 &+ o] += lastSums[o] }
    for o in 0..<6 { weights[3 &* rowStride &+ o] += lastSums[2 &+ o] }
}
