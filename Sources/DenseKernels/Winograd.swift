// Winograd's F(4×4, 3×3): Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A with d a 6×6 tile of the padded input, Y a 4×4 tile of the
// output (Lavin and Gray, arXiv 1509.09308, section 4.1 and following): 36 products where the definition has 144. Lanes
// are tiles.
//
// Rounding depends on where the polynomials are evaluated. Of 0, ±a, ±b, ∞ with short fractions these lose fewer digits
// than the usual 0, ±1, ±2, ∞; sums in short pieces (ForwardPass) win back more. The test roundsLikeTheDefinition holds
// the result.
private let a: Float = 11 / 16
private let b: Float = 3 / 2
private let a2 = a * a
private let b2 = b * b

/// One line of a tile after a transform.
struct Six<V: Lanes> {
    var v0: V
    var v1: V
    var v2: V
    var v3: V
    var v4: V
    var v5: V

    @inline(__always) init(_ v0: V, _ v1: V, _ v2: V, _ v3: V, _ v4: V, _ v5: V) {
        (self.v0, self.v1, self.v2, self.v3, self.v4, self.v5) = (v0, v1, v2, v3, v4, v5)
    }

    /// Loads six that lie `stride` apart.
    @inline(__always) init(_ p: UnsafePointer<Float>, stride: Int) {
        self.init(
            .load(p), .load(p + stride), .load(p + 2 &* stride), .load(p + 3 &* stride), .load(p + 4 &* stride),
            .load(p + 5 &* stride))
    }

    /// Stores the six `stride` apart.
    @inline(__always) func store(_ out: UnsafeMutablePointer<Float>, stride: Int) {
        v0.store(out)
        v1.store(out + stride)
        v2.store(out + 2 &* stride)
        v3.store(out + 3 &* stride)
        v4.store(out + 4 &* stride)
        v5.store(out + 5 &* stride)
    }
}

/// `x + y · c`, kept whole.
@inline(__always) private func fused<V: Lanes>(_ x: V, _ y: V, _ c: Float) -> V {
    var sum = x
    sum.accumulate(y, V(repeating: c))
    return sum.whole
}

/// `Bᵀ d`: 6 pixels of the input.
@inline(__always)
func transformPixels<V: Lanes>(_ d0: V, _ d1: V, _ d2: V, _ d3: V, _ d4: V, _ d5: V) -> Six<V> {
    let evenA = fused(d4, d2, -b2), oddA = fused(d3, d1, -b2)
    let evenB = fused(d4, d2, -a2), oddB = fused(d3, d1, -a2)
    return Six(
        fused(fused(d4, d2, -(a2 + b2)), d0, a2 * b2), fused(evenA, oddA, a), fused(evenA, oddA, -a),
        fused(evenB, oddB, b), fused(evenB, oddB, -b), fused(fused(d5, d3, -(a2 + b2)), d1, a2 * b2))
}

/// `A y`: 4 pixels of the output's gradient.
@inline(__always)
func spreadGradient<V: Lanes>(_ y0: V, _ y1: V, _ y2: V, _ y3: V) -> Six<V> {
    let evenA = fused(y0, y2, a2), oddA = fused(y1, y3, a2)
    let evenB = fused(y0, y2, b2), oddB = fused(y1, y3, b2)
    return Six(
        y0, fused(evenA, oddA, a), fused(evenA, oddA, -a), fused(evenB, oddB, b), fused(evenB, oddB, -b), y3)
}

/// `Aᵀ m`: 4 pixels of the output.
@inline(__always)
func gatherOutput<V: Lanes>(_ m: Six<V>) -> (V, V, V, V) {
    let s1 = (m.v1 + m.v2).whole, d1 = (m.v1 - m.v2).whole, s2 = (m.v3 + m.v4).whole, d2 = (m.v3 - m.v4).whole
    return (
        m.v0 + s1 + s2, fused((d1 * a).whole, d2, b), fused((s1 * a2).whole, s2, b2),
        fused(fused(m.v5, d1, a2 * a), d2, b2 * b)
    )
}

