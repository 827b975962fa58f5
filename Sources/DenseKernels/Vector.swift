import CProcessor

/// What the kernels compute with: one AVX-512 register, two of AVX2, four of NEON or SSE.
typealias Vector = SIMD16<Float>

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Vector { .load(p) }
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { v.store(p) }
@inline(__always) func load8(_ p: UnsafePointer<Float>) -> SIMD8<Float> { .load(p) }
@inline(__always) func store8(_ v: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) { v.store(p) }

/// Multiplies and adds.
@inline(__always) func accumulate<V: Lanes>(_ sum: inout V, _ a: V, _ b: V) { sum.accumulate(a, b) }

/// The even and the odd elements of 32 in a row.
@inline(__always) func deinterleave(_ p: UnsafePointer<Float>) -> (even: Vector, odd: Vector) {
    let (a, b) = (load(p), load(p + 16))
    return (ads_evens(a, b), ads_odds(a, b))
}
/// `a0 b0 a1 b1 …`, as two vectors.
@inline(__always) func interleave(_ a: Vector, _ b: Vector) -> (low: Vector, high: Vector) {
    (ads_interleave_low(a, b), ads_interleave_high(a, b))
}
/// 8 lanes and 8 zeros.
@inline(__always) func widened(_ v: SIMD8<Float>) -> Vector { Vector(lowHalf: v, highHalf: SIMD8.zero) }

/// Never inlined: taking lanes of an accumulator in the function of a hot loop makes the compiler keep it as scalars
/// there.
@inline(never) func laneSum(_ v: Vector) -> Float { v.sum() }
