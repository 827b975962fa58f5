// The weights' gradient: 6 outputs times the 3 taps of a kernel row, accumulated over all positions of an image.

/// Adds one image's gradient of the weights that join `planes` input planes to 6 outputs.
///
/// - Parameters:
///   - input: padded planes `[planes][planeStride]`.
///   - gradient: 6 padded planes with zeros in the garbage columns, at their origin, `planeStride` apart.
///   - weights: `[planes][9][outputs]`, of which 6 starting at this pointer are added to.
///   - lanes: scratch for 18 vectors.
@inline(never)
func addWeightGradient6(
    _ input: UnsafePointer<Float>, planes: Int, planeStride: Int, rowStride: Int, _ gradient: UnsafePointer<Float>,
    _ weights: UnsafeMutablePointer<Float>, outputs: Int, positions: Int, lanes: UnsafeMutablePointer<Float>
) {
    var c = 0
    while c < planes {
        var kh = 0
        while kh < 3 {
            var a0 = Vector.zero, b0 = Vector.zero, d0 = Vector.zero, a1 = Vector.zero, b1 = Vector.zero, d1 = Vector.zero, a2 = Vector.zero, b2 = Vector.zero, d2 = Vector.zero, a3 = Vector.zero, b3 = Vector.zero, d3 = Vector.zero, a4 = Vector.zero, b4 = Vector.zero, d4 = Vector.zero, a5 = Vector.zero, b5 = Vector.zero, d5 = Vector.zero
            let row = input + c &* planeStride + kh &* rowStride
            var p = 0
            while p < positions {
                let u = load(row + p)
                let v = load(row + p + 1)
                let w = load(row + p + 2)
                let g = gradient + p
                var t = load(g)
                accumulate(&a0, t, u)
                accumulate(&b0, t, v)
                accumulate(&d0, t, w)
                t = load(g + 1 * planeStride)
                accumulate(&a1, t, u)
                accumulate(&b1, t, v)
                accumulate(&d1, t, w)
                t = load(g + 2 * planeStride)
                accumulate(&a2, t, u)
                accumulate(&b2, t, v)
                accumulate(&d2, t, w)
                t = load(g + 3 * planeStride)
                accumulate(&a3, t, u)
                accumulate(&b3, t, v)
                accumulate(&d3, t, w)
                t = load(g + 4 * planeStride)
                accumulate(&a4, t, u)
                accumulate(&b4, t, v)
                accumulate(&d4, t, w)
                t = load(g + 5 * planeStride)
                accumulate(&a5, t, u)
                accumulate(&b5, t, v)
                accumulate(&d5, t, w)
                p &+= 16
            }
            // Stored and reduced elsewhere: taking lanes here would make the compiler keep the sums as scalars.
            store(a0, lanes + 0)
            store(a1, lanes + 16)
            store(a2, lanes + 32)
            store(a3, lanes + 48)
            store(a4, lanes + 64)
            store(a5, lanes + 80)
            store(b0, lanes + 96)
            store(b1, lanes + 112)
            store(b2, lanes + 128)
            store(b3, lanes + 144)
            store(b4, lanes + 160)
            store(b5, lanes + 176)
            store(d0, lanes + 192)
            store(d1, lanes + 208)
            store(d2, lanes + 224)
            store(d3, lanes + 240)
            store(d4, lanes + 256)
            store(d5, lanes + 272)
            addLaneSums(lanes, to: weights + (c &* 9 &+ kh &* 3) &* outputs, outputs: outputs)
            kh &+= 1
        }
        c &+= 1
    }
}

/// Adds the sums of 18 vectors, 3 taps of 6 outputs, to `[3][outputs]`.
@inline(never)
private func addLaneSums(_ lanes: UnsafePointer<Float>, to weights: UnsafeMutablePointer<Float>, outputs: Int) {
    for tap in 0..<3 {
        for output in 0..<6 { weights[tap * outputs + output] += load(lanes + (tap * 6 + output) * 16).sum() }
    }
}
