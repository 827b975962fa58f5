import CProcessor

// Bᵀ d B straight from the map, without scratch, where 16 tiles are one, two or four whole rows of tiles: maps 32, 16 and 8
// pixels wide, which is what CIFAR networks consist of. Stores are what limits this transform; here only the result is
// stored.

/// A line of pixels after the transform of rows: four vectors.
private struct Half {
    var k0: Vector
    var k1: Vector
    var k2: Vector
    var k3: Vector

    static var zero: Half { Half(k0: .zero, k1: .zero, k2: .zero, k3: .zero) }
}

/// Stores 16 tiles' 16 products from the lines above, at, and below them.
@inline(__always)
private func storeTiles(_ a: Half, _ b: Half, _ c: Half, _ d: Half, _ out: UnsafeMutablePointer<Float>, _ stride: Int) {
    store(a.k0 - c.k0, out)
    store(a.k1 - c.k1, out + stride)
    store(a.k2 - c.k2, out + 2 &* stride)
    store(a.k3 - c.k3, out + 3 &* stride)
    store(b.k0 + c.k0, out + 4 &* stride)
    store(b.k1 + c.k1, out + 5 &* stride)
    store(b.k2 + c.k2, out + 6 &* stride)
    store(b.k3 + c.k3, out + 7 &* stride)
    store(c.k0 - b.k0, out + 8 &* stride)
    store(c.k1 - b.k1, out + 9 &* stride)
    store(c.k2 - b.k2, out + 10 &* stride)
    store(c.k3 - b.k3, out + 11 &* stride)
    store(b.k0 - d.k0, out + 12 &* stride)
    store(b.k1 - d.k1, out + 13 &* stride)
    store(b.k2 - d.k2, out + 14 &* stride)
    store(b.k3 - d.k3, out + 15 &* stride)
}

/// Transforms the activations of one channel of one image, if the map's width is one of the three.
/// - Returns: whether it was.
@inline(__always)
func transformWholeRows(
    _ panel: Panel, _ grid: Grid, _ plane: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>,
    productStride: Int
) -> Bool {
    guard grid.height & 1 == 0 else { return false }
    switch grid.width {
    case 32:
        rowsOf16(panel, grid, plane, a, out, productStride)
        return true
    case 16 where panel.rows & 1 == 0:
        rowsOf8(panel, grid, plane, a, out, productStride)
        return true
    case 8 where grid.height == 8:
        rowsOf4(plane, a, out, productStride)
        return true
    default: return false
    }
}

/// One row of 16 tiles at a time: a line is 32 pixels.
@inline(never)
private func rowsOf16(
    _ panel: Panel, _ grid: Grid, _ plane: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>, _ stride: Int
) {
    @inline(__always) func half(_ y: Int) -> Half {
        let (u, v) = (a(load(plane + 32 &* y)), a(load(plane + (32 &* y &+ 16))))
        let (even, odd) = (ads_evens(u, v), ads_odds(u, v))
        return Half(k0: ads_later_16(odd) - odd, k1: even + odd, k2: odd - even, k3: even - ads_earlier_16(even))
    }
    let first = 2 &* panel.row
    var above = first > 0 ? half(first &- 1) : Half.zero
    var upper = half(first)
    var to = out
    for row in 0..<panel.rows {
        let y = first &+ 2 &* row
        let lower = half(y &+ 1)
        let below = y &+ 2 < grid.height ? half(y &+ 2) : Half.zero
        storeTiles(above, upper, lower, below, to, stride)
        (above, upper) = (lower, below)
        to += 16
    }
}

/// Two rows of 8 tiles at a time: a line is 16 pixels, and lines two apart make one vector.
@inline(never)
private func rowsOf8(
    _ panel: Panel, _ grid: Grid, _ plane: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>, _ stride: Int
) {
    @inline(__always) func line(_ y: Int) -> Vector {
        y < 0 || y >= grid.height ? Vector.zero : a(load(plane + 16 &* y))
    }
    @inline(__always) func half(_ u: Vector, _ v: Vector) -> Half {
        let (even, odd) = (ads_evens(u, v), ads_odds(u, v))
        return Half(k0: ads_later_8(odd) - odd, k1: even + odd, k2: odd - even, k3: even - ads_earlier_8(even))
    }
    var to = out
    var y = 2 &* panel.row
    for _ in 0..<panel.rows / 2 {
        let (m, l0, l1, l2, l3, l4) = (line(y &- 1), line(y), line(y &+ 1), line(y &+ 2), line(y &+ 3), line(y &+ 4))
        storeTiles(half(m, l1), half(l0, l2), half(l1, l3), half(l2, l4), to, stride)
        to += 16
        y &+= 4
    }
}

/// All 16 tiles of an 8×8 map.
@inline(never)
private func rowsOf4(_ plane: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>, _ stride: Int) {
    // Lines 0 and 1, 2 and 3, ...
    let (v0, v1, v2, v3) = (a(load(plane)), a(load(plane + 16)), a(load(plane + 32)), a(load(plane + 48)))
    @inline(__always) func half(_ u: Vector, _ v: Vector) -> Half {
        let (even, odd) = (ads_evens(u, v), ads_odds(u, v))
        return Half(k0: ads_later_4(odd) - odd, k1: even + odd, k2: odd - even, k3: even - ads_earlier_4(even))
    }
    let upper = half(ads_lower_halves(v0, v1), ads_lower_halves(v2, v3))
    let lower = half(ads_upper_halves(v0, v1), ads_upper_halves(v2, v3))
    let above = Half(
        k0: ads_later_by_4(lower.k0), k1: ads_later_by_4(lower.k1), k2: ads_later_by_4(lower.k2), k3: ads_later_by_4(lower.k3))
    let below = Half(
        k0: ads_earlier_by_4(upper.k0), k1: ads_earlier_by_4(upper.k1), k2: ads_earlier_by_4(upper.k2),
        k3: ads_earlier_by_4(upper.k3))
    storeTiles(above, upper, lower, below, out, stride)
}
