// What is done to rows of pixels on their way into a convolution.

/// BN as one multiply-add, then ReLU: `max(0, scale · x + shift)`; NaN stays NaN, as in PyTorch.
struct Activation: Sendable {
    let scale: Float
    let shift: Float

    @inline(__always) func callAsFunction(_ x: Vector) -> Vector {
        let y = x * Vector(repeating: scale) + Vector(repeating: shift)
        return y.replacing(with: Vector.zero, where: y .< Vector.zero)
    }
    @inline(__always) func callAsFunction(_ x: SIMD8<Float>) -> SIMD8<Float> {
        let y = x * SIMD8(repeating: scale) + SIMD8(repeating: shift)
        return y.replacing(with: SIMD8.zero, where: y .< SIMD8.zero)
    }
    @inline(__always) func callAsFunction(_ x: Float) -> Float {
        let y = x * scale + shift
        return y < 0 ? 0 : y
    }
}

/// Writes the activations of a row of pixels.
@inline(__always)
func activate(_ x: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>, count: Int) {
    var q = 0
    while q &+ 16 <= count {
        store(a(load(x + q)), out + q)
        q &+= 16
    }
    if q &+ 8 <= count {
        store8(a(load8(x + q)), out + q)
        q &+= 8
    }
    while q < count {
        out[q] = a(x[q])
        q &+= 1
    }
}

/// Copies a row of pixels.
@inline(__always)
func copyPixels(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) {
    var q = 0
    while q &+ 16 <= count {
        store(load(from + q), to + q)
        q &+= 16
    }
    while q < count {
        to[q] = from[q]
        q &+= 1
    }
}

/// What is subtracted from a channel's gradient when its producer is reached: `constant + slope · x`, the parts of its
/// readers' BN gradients that are known only after the whole batch.
struct Correction: Sendable {
    let constant: Float
    let slope: Float
}

/// Writes a row of a gradient, corrected.
@inline(__always)
func correct(
    _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ c: Correction, _ out: UnsafeMutablePointer<Float>,
    count: Int
) {
    var q = 0
    while q &+ 16 <= count {
        store(load(gradient + q) - (load(x + q) * c.slope + c.constant), out + q)
        q &+= 16
    }
    if q &+ 8 <= count {
        store8(load8(gradient + q) - (load8(x + q) * c.slope + c.constant), out + q)
        q &+= 8
    }
    while q < count {
        out[q] = gradient[q] - (x[q] * c.slope + c.constant)
        q &+= 1
    }
}
