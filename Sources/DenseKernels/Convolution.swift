import CProcessor

// The register tile: 12 outputs times 2 vectors of 16 positions, accumulated over input planes and taps. Every lane of
// every multiply-add is used; weights are broadcast, inputs are shifted loads. Written out because the compiler keeps
// arrays of vectors in memory.

/// Multiplies and adds; without FMA in the build, `addProduct` would call libm for every lane.
@inline(__always) func accumulate(_ sum: inout Vector, _ a: Vector, _ b: Vector) {
    if ads_multiply_add_is_fused() != 0 { sum.addProduct(a, b) } else { sum += a * b }
}

/// A 3×3 convolution to 12 outputs of one image.
///
/// - Parameters:
///   - input: padded planes, `planes` of them, `planeStride` elements apart.
///   - weights: `[planes][9][12]`.
///   - output: `[12][positions]`, flat positions; garbage columns are written too.
@inline(never)
func convolve12(
    _ input: UnsafePointer<Float>, planes: Int, planeStride: Int, rowStride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, positions: Int
) {
    var position = 0
    while position &+ 32 <= positions {
        var a0 = Vector.zero, a1 = Vector.zero, a2 = Vector.zero, a3 = Vector.zero, a4 = Vector.zero, a5 = Vector.zero, a6 = Vector.zero, a7 = Vector.zero, a8 = Vector.zero, a9 = Vector.zero, a10 = Vector.zero, a11 = Vector.zero
        var b0 = Vector.zero, b1 = Vector.zero, b2 = Vector.zero, b3 = Vector.zero, b4 = Vector.zero, b5 = Vector.zero, b6 = Vector.zero, b7 = Vector.zero, b8 = Vector.zero, b9 = Vector.zero, b10 = Vector.zero, b11 = Vector.zero
        var plane = input + position
        var w = weights
        var c = 0
        while c < planes {
            var row = plane
            var kh = 0
            while kh < 3 {
                var kw = 0
                while kw < 3 {
                    let u = load(row + kw)
                    let v = load(row + kw + 16)
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
                    w += 12
                    kw &+= 1
                }
                row += rowStride
                kh &+= 1
            }
            plane += planeStride
            c &+= 1
        }
        let o = output + position
        store(a0, o + 0 * positions)
        store(b0, o + 0 * positions + 16)
        store(a1, o + 1 * positions)
        store(b1, o + 1 * positions + 16)
        store(a2, o + 2 * positions)
        store(b2, o + 2 * positions + 16)
        store(a3, o + 3 * positions)
        store(b3, o + 3 * positions + 16)
        store(a4, o + 4 * positions)
        store(b4, o + 4 * positions + 16)
        store(a5, o + 5 * positions)
        store(b5, o + 5 * positions + 16)
        store(a6, o + 6 * positions)
        store(b6, o + 6 * positions + 16)
        store(a7, o + 7 * positions)
        store(b7, o + 7 * positions + 16)
        store(a8, o + 8 * positions)
        store(b8, o + 8 * positions + 16)
        store(a9, o + 9 * positions)
        store(b9, o + 9 * positions + 16)
        store(a10, o + 10 * positions)
        store(b10, o + 10 * positions + 16)
        store(a11, o + 11 * positions)
        store(b11, o + 11 * positions + 16)
        position &+= 32
    }
    if position < positions {
        var a0 = Vector.zero, a1 = Vector.zero, a2 = Vector.zero, a3 = Vector.zero, a4 = Vector.zero, a5 = Vector.zero, a6 = Vector.zero, a7 = Vector.zero, a8 = Vector.zero, a9 = Vector.zero, a10 = Vector.zero, a11 = Vector.zero
        var plane = input + position
        var w = weights
        var c = 0
        while c < planes {
            var row = plane
            var kh = 0
            while kh < 3 {
                var kw = 0
                while kw < 3 {
                    let u = load(row + kw)
                    accumulate(&a0, Vector(repeating: w[0]), u)
                    accumulate(&a1, Vector(repeating: w[1]), u)
                    accumulate(&a2, Vector(repeating: w[2]), u)
                    accumulate(&a3, Vector(repeating: w[3]), u)
                    accumulate(&a4, Vector(repeating: w[4]), u)
                    accumulate(&a5, Vector(repeating: w[5]), u)
                    accumulate(&a6, Vector(repeating: w[6]), u)
                    accumulate(&a7, Vector(repeating: w[7]), u)
                    accumulate(&a8, Vector(repeating: w[8]), u)
                    accumulate(&a9, Vector(repeating: w[9]), u)
                    accumulate(&a10, Vector(repeating: w[10]), u)
                    accumulate(&a11, Vector(repeating: w[11]), u)
                    w += 12
                    kw &+= 1
                }
                row += rowStride
                kh &+= 1
            }
            plane += planeStride
            c &+= 1
        }
        let o = output + position
        store(a0, o + 0 * positions)
        store(a1, o + 1 * positions)
        store(a2, o + 2 * positions)
        store(a3, o + 3 * positions)
        store(a4, o + 4 * positions)
        store(a5, o + 5 * positions)
        store(a6, o + 6 * positions)
        store(a7, o + 7 * positions)
        store(a8, o + 8 * positions)
        store(a9, o + 9 * positions)
        store(a10, o + 10 * positions)
        store(a11, o + 11 * positions)
    }
}
