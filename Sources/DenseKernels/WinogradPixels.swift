import CProcessor

// Between the maps and the tiles of a panel, 16 pixels of 16 tiles at a time.

/// Loads 16 pixels, or twice 8 that are `fold` apart.
@inline(__always) func load(_ p: UnsafePointer<Float>, fold: Int) -> Vector {
    fold == 0 ? load(p) : ads_joined(load8(p), load8(p + fold))
}
/// Stores 16 pixels, or twice 8 that are `fold` apart.
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>, fold: Int) {
    if fold == 0 {
        store(v, p)
    } else {
        store8(ads_lower(v), p)
        store8(ads_upper(v), p + fold)
    }
}

/// Spreads the pixels of a panel's tiles, and of the rows of tiles above and below it, over 16 arrays.
/// - Parameter fill: writes pixels of a map, given the offset of the first from the first of the panel's image and
///   rows, and their number.
@inline(__always)
func spreadPixels(
    _ panel: Panel, _ t: TileScratch, imageStride: Int,
    fill: (_ offset: Int, _ out: UnsafeMutablePointer<Float>, _ count: Int) -> Void
) {
    guard t.isDirect else {
        spreadLines(panel, t, imageStride: imageStride, fill: fill)
        return
    }
    let width = t.grid.width
    let before = t.above ? width : 0
    let count = 4 &* panel.rows &* width &+ before &+ (t.below ? width : 0)
    for m in 0..<panel.images {
        fill(m &* imageStride &- before, t.ownPixels(of: m, panel) - before, count)
    }
    for line in 0..<4 {
        let range = t.range(line: line, panel)
        let (out, down) = (t.pixels + 4 &* line &* t.stride, line &* width)
        var tile = range.lowerBound
        while tile < range.upperBound {
            let at = tile &- t.first
            spread(
                load(t.place(at) + down, fold: t.fold), load(t.place(at &+ 4) + down, fold: t.fold),
                load(t.place(at &+ 8) + down, fold: t.fold), load(t.place(at &+ 12) + down, fold: t.fold), out + tile,
                t.stride)
            tile &+= 16
        }
    }
}

/// The same where four tiles of a panel are not 16 pixels of a map, line by line.
@inline(__always)
private func spreadLines(
    _ panel: Panel, _ t: TileScratch, imageStride: Int,
    fill: (_ offset: Int, _ out: UnsafeMutablePointer<Float>, _ count: Int) -> Void
) {
    let (width, first, columns) = (t.grid.width, t.first, panel.columns)
    for line in 0..<4 {
        let range = t.range(line: line, panel)
        let out = t.pixels + 4 &* line &* t.stride
        for row in (range.lowerBound &- t.own) / columns..<(range.upperBound &- t.own) / columns {
            let (image, inside) = row < 0 ? (0, row) : (row / panel.rows, row % panel.rows)
            // Below a band there is no other image but its own next row.
            let (m, r) = image < panel.images ? (image, inside) : (image &- 1, inside &+ panel.rows)
            let to = t.lines + 4 &* (row &* columns &+ t.own &- first)
            let y = 4 &* r &+ line
            let count = 4 &* (panel.row &+ r) &+ line < t.grid.height ? width : 0
            if count > 0 { fill(m &* imageStride &+ y &* width, to, count) }
            for q in count..<max(count, 4 &* columns) { to[q] = 0 }
        }
        var tile = range.lowerBound
        while tile < range.upperBound {
            let from = t.lines + 4 &* (tile &- first)
            spread(load(from), load(from + 16), load(from + 32), load(from + 48), out + tile, t.stride)
            tile &+= 16
        }
    }
}

/// 64 pixels of 16 tiles, one tile's four after the other's, to four arrays.
@inline(__always)
private func spread(
    _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ out: UnsafeMutablePointer<Float>, _ stride: Int
) {
    let (a, b, c, d) = (a.whole, b.whole, c.whole, d.whole)
    store(ads_spread(a, b, c, d, 0), out)
    store(ads_spread(a, b, c, d, 1), out + stride)
    store(ads_spread(a, b, c, d, 2), out + 2 &* stride)
    store(ads_spread(a, b, c, d, 3), out + 3 &* stride)
}

/// `Aᵀ m A` of a panel's tiles.
/// - Parameter pixels: called with pixels of a map, the offset of the first from the first of the panel's image and
///   rows, and their number.
@inline(__always)
func gatherPixels(
    _ panel: Panel, _ t: TileScratch, _ products: UnsafePointer<Float>, _ layout: UnitLayout, imageStride: Int,
    pixels: (_ from: UnsafePointer<Float>, _ offset: Int, _ count: Int) -> Void
) {
    let width = t.grid.width
    gatherTiles(panel, t, products, layout)
    for m in 0..<panel.images {
        if t.isDirect {
            pixels(t.ownPixels(of: m, panel), m &* imageStride, 4 &* panel.rows &* width)
            continue
        }
        for row in 0..<panel.rows {
            for line in 0..<min(4, t.grid.height &- 4 &* (panel.row &+ row)) {
                let tile = (m &* panel.rows &+ row) &* panel.columns
                pixels(
                    t.pixels + 4 &* (line &* t.stride &+ tile), m &* imageStride &+ (4 &* row &+ line) &* width, width)
            }
        }
    }
}

/// The same, into the scratch: as the pixels lie in the maps where they can be copied from there in one run, else in
/// four lines of tiles.
@inline(__always)
private func gatherTiles(
    _ panel: Panel, _ t: TileScratch, _ products: UnsafePointer<Float>, _ layout: UnitLayout
) {
    let own = t.own &- t.first
    var unit = 0
    while unit < panel.units {
        let from = products + layout.offset(of: unit)
        if ads_has_wide_tile() != 0 {
            gatherColumns(from, productStride: layout.product, t.halves, by: Vector.self)
        } else {
            gatherColumns(from, productStride: layout.product, t.halves, by: SIMD8<Float>.self)
        }
        for line in 0..<4 {
            let y = gatherLine(t.halves + 96 &* line)
            let (a, b, c, d) = (y.0.whole, y.1.whole, y.2.whole, y.3.whole)
            let (p0, p1) = (ads_gather(a, b, c, d, 0), ads_gather(a, b, c, d, 1))
            let (p2, p3) = (ads_gather(a, b, c, d, 2), ads_gather(a, b, c, d, 3))
            if t.isDirect {
                let down = line &* t.grid.width
                store(p0, t.place(own &+ unit) + down, fold: t.fold)
                if unit &+ 4 < panel.units { store(p1, t.place(own &+ unit &+ 4) + down, fold: t.fold) }
                if unit &+ 8 < panel.units { store(p2, t.place(own &+ unit &+ 8) + down, fold: t.fold) }
                if unit &+ 12 < panel.units { store(p3, t.place(own &+ unit &+ 12) + down, fold: t.fold) }
            } else {
                let o = t.pixels + 4 &* (line &* t.stride &+ unit)
                store(p0, o)
                store(p1, o + 16)
                store(p2, o + 32)
                store(p3, o + 48)
            }
        }
        unit &+= 16
    }
}