/// `Gᵀ u`: a kernel's gradient of 6 values.
@inline(__always) private func gatherKernel(_ u: Six<Vector>) -> (Vector, Vector, Vector) {
    let n0 = 1 / (a2 * b2), na = 1 / (2 * a2 * (a2 - b2)), nb = 1 / (2 * b2 * (b2 - a2))
    let s1 = ((u.v1 + u.v2) * na).whole, d1 = ((u.v1 - u.v2) * na).whole
    let s2 = ((u.v3 + u.v4) * nb).whole, d2 = ((u.v3 - u.v4) * nb).whole
    return (fused(s1 + s2, u.v0, n0), fused((d1 * a).whole, d2, b), fused(fused(u.v5, s1, a2), s2, b2))
}

/// `Gᵀ u G`, the gradients of 16 kernels at a time.
/// - Parameters:
///   - u: 36 rows of values, `stride` apart.
///   - out: 9 rows of weights, `outStride` apart.
@inline(__always)
func gatherKernelGradients(
    _ u: UnsafePointer<Float>, stride: Int, _ out: UnsafeMutablePointer<Float>, outStride: Int,
    _ scratch: UnsafeMutablePointer<Float>
) {
    for row in 0..<6 {
        let g = gatherKernel(Six(u + row &* 6 &* stride, stride: stride))
        store(g.0, scratch + 16 &* row)
        store(g.1, scratch + (16 &* row &+ 96))
        store(g.2, scratch + (16 &* row &+ 192))
    }
    for column in 0..<3 {
        let g = gatherKernel(Six(scratch + 96 &* column, stride: 16))
        store(g.0, out + column &* outStride)
        store(g.1, out + (column &+ 3) &* outStride)
        store(g.2, out + (column &+ 6) &* outStride)
    }
}

/// `G g Gᵀ` of a 3×3 kernel, turned round for the gradient of the input: 36 values, `stride` apart.
func transformKernel(_ g: UnsafePointer<Float>, turned: Bool, _ out: UnsafeMutablePointer<Float>, stride: Int) {
    let n0 = 1 / (a2 * b2), na = 1 / (2 * a2 * (a2 - b2)), nb = 1 / (2 * b2 * (b2 - a2))
    @inline(__always) func combine(_ x: Float, _ y: Float, _ z: Float) -> (Float, Float, Float, Float, Float, Float) {
        let (ea, oa) = ((x + a2 * z) * na, a * y * na)
        let (eb, ob) = ((x + b2 * z) * nb, b * y * nb)
        return (x * n0, ea + oa, ea - oa, eb + ob, eb - ob, z)
    }
    @inline(__always) func row(_ i: Int) -> (Float, Float, Float, Float, Float, Float) {
        turned ? combine(g[8 - 3 * i], g[7 - 3 * i], g[6 - 3 * i]) : combine(g[3 * i], g[3 * i + 1], g[3 * i + 2])
    }
    let (r0, r1, r2) = (row(0), row(1), row(2))
    @inline(__always) func column(_ k: Int, _ x: Float, _ y: Float, _ z: Float) {
        let u = combine(x, y, z)
        out[k * stride] = u.0
        out[(6 + k) * stride] = u.1
        out[(12 + k) * stride] = u.2
        out[(18 + k) * stride] = u.3
        out[(24 + k) * stride] = u.4
        out[(30 + k) * stride] = u.5
    }
    column(0, r0.0, r1.0, r2.0)
    column(1, r0.1, r1.1, r2.1)
    column(2, r0.2, r1.2, r2.2)
    column(3, r0.3, r1.3, r2.3)
    column(4, r0.4, r1.4, r2.4)
    column(5, r0.5, r1.5, r2.5)
}
