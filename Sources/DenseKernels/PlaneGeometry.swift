/// How a feature map lies in scratch memory: rows with a column of zeros on each side, a row of zeros above and below.
///
/// Convolutions run over flat positions `row · rowStride + column`, garbage columns included, so that one kernel serves
/// every image size; what they write at garbage columns is dropped.
struct PlaneGeometry: Equatable {
    let height: Int
    let width: Int
    /// Elements from a row to the next.
    var rowStride: Int { width + 2 }
    /// Flat output positions, rounded up to whole vectors of 16.
    var positions: Int { (height * rowStride + 15) & ~15 }
    /// Elements of a padded plane: everything a vector at the last position reads, and an odd number of cache lines, so
    /// that planes do not compete for the same cache sets.
    var planeElements: Int { (((height + 2) * rowStride + 48 + 15) / 16 | 1) * 16 }
    /// Where the first pixel lies in a padded plane.
    var origin: Int { rowStride + 1 }
}

typealias Vector = SIMD16<Float>

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}
