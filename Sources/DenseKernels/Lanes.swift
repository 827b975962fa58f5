import CProcessor

/// Vectors of one register, or of 16 lanes whatever they take: the transforms are the same for both, and a tile's line
/// of six stays in registers where each is one.
protocol Lanes: SIMD<Float>, BitwiseCopyable {
    /// The same, kept whole: the optimiser otherwise computes some of the transforms in halves of vectors.
    var whole: Self { get }
    /// Zero in the lanes whose mask has no bits set.
    func masked(_ mask: UnsafeRawPointer) -> Self
}

extension Lanes {
    @inline(__always) static func load(_ p: UnsafePointer<Float>) -> Self {
        UnsafeRawPointer(p).loadUnaligned(as: Self.self)
    }

    @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self)
    }

    /// Multiplies and adds; without FMA in the build, `addProduct` would call libm for every lane.
    @inline(__always) mutating func accumulate(_ a: Self, _ b: Self) {
        if ads_multiply_add_is_fused() != 0 { addProduct(a, b) } else { self += a * b }
    }
}

extension SIMD16<Float>: Lanes {
    @inline(__always) var whole: Self { ads_whole(self) }
    @inline(__always) func masked(_ mask: UnsafeRawPointer) -> Self {
        unsafeBitCast(
            unsafeBitCast(self, to: SIMD16<UInt32>.self) & mask.loadUnaligned(as: SIMD16<UInt32>.self), to: Self.self)
    }
}

extension SIMD8<Float>: Lanes {
    @inline(__always) var whole: Self { ads_whole8(self) }
    @inline(__always) func masked(_ mask: UnsafeRawPointer) -> Self {
        unsafeBitCast(
            unsafeBitCast(self, to: SIMD8<UInt32>.self) & mask.loadUnaligned(as: SIMD8<UInt32>.self), to: Self.self)
    }
}
