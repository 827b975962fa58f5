// The register tile of every convolution: a few outputs times two vectors of units, accumulated over all inputs. Weights
// are broadcast, every lane of every multiply-add is used. Written out because the compiler keeps arrays of vectors in
// memory; the narrow tile is for processors with 16 registers of 8 floats.

import CProcessor

/// Outputs of one register tile.
let tileRows = ads_has_wide_tile() != 0 ? 12 : 6

/// `output[r][u] = Σ_k weights[k][r] · input[k][u]` for one tile of outputs, or with `adding` that much more.
///
/// What is added was summed by itself first: long sums in pieces are twice as exact.
///
/// - Parameters:
///   - input: `[terms][stride]`, of which the first `units` count; what is behind them in a vector is not used.
///   - weights: `[terms][tileRows]`.
///   - output: `[tileRows][stride]`.
@inline(__always) func multiplyTile(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, units: Int, adding: Bool = false
) {
    let lanes = (units &+ 15) & ~15
    if ads_has_wide_tile() != 0 {
        multiplyWide(input, terms: terms, stride: stride, weights, output, lanes: lanes, adding: adding)
    } else {
        multiplyNarrow(input, terms: terms, stride: stride, weights, output, lanes: lanes, adding: adding)
    }
}

@inline(__always) private func put(_ v: Vector, _ out: UnsafeMutablePointer<Float>, _ adding: Bool) {
    store(adding ? load(out) + v : v, out)
}
@inline(__always) private func put(_ v: SIMD8<Float>, _ out: UnsafeMutablePointer<Float>, _ adding: Bool) {
    store8(adding ? load8(out) + v : v, out)
}

@inline(never) private func multiplyWide(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, lanes: Int, adding: Bool
) {
    var lane = 0
    while lane &+ 32 <= lanes {
        var a0 = Vector.zero, a1 = Vector.zero, a2 = Vector.zero, a3 = Vector.zero
        var a4 = Vector.zero, a5 = Vector.zero, a6 = Vector.zero, a7 = Vector.zero
        var a8 = Vector.zero, a9 = Vector.zero, a10 = Vector.zero, a11 = Vector.zero
        var b0 = Vector.zero, b1 = Vector.zero, b2 = Vector.zero, b3 = Vector.zero
        var b4 = Vector.zero, b5 = Vector.zero, b6 = Vector.zero, b7 = Vector.zero
        var b8 = Vector.zero, b9 = Vector.zero, b10 = Vector.zero, b11 = Vector.zero
        var x = input + lane
        var w = weights
        var k = 0
        while k < terms {
            let u = load(x), v = load(x + 16)
            var t = Vector(repeating: w[0])
            accumulate(&a0, t, u)
            accumulate(&b0, t, v)
            t = Vector(repeating: w[1])
            accumulate(&a1, t, u)
            accumulate(&b1, t, v)
            t = Vector(repeating: w[2])
            accumulate(&a2, t, u)
            accumulate(&b2, t, v)
            t = Vector(repeating: w[3])
            accumulate(&a3, t, u)
            accumulate(&b3, t, v)
            t = Vector(repeating: w[4])
            accumulate(&a4, t, u)
            accumulate(&b4, t, v)
            t = Vector(repeating: w[5])
            accumulate(&a5, t, u)
            accumulate(&b5, t, v)
            t = Vector(repeating: w[6])
            accumulate(&a6, t, u)
            accumulate(&b6, t, v)
            t = Vector(repeating: w[7])
            accumulate(&a7, t, u)
            accumulate(&b7, t, v)
            t = Vector(repeating: w[8])
            accumulate(&a8, t, u)
            accumulate(&b8, t, v)
            t = Vector(repeating: w[9])
            accumulate(&a9, t, u)
            accumulate(&b9, t, v)
            t = Vector(repeating: w[10])
            accumulate(&a10, t, u)
            accumulate(&b10, t, v)
            t = Vector(repeating: w[11])
            accumulate(&a11, t, u)
            accumulate(&b11, t, v)
            x += stride
            w += 12
            k &+= 1
        }
        var out = output + lane
        put(a0, out, adding)
        put(b0, out + 16, adding)
        out += stride
        put(a1, out, adding)
        put(b1, out + 16, adding)
        out += stride
        put(a2, out, adding)
        put(b2, out + 16, adding)
        out += stride
        put(a3, out, adding)
        put(b3, out + 16, adding)
        out += stride
        put(a4, out, adding)
        put(b4, out + 16, adding)
        out += stride
        put(a5, out, adding)
        put(b5, out + 16, adding)
        out += stride
        put(a6, out, adding)
        put(b6, out + 16, adding)
        out += stride
        put(a7, out, adding)
        put(b7, out + 16, adding)
        out += stride
        put(a8, out, adding)
        put(b8, out + 16, adding)
        out += stride
        put(a9, out, adding)
        put(b9, out + 16, adding)
        out += stride
        put(a10, out, adding)
        put(b10, out + 16, adding)
        out += stride
        put(a11, out, adding)
        put(b11, out + 16, adding)
        lane &+= 32
    }
    if lane < lanes {
        var a0 = Vector.zero, a1 = Vector.zero, a2 = Vector.zero, a3 = Vector.zero
        var a4 = Vector.zero, a5 = Vector.zero, a6 = Vector.zero, a7 = Vector.zero
        var a8 = Vector.zero, a9 = Vector.zero, a10 = Vector.zero, a11 = Vector.zero
        var x = input + lane
        var w = weights
        var k = 0
        while k < terms {
            let u = load(x)
            var t = Vector(repeating: w[0])
            accumulate(&a0, t, u)
            t = Vector(repeating: w[1])
            accumulate(&a1, t, u)
            t = Vector(repeating: w[2])
            accumulate(&a2, t, u)
            t = Vector(repeating: w[3])
            accumulate(&a3, t, u)
            t = Vector(repeating: w[4])
            accumulate(&a4, t, u)
            t = Vector(repeating: w[5])
            accumulate(&a5, t, u)
            t = Vector(repeating: w[6])
            accumulate(&a6, t, u)
            t = Vector(repeating: w[7])
            accumulate(&a7, t, u)
            t = Vector(repeating: w[8])
            accumulate(&a8, t, u)
            t = Vector(repeating: w[9])
            accumulate(&a9, t, u)
            t = Vector(repeating: w[10])
            accumulate(&a10, t, u)
            t = Vector(repeating: w[11])
            accumulate(&a11, t, u)
            x += stride
            w += 12
            k &+= 1
        }
        var out = output + lane
        put(a0, out, adding)
        out += stride
        put(a1, out, adding)
        out += stride
        put(a2, out, adding)
        out += stride
        put(a3, out, adding)
        out += stride
        put(a4, out, adding)
        out += stride
        put(a5, out, adding)
        out += stride
        put(a6, out, adding)
        out += stride
        put(a7, out, adding)
        out += stride
        put(a8, out, adding)
        out += stride
        put(a9, out, adding)
        out += stride
        put(a10, out, adding)
        out += stride
        put(a11, out, adding)
    }
}

