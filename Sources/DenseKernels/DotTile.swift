// The register tile of every weight gradient: a few inputs times a few outputs, each a dot product over all units. The
// accumulators are stored and their lanes summed elsewhere: taking lanes here would make the compiler keep them as scalars.

import CProcessor

/// Inputs of one dot tile.
let dotInputs = ads_has_wide_tile() != 0 ? 4 : 3
/// Outputs of one dot tile.
let dotOutputs = ads_has_wide_tile() != 0 ? 6 : 4

/// Adds `Σ_u input[c][u] · gradient[o][u]` to `weights[c][o]` for one tile of inputs and outputs.
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
    if ads_has_wide_tile() != 0 {
        dotWide(input, inputBlock: inputBlock, gradient, gradientBlock: gradientBlock, stride: stride, blocks: blocks, lanes: lanes, sums: sums)
        addLaneSums(sums, weights, rowStride: rowStride)
    } else {
        dotNarrow(input, inputBlock: inputBlock, gradient, gradientBlock: gradientBlock, stride: stride, blocks: blocks, lanes: lanes, sums: sums)
        for c in 0..<3 {
            for o in 0..<4 { weights[c &* rowStride &+ o] += laneSum8(sums + (c &* 4 &+ o) &* 8) }
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

@inline(never) private func dotWide(
    _ input: UnsafePointer<Float>, inputBlock: Int, _ gradient: UnsafePointer<Float>, gradientBlock: Int, stride: Int,
    blocks: Int, lanes: Int, sums: UnsafeMutablePointer<Float>
) {
    var s00 = Vector.zero, s01 = Vector.zero, s02 = Vector.zero, s03 = Vector.zero, s04 = Vector.zero, s05 = Vector.zero
    var s10 = Vector.zero, s11 = Vector.zero, s12 = Vector.zero, s13 = Vector.zero, s14 = Vector.zero, s15 = Vector.zero
    var s20 = Vector.zero, s21 = Vector.zero, s22 = Vector.zero, s23 = Vector.zero, s24 = Vector.zero, s25 = Vector.zero
    var s30 = Vector.zero, s31 = Vector.zero, s32 = Vector.zero, s33 = Vector.zero, s34 = Vector.zero, s35 = Vector.zero
    var block = 0
    while block < blocks {
        let x = input + block &* inputBlock, g = gradient + block &* gradientBlock
        var lane = 0
        while lane < lanes {
            let x0 = load(x + (lane &+ 0 &* stride))
            let x1 = load(x + (lane &+ 1 &* stride))
            let x2 = load(x + (lane &+ 2 &* stride))
            let x3 = load(x + (lane &+ 3 &* stride))
            var g0 = load(g + (lane &+ 0 &* stride))
            accumulate(&s00, x0, g0)
            accumulate(&s10, x1, g0)
            accumulate(&s20, x2, g0)
            accumulate(&s30, x3, g0)
            g0 = load(g + (lane &+ 1 &* stride))
            accumulate(&s01, x0, g0)
            accumulate(&s11, x1, g0)
            accumulate(&s21, x2, g0)
            accumulate(&s31, x3, g0)
            g0 = load(g + (lane &+ 2 &* stride))
            accumulate(&s02, x0, g0)
            accumulate(&s12, x1, g0)
            accumulate(&s22, x2, g0)
            accumulate(&s32, x3, g0)
            g0 = load(g + (lane &+ 3 &* stride))
            accumulate(&s03, x0, g0)
            accumulate(&s13, x1, g0)
            accumulate(&s23, x2, g0)
            accumulate(&s33, x3, g0)
            g0 = load(g + (lane &+ 4 &* stride))
            accumulate(&s04, x0, g0)
            accumulate(&s14, x1, g0)
            accumulate(&s24, x2, g0)
            accumulate(&s34, x3, g0)
            g0 = load(g + (lane &+ 5 &* stride))
            accumulate(&s05, x0, g0)
            accumulate(&s15, x1, g0)
            accumulate(&s25, x2, g0)
            accumulate(&s35, x3, g0)
            lane &+= 16
        }
        block &+= 1
    }
    store(s00, sums)
    store(s01, sums + 16)
    store(s02, sums + 32)
    store(s03, sums + 48)
    store(s04, sums + 64)
    store(s05, sums + 80)
    store(s10, sums + 96)
    store(s11, sums + 112)
    store(s12, sums + 128)
    store(s13, sums + 144)
    store(s14, sums + 160)
    store(s15, sums + 176)
    store(s20, sums + 192)
    store(s21, sums + 208)
    store(s22, sums + 224)
    store(s23, sums + 240)
    store(s24, sums + 256)
    store(s25, sums + 272)
    store(s30, sums + 288)
    store(s31, sums + 304)
    store(s32, sums + 320)
    store(s33, sums + 336)
    store(s34, sums + 352)
    store(s35, sums + 368)
}

@inline(never) private func dotNarrow(
    _ input: UnsafePointer<Float>, inputBlock: Int, _ gradient: UnsafePointer<Float>, gradientBlock: Int, stride: Int,
    blocks: Int, lanes: Int, sums: UnsafeMutablePointer<Float>
) {
    var s00 = SIMD8<Float>.zero, s01 = SIMD8<Float>.zero, s02 = SIMD8<Float>.zero, s03 = SIMD8<Float>.zero
    var s10 = SIMD8<Float>.zero, s11 = SIMD8<Float>.zero, s12 = SIMD8<Float>.zero, s13 = SIMD8<Float>.zero
    var s20 = SIMD8<Float>.zero, s21 = SIMD8<Float>.zero, s22 = SIMD8<Float>.zero, s23 = SIMD8<Float>.zero
    var block = 0
    while block < blocks {
        let x = input + block &* inputBlock, g = gradient + block &* gradientBlock
        var lane = 0
        while lane < lanes {
            let x0 = load8(x + (lane &+ 0 &* stride))
            let x1 = load8(x + (lane &+ 1 &* stride))
            let x2 = load8(x + (lane &+ 2 &* stride))
            var g0 = load8(g + (lane &+ 0 &* stride))
            accumulate(&s00, x0, g0)
            accumulate(&s10, x1, g0)
            accumulate(&s20, x2, g0)
            g0 = load8(g + (lane &+ 1 &* stride))
            accumulate(&s01, x0, g0)
            accumulate(&s11, x1, g0)
            accumulate(&s21, x2, g0)
            g0 = load8(g + (lane &+ 2 &* stride))
            accumulate(&s02, x0, g0)
            accumulate(&s12, x1, g0)
            accumulate(&s22, x2, g0)
            g0 = load8(g + (lane &+ 3 &* stride))
            accumulate(&s03, x0, g0)
            accumulate(&s13, x1, g0)
            accumulate(&s23, x2, g0)
            lane &+= 8
        }
        block &+= 1
    }
    store8(s00, sums)
    store8(s01, sums + 8)
    store8(s02, sums + 16)
    store8(s03, sums + 24)
    store8(s10, sums + 32)
    store8(s11, sums + 40)
    store8(s12, sums + 48)
    store8(s13, sums + 56)
    store8(s20, sums + 64)
    store8(s21, sums + 72)
    store8(s22, sums + 80)
    store8(s23, sums + 88)
}
