import CProcessor

// The transforms of whole panels, between maps and `[36 products][units]`.

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
        fill(m &* imageStride &- before, t.lines(of: m, panel) - before, count)
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

/// The same of maps that are no multiple of four tiles wide, line by line.
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

/// `Bᵀ d B` of a panel's tiles, whose pixels lie in the scratch: a row of 36 products.
@inline(never)
func transformInput(_ panel: Panel, _ t: TileScratch, _ out: UnsafeMutablePointer<Float>, _ layout: UnitLayout) {
    if ads_has_wide_tile() != 0 {
        transformInput(panel, t, out, layout, by: Vector.self)
    } else {
        transformInput(panel, t, out, layout, by: SIMD8<Float>.self)
    }
}

@inline(__always)
private func transformInput<V: Lanes>(
    _ panel: Panel, _ t: TileScratch, _ out: UnsafeMutablePointer<Float>, _ layout: UnitLayout, by: V.Type
) {
    let stride = t.stride
    for line in 0..<4 {
        let range = t.range(line: line, panel)
        let (from, to) = (t.pixels + 4 &* line &* stride, t.halves + 6 &* line &* stride)
        var tile = range.lowerBound
        while tile < range.upperBound {
            let p = from + tile, at = tile &- t.first
            let last = V.load(p + 3 &* stride)
            transformPixels(
                V.load(p + 3 &* stride - 1).masked(t.mask(0, at)), .load(p), .load(p + stride), .load(p + 2 &* stride),
                last, V.load(p + 1).masked(t.mask(1, at))
            ).store(to + tile, stride: stride)
            tile &+= V.scalarCount
        }
    }
    let columns = panel.columns
    var unit = 0
    while unit < panel.units {
        let to = out + layout.offset(of: unit)
        for k in 0..<6 {
            let p = t.halves + (k &* stride &+ t.own &+ unit)
            transformPixels(
                V.load(p + (18 &* stride &- columns)).masked(t.mask(2, unit)), .load(p), .load(p + 6 &* stride),
                .load(p + 12 &* stride), .load(p + 18 &* stride), V.load(p + columns).masked(t.mask(3, unit))
            ).store(to + k &* layout.product, stride: 6 &* layout.product)
        }
        unit &+= V.scalarCount
    }
}

/// `A y Aᵀ` of a panel's tiles, y the pixels in the scratch: what the weights' gradient multiplies with.
@inline(never)
func transformGradient(_ panel: Panel, _ t: TileScratch, _ out: UnsafeMutablePointer<Float>, _ layout: UnitLayout) {
    if ads_has_wide_tile() != 0 {
        transformGradient(panel, t, out, layout, by: Vector.self)
    } else {
        transformGradient(panel, t, out, layout, by: SIMD8<Float>.self)
    }
}

@inline(__always)
private func transformGradient<V: Lanes>(
    _ panel: Panel, _ t: TileScratch, _ out: UnsafeMutablePointer<Float>, _ layout: UnitLayout, by: V.Type
) {
    let stride = t.stride
    var unit = 0
    while unit < panel.units {
        let (p, to) = (t.pixels + (t.own &+ unit), out + layout.offset(of: unit))
        for line in 0..<4 {
            let x = p + 4 &* line &* stride
            spreadGradient(V.load(x), .load(x + stride), .load(x + 2 &* stride), .load(x + 3 &* stride))
                .store(t.halves + (6 &* line &* stride &+ unit), stride: stride)
        }
        for k in 0..<6 {
            let h = t.halves + (k &* stride &+ unit)
            spreadGradient(V.load(h), .load(h + 6 &* stride), .load(h + 12 &* stride), .load(h + 18 &* stride))
                .store(to + k &* layout.product, stride: 6 &* layout.product)
        }
        unit &+= V.scalarCount
    }
}

/// `Aᵀ m` of 16 tiles' columns: from 36 rows of products to 4 times 6 rows of 16, in the scratch.
@inline(__always)
private func gatherColumns<V: Lanes>(
    _ products: UnsafePointer<Float>, productStride: Int, _ halves: UnsafeMutablePointer<Float>, by: V.Type
) {
    var lane = 0
    while lane < 16 {
        for k in 0..<6 {
            let y = gatherOutput(Six<V>(products + (k &* productStride &+ lane), stride: 6 &* productStride))
            let h = halves + (16 &* k &+ lane)
            y.0.store(h)
            y.1.store(h + 96)
            y.2.store(h + 192)
            y.3.store(h + 288)
        }
        lane &+= V.scalarCount
    }
}

/// `Aᵀ m` of 16 tiles' lines, from six rows of 16.
@inline(__always)
private func gatherLine(_ halves: UnsafePointer<Float>) -> (Vector, Vector, Vector, Vector) {
    if ads_has_wide_tile() != 0 { return gatherOutput(Six<Vector>(halves, stride: 16)) }
    let low = gatherOutput(Six<SIMD8<Float>>(halves, stride: 16))
    let high = gatherOutput(Six<SIMD8<Float>>(halves + 8, stride: 16))
    return (
        ads_joined(low.0, high.0), ads_joined(low.1, high.1), ads_joined(low.2, high.2), ads_joined(low.3, high.3)
    )
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
            pixels(t.lines(of: m, panel), m &* imageStride, 4 &* panel.rows &* width)
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