@inline(never) private func multiplyNarrow(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, lanes: Int, adding: Bool
) {
    var lane = 0
    while lane < lanes {
        var a0 = SIMD8<Float>.zero, a1 = SIMD8<Float>.zero, a2 = SIMD8<Float>.zero, a3 = SIMD8<Float>.zero
        var a4 = SIMD8<Float>.zero, a5 = SIMD8<Float>.zero
        var b0 = SIMD8<Float>.zero, b1 = SIMD8<Float>.zero, b2 = SIMD8<Float>.zero, b3 = SIMD8<Float>.zero
        var b4 = SIMD8<Float>.zero, b5 = SIMD8<Float>.zero
        var x = input + lane
        var w = weights
        var k = 0
        while k < terms {
            let u = load8(x), v = load8(x + 8)
            var t = SIMD8<Float>(repeating: w[0])
            accumulate(&a0, t, u)
            accumulate(&b0, t, v)
            t = SIMD8<Float>(repeating: w[1])
            accumulate(&a1, t, u)
            accumulate(&b1, t, v)
            t = SIMD8<Float>(repeating: w[2])
            accumulate(&a2, t, u)
            accumulate(&b2, t, v)
            t = SIMD8<Float>(repeating: w[3])
            accumulate(&a3, t, u)
            accumulate(&b3, t, v)
            t = SIMD8<Float>(repeating: w[4])
            accumulate(&a4, t, u)
            accumulate(&b4, t, v)
            t = SIMD8<Float>(repeating: w[5])
            accumulate(&a5, t, u)
            accumulate(&b5, t, v)
            x += stride
            w += 6
            k &+= 1
        }
        var out = output + lane
        put(a0, out, adding)
        put(b0, out + 8, adding)
        out += stride
        put(a1, out, adding)
        put(b1, out + 8, adding)
        out += stride
        put(a2, out, adding)
        put(b2, out + 8, adding)
        out += stride
        put(a3, out, adding)
        put(b3, out + 8, adding)
        out += stride
        put(a4, out, adding)
        put(b4, out + 8, adding)
        out += stride
        put(a5, out, adding)
        put(b5, out + 8, adding)
        lane &+= 16
    }
}
