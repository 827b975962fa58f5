// The register tile of every convolution: a few outputs times two vectors of units, accumulated over all inputs. Weights
// are broadcast, every lane of every multiply-add is used. Written out because the compiler keeps arrays of vectors in
// memory; the narrow tile is for processors with 16 registers of 8 floats.

import CProcessor

/// Outputs of one register tile.
let tileRows = ads_has_wide_tile() != 0 ? 12 : 6

/// `output[r][u] = Σ_k weights[k][r] · input[k][u]` for one tile of outputs, or that much more with `adding`.
///
/// - Parameters:
///   - input: `[terms][stride]`, of which the first `lanes` count, a multiple of 16.
///   - weights: `[terms][tileRows]`.
///   - output: `[tileRows][stride]`.
@inline(__always) func multiplyTile(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, lanes: Int, adding: Bool = false
) {
    if ads_has_wide_tile() != 0 {
        multiplyWide(input, terms: terms, stride: stride, weights, output, lanes: lanes, adding: adding)
    } else {
        multiplyNarrow(input, terms: terms, stride: stride, weights, output, lanes: lanes, adding: adding)
    }
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
        if adding {
            var sum = output + lane
            a0 = load(sum)
            b0 = load(sum + 16)
            sum += stride
            a1 = load(sum)
            b1 = load(sum + 16)
            sum += stride
            a2 = load(sum)
            b2 = load(sum + 16)
            sum += stride
            a3 = load(sum)
            b3 = load(sum + 16)
            sum += stride
            a4 = load(sum)
            b4 = load(sum + 16)
            sum += stride
            a5 = load(sum)
            b5 = load(sum + 16)
            sum += stride
            a6 = load(sum)
            b6 = load(sum + 16)
            sum += stride
            a7 = load(sum)
            b7 = load(sum + 16)
            sum += stride
            a8 = load(sum)
            b8 = load(sum + 16)
            sum += stride
            a9 = load(sum)
            b9 = load(sum + 16)
            sum += stride
            a10 = load(sum)
            b10 = load(sum + 16)
            sum += stride
            a11 = load(sum)
            b11 = load(sum + 16)
        }
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
        store(a0, out)
        store(b0, out + 16)
        out += stride
        store(a1, out)
        store(b1, out + 16)
        out += stride
        store(a2, out)
        store(b2, out + 16)
        out += stride
        store(a3, out)
        store(b3, out + 16)
        out += stride
        store(a4, out)
        store(b4, out + 16)
        out += stride
        store(a5, out)
        store(b5, out + 16)
        out += stride
        store(a6, out)
        store(b6, out + 16)
        out += stride
        store(a7, out)
        store(b7, out + 16)
        out += stride
        store(a8, out)
        store(b8, out + 16)
        out += stride
        store(a9, out)
        store(b9, out + 16)
        out += stride
        store(a10, out)
        store(b10, out + 16)
        out += stride
        store(a11, out)
        store(b11, out + 16)
        lane &+= 32
    }
    if lane < lanes {
        var a0 = Vector.zero, a1 = Vector.zero, a2 = Vector.zero, a3 = Vector.zero
        var a4 = Vector.zero, a5 = Vector.zero, a6 = Vector.zero, a7 = Vector.zero
        var a8 = Vector.zero, a9 = Vector.zero, a10 = Vector.zero, a11 = Vector.zero
        if adding {
            var sum = output + lane
            a0 = load(sum)
            sum += stride
            a1 = load(sum)
            sum += stride
            a2 = load(sum)
            sum += stride
            a3 = load(sum)
            sum += stride
            a4 = load(sum)
            sum += stride
            a5 = load(sum)
            sum += stride
            a6 = load(sum)
            sum += stride
            a7 = load(sum)
            sum += stride
            a8 = load(sum)
            sum += stride
            a9 = load(sum)
            sum += stride
            a10 = load(sum)
            sum += stride
            a11 = load(sum)
        }
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
        store(a0, out)
        out += stride
        store(a1, out)
        out += stride
        store(a2, out)
        out += stride
        store(a3, out)
        out += stride
        store(a4, out)
        out += stride
        store(a5, out)
        out += stride
        store(a6, out)
        out += stride
        store(a7, out)
        out += stride
        store(a8, out)
        out += stride
        store(a9, out)
        out += stride
        store(a10, out)
        out += stride
        store(a11, out)
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
        if adding {
            var sum = output + lane
            a0 = load8(sum)
            b0 = load8(sum + 8)
            sum += stride
            a1 = load8(sum)
            b1 = load8(sum + 8)
            sum += stride
            a2 = load8(sum)
            b2 = load8(sum + 8)
            sum += stride
            a3 = load8(sum)
            b3 = load8(sum + 8)
            sum += stride
            a4 = load8(sum)
            b4 = load8(sum + 8)
            sum += stride
            a5 = load8(sum)
            b5 = load8(sum + 8)
        }
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
        store8(a0, out)
        store8(b0, out + 8)
        out += stride
        store8(a1, out)
        store8(b1, out + 8)
        out += stride
        store8(a2, out)
        store8(b2, out + 8)
        out += stride
        store8(a3, out)
        store8(b3, out + 8)
        out += stride
        store8(a4, out)
        store8(b4, out + 8)
        out += stride
        store8(a5, out)
        store8(b5, out + 8)
        lane &+= 16
    }
}
