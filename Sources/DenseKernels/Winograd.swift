import CProcessor

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
struct Six {
    var v0: Vector
    var v1: Vector
    var v2: Vector
    var v3: Vector
    var v4: Vector
    var v5: Vector
}

/// Stores the six one behind the other, `stride` apart.
@inline(__always) func store(_ r: Six, _ out: UnsafeMutablePointer<Float>, stride: Int) {
    store(r.v0, out)
    store(r.v1, out + stride)
    store(r.v2, out + 2 &* stride)
    store(r.v3, out + 3 &* stride)
    store(r.v4, out + 4 &* stride)
    store(r.v5, out + 5 &* stride)
}

/// `x + y · c`, kept whole: the optimiser otherwise computes some of the transforms in halves of vectors.
@inline(__always) private func fused(_ x: Vector, _ y: Vector, _ c: Float) -> Vector {
    var sum = x
    accumulate(&sum, y, Vector(repeating: c))
    return ads_whole(sum)
}

/// `Bᵀ d`: 6 pixels of the input.
@inline(__always)
func transformPixels(_ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector) -> Six {
    let evenA = fused(d4, d2, -b2), oddA = fused(d3, d1, -b2)
    let evenB = fused(d4, d2, -a2), oddB = fused(d3, d1, -a2)
    return Six(
        v0: fused(fused(d4, d2, -(a2 + b2)), d0, a2 * b2), v1: fused(evenA, oddA, a), v2: fused(evenA, oddA, -a),
        v3: fused(evenB, oddB, b), v4: fused(evenB, oddB, -b), v5: fused(fused(d5, d3, -(a2 + b2)), d1, a2 * b2))
}

/// `A y`: 4 pixels of the output's gradient.
@inline(__always)
func spreadGradient(_ y0: Vector, _ y1: Vector, _ y2: Vector, _ y3: Vector) -> Six {
    let evenA = fused(y0, y2, a2), oddA = fused(y1, y3, a2)
    let evenB = fused(y0, y2, b2), oddB = fused(y1, y3, b2)
    return Six(
        v0: y0, v1: fused(evenA, oddA, a), v2: fused(evenA, oddA, -a), v3: fused(evenB, oddB, b),
        v4: fused(evenB, oddB, -b),
        v5: y3)
}

/// `Aᵀ m`: 4 pixels of the output.
@inline(__always)
func gatherOutput(_ m: Six) -> (Vector, Vector, Vector, Vector) {
    let s1 = ads_whole(m.v1 + m.v2), d1 = ads_whole(m.v1 - m.v2), s2 = ads_whole(m.v3 + m.v4),
        d2 = ads_whole(m.v3 - m.v4)
    return (
        m.v0 + s1 + s2, fused(ads_whole(d1 * a), d2, b), fused(ads_whole(s1 * a2), s2, b2),
        fused(fused(m.v5, d1, a2 * a), d2, b2 * b)
    )
}

/// `Gᵀ u`: a kernel's gradient of 6 values.
@inline(__always) private func gatherKernel(_ u: Six) -> (Vector, Vector, Vector) {
    let n0 = 1 / (a2 * b2), na = 1 / (2 * a2 * (a2 - b2)), nb = 1 / (2 * b2 * (b2 - a2))
    let s1 = ads_whole((u.v1 + u.v2) * na), d1 = ads_whole((u.v1 - u.v2) * na)
    let s2 = ads_whole((u.v3 + u.v4) * nb), d2 = ads_whole((u.v3 - u.v4) * nb)
    return (fused(s1 + s2, u.v0, n0), fused(ads_whole(d1 * a), d2, b), fused(fused(u.v5, s1, a2), s2, b2))
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
        let p = u + row &* 6 &* stride
        let g = gatherKernel(
            Six(
                v0: load(p), v1: load(p + stride), v2: load(p + 2 &* stride), v3: load(p + 3 &* stride),
                v4: load(p + 4 &* stride),
                v5: load(p + 5 &* stride)))
        store(g.0, scratch + 16 &* row)
        store(g.1, scratch + (16 &* row &+ 96))
        store(g.2, scratch + (16 &* row &+ 192))
    }
    for column in 0..<3 {
        let h = scratch + 96 &* column
        let g = gatherKernel(
            Six(v0: load(h), v1: load(h + 16), v2: load(h + 32), v3: load(h + 48), v4: load(h + 64), v5: load(h + 80)))
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
