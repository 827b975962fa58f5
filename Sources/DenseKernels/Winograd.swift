import CProcessor

// Winograd's F(4×4, 3×3): Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A with d a 6×6 tile of the padded input, Y a 4×4 tile of the output
// (Lavin and Gray, arXiv 1509.09308, section 4.1): 36 products where the definition has 144. Lanes are tiles.
//
// Rounding depends on where the polynomials are evaluated. Of 0, ±a, ±b, ∞ with a, b short fractions these are the best: the
// error is about twice that of adding 9 products an input one after the other; with the usual 0, ±1, ±2, ∞ it is five times.
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

/// `Bᵀ d`: 6 pixels of the input.
@inline(__always)
func transformPixels(_ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector) -> Six {
    let (d0, d1, d2, d3, d4, d5) = (ads_whole(d0), ads_whole(d1), ads_whole(d2), ads_whole(d3), ads_whole(d4), ads_whole(d5))
    let q = Vector(repeating: a2 * b2), s = Vector(repeating: -(a2 + b2))
    let minusA2 = Vector(repeating: -a2), minusB2 = Vector(repeating: -b2)
    let pa = Vector(repeating: a), ma = Vector(repeating: -a), pb = Vector(repeating: b), mb = Vector(repeating: -b)
    var r0 = d4, r5 = d5
    accumulate(&r0, d2, s)
    accumulate(&r0, d0, q)
    accumulate(&r5, d3, s)
    accumulate(&r5, d1, q)
    var even = d4, odd = d3
    accumulate(&even, d2, minusB2)
    accumulate(&odd, d1, minusB2)
    var r1 = even, r2 = even
    accumulate(&r1, odd, pa)
    accumulate(&r2, odd, ma)
    even = d4
    odd = d3
    accumulate(&even, d2, minusA2)
    accumulate(&odd, d1, minusA2)
    var r3 = even, r4 = even
    accumulate(&r3, odd, pb)
    accumulate(&r4, odd, mb)
    return Six(v0: r0, v1: r1, v2: r2, v3: r3, v4: r4, v5: r5)
}

/// `A y`: 4 pixels of the output's gradient.
@inline(__always)
func spreadGradient(_ y0: Vector, _ y1: Vector, _ y2: Vector, _ y3: Vector) -> Six {
    let (y0, y1, y2, y3) = (ads_whole(y0), ads_whole(y1), ads_whole(y2), ads_whole(y3))
    let va2 = Vector(repeating: a2), vb2 = Vector(repeating: b2)
    let pa = Vector(repeating: a), ma = Vector(repeating: -a), pb = Vector(repeating: b), mb = Vector(repeating: -b)
    var even = y0, odd = y1
    accumulate(&even, y2, va2)
    accumulate(&odd, y3, va2)
    var r1 = even, r2 = even
    accumulate(&r1, odd, pa)
    accumulate(&r2, odd, ma)
    even = y0
    odd = y1
    accumulate(&even, y2, vb2)
    accumulate(&odd, y3, vb2)
    var r3 = even, r4 = even
    accumulate(&r3, odd, pb)
    accumulate(&r4, odd, mb)
    return Six(v0: y0, v1: r1, v2: r2, v3: r3, v4: r4, v5: y3)
}

/// `Aᵀ m`: 4 pixels of the output.
@inline(__always)
func gatherOutput(_ m: Six) -> (Vector, Vector, Vector, Vector) {
    let (m1, m2, m3, m4, m5) = (ads_whole(m.v1), ads_whole(m.v2), ads_whole(m.v3), ads_whole(m.v4), ads_whole(m.v5))
    let s1 = m1 + m2, d1 = m1 - m2, s2 = m3 + m4, d2 = m3 - m4
    var y1 = d1 * a, y2 = s1 * a2, y3 = m5
    accumulate(&y1, d2, Vector(repeating: b))
    accumulate(&y2, s2, Vector(repeating: b2))
    accumulate(&y3, d1, Vector(repeating: a2 * a))
    accumulate(&y3, d2, Vector(repeating: b2 * b))
    return (m.v0 + s1 + s2, y1, y2, y3)
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

/// Writes `Gᵀ u G`, a 3×3 kernel's gradient, of 36 values `stride` apart.
@inline(__always)
func gatherKernelGradient(_ u: UnsafePointer<Float>, stride: Int, _ out: UnsafeMutablePointer<Float>) {
    let n0 = 1 / (a2 * b2), na = 1 / (2 * a2 * (a2 - b2)), nb = 1 / (2 * b2 * (b2 - a2))
    @inline(__always) func combine(
        _ u0: Float, _ u1: Float, _ u2: Float, _ u3: Float, _ u4: Float, _ u5: Float
    ) -> (Float, Float, Float) {
        let (sa, da, sb, db) = ((u1 + u2) * na, (u1 - u2) * na, (u3 + u4) * nb, (u3 - u4) * nb)
        return (u0 * n0 + (sa + sb), a * da + b * db, a2 * sa + b2 * sb + u5)
    }
    @inline(__always) func row(_ i: Int) -> (Float, Float, Float) {
        let p = u + i &* 6 &* stride
        return combine(p[0], p[stride], p[2 &* stride], p[3 &* stride], p[4 &* stride], p[5 &* stride])
    }
    let (r0, r1, r2, r3, r4, r5) = (row(0), row(1), row(2), row(3), row(4), row(5))
    let c0 = combine(r0.0, r1.0, r2.0, r3.0, r4.0, r5.0)
    let c1 = combine(r0.1, r1.1, r2.1, r3.1, r4.1, r5.1)
    let c2 = combine(r0.2, r1.2, r2.2, r3.2, r4.2, r5.2)
    (out[0], out[1], out[2]) = (c0.0, c1.0, c2.0)
    (out[3], out[4], out[5]) = (c0.1, c1.1, c2.1)
    (out[6], out[7], out[8]) = (c0.2, c1.2, c2.2)
}
