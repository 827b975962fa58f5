import CProcessor

/// What the kernels compute with: one AVX-512 register, two of AVX2, four of NEON or SSE.
typealias Vector = SIMD16<Float>

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}
@inline(__always) func load8(_ p: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
}
@inline(__always) func store8(_ v: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD8<Float>.self)
}

/// Multiplies and adds; without FMA in the build, `addProduct` would call libm for every lane.
@inline(__always) func accumulate(_ sum: inout Vector, _ a: Vector, _ b: Vector) {
    if ads_multiply_add_is_fused() != 0 { sum.addProduct(a, b) } else { sum += a * b }
}
@inline(__always) func accumulate(_ sum: inout SIMD8<Float>, _ a: SIMD8<Float>, _ b: SIMD8<Float>) {
    if ads_multiply_add_is_fused() != 0 { sum.addProduct(a, b) } else { sum += a * b }
}

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

/// What the transforms compute with: vectors that are one register, so that a tile's line of six stays in registers.
protocol Lanes: SIMD<Float> {
    static func load(_ p: UnsafePointer<Float>) -> Self
    func store(_ p: UnsafeMutablePointer<Float>)
    /// The same, kept whole: the optimiser otherwise computes some of the transforms in halves of vectors.
    var whole: Self { get }
    /// Zero in the lanes where the mask has no bits.
    func masked(_ mask: UnsafeRawPointer) -> Self
    mutating func accumulate(_ a: Self, _ b: Self)
}

extension SIMD16<Float>: Lanes {
    @inline(__always) static func load(_ p: UnsafePointer<Float>) -> Self {
        UnsafeRawPointer(p).loadUnaligned(as: Self.self)
    }
    @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self)
    }
    @inline(__always) var whole: Self { ads_whole(self) }
    @inline(__always) func masked(_ mask: UnsafeRawPointer) -> Self {
        unsafeBitCast(
            unsafeBitCast(self, to: SIMD16<UInt32>.self) & mask.loadUnaligned(as: SIMD16<UInt32>.self), to: Self.self)
    }
    @inline(__always) mutating func accumulate(_ a: Self, _ b: Self) {
        if ads_multiply_add_is_fused() != 0 { addProduct(a, b) } else { self += a * b }
    }
}

extension SIMD8<Float>: Lanes {
    @inline(__always) static func load(_ p: UnsafePointer<Float>) -> Self {
        UnsafeRawPointer(p).loadUnaligned(as: Self.self)
    }
    @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self)
    }
    @inline(__always) var whole: Self { ads_whole8(self) }
    @inline(__always) func masked(_ mask: UnsafeRawPointer) -> Self {
        unsafeBitCast(
            unsafeBitCast(self, to: SIMD8<UInt32>.self) & mask.loadUnaligned(as: SIMD8<UInt32>.self), to: Self.self)
    }
    @inline(__always) mutating func accumulate(_ a: Self, _ b: Self) {
        if ads_multiply_add_is_fused() != 0 { addProduct(a, b) } else { self += a * b }
    }
}
