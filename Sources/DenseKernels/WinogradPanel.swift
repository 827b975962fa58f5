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

/// Sets the lanes to zero whose mask is.
@inline(__always) private func masked(_ v: Vector, _ mask: SIMD16<UInt32>) -> Vector {
    unsafeBitCast(unsafeBitCast(v, to: SIMD16<UInt32>.self) & mask, to: Vector.self)
}

/// Spreads the pixels of a panel's tiles over 16 arrays.
/// - Parameters:
///   - around: with the rows of tiles above and below the panel.
///   - pixels: 16 pixels at an offset from the first of the panel's image and rows, or twice 8 that are `fold` apart.
///   - fill: writes a number of pixels of a line, given the offset of the first.
@inline(__always)
func spreadPixels(
    _ panel: Panel, _ t: TileScratch, imageStride: Int, around: Bool, pixels: (_ offset: Int, _ fold: Int) -> Vector,
    fill: (_ offset: Int, _ out: UnsafeMutablePointer<Float>, _ count: Int) -> Void
) {
    let (width, first, fold) = (t.grid.width, t.first, t.fold)
    for line in 0..<4 {
        let range = t.range(line: line, around: around, panel)
        let out = t.pixels + 4 &* line &* t.stride
        var tile = range.lowerBound
        if t.isDirect {
            let down = line &* width
            while tile < range.upperBound {
                let at = tile &- first
                spread(
                    pixels(t.place(at, imageStride: imageStride) &+ down, fold),
                    pixels(t.place(at &+ 4, imageStride: imageStride) &+ down, fold),
                    pixels(t.place(at &+ 8, imageStride: imageStride) &+ down, fold),
                    pixels(t.place(at &+ 12, imageStride: imageStride) &+ down, fold), out + tile, t.stride)
                tile &+= 16
            }
            continue
        }
        let columns = panel.columns
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
    let (e, f) = (ads_evens(a, b), ads_evens(c, d))
    let (g, h) = (ads_odds(a, b), ads_odds(c, d))
    store(ads_evens(e, f), out)
    store(ads_evens(g, h), out + stride)
    store(ads_odds(e, f), out + 2 &* stride)
    store(ads_odds(g, h), out + 3 &* stride)
}

/// `Bᵀ d B` of a panel's tiles, whose pixels lie in the scratch: 36 rows of tiles, `productStride` apart.
@inline(never)
func transformInput(_ panel: Panel, _ t: TileScratch, _ out: UnsafeMutablePointer<Float>, productStride: Int) {
    let stride = t.stride
    for line in 0..<4 {
        let range = t.range(line: line, around: true, panel)
        let (from, to) = (t.pixels + 4 &* line &* stride, t.halves + 6 &* line &* stride)
        var tile = range.lowerBound
        while tile < range.upperBound {
            let p = from + tile, o = to + tile
            let at = tile &- t.first
            let left = masked(load(p + 3 &* stride - 1), t.mask(0, at)), right = masked(load(p + 1), t.mask(1, at))
            let r = transformPixels(
                left, load(p), load(p + stride), load(p + 2 &* stride), load(p + 3 &* stride), right)
            store(r, o, stride: stride)
            tile &+= 16
        }
    }
    let columns = panel.columns
    var unit = 0
    while unit < panel.units {
        let up = t.mask(2, unit), down = t.mask(3, unit)
        for k in 0..<6 {
            let p = t.halves + (k &* stride &+ t.own &+ unit)
            let r = transformPixels(
                masked(load(p + (18 &* stride &- columns)), up), load(p), load(p + 6 &* stride), load(p + 12 &* stride),
                load(p + 18 &* stride), masked(load(p + columns), down))
            let o = out + (k &* productStride &+ unit)
            store(r, o, stride: 6 &* productStride)
        }
        unit &+= 16
    }
}

/// `A y Aᵀ` of a panel's tiles, y the pixels in the scratch: what the weights' gradient multiplies with.
@inline(never)
func transformGradient(_ panel: Panel, _ t: TileScratch, _ out: UnsafeMutablePointer<Float>, productStride: Int) {
    let stride = t.stride
    var unit = 0
    while unit < panel.units {
        let p = t.pixels + (t.own &+ unit)
        for line in 0..<4 {
            let x = p + 4 &* line &* stride, o = t.halves + (6 &* line &* stride &+ unit)
            let r = spreadGradient(load(x), load(x + stride), load(x + 2 &* stride), load(x + 3 &* stride))
            store(r, o, stride: stride)
        }
        for k in 0..<6 {
            let h = t.halves + (k &* stride &+ unit)
            let r = spreadGradient(load(h), load(h + 6 &* stride), load(h + 12 &* stride), load(h + 18 &* stride))
            let o = out + (k &* productStride &+ unit)
            store(r, o, stride: 6 &* productStride)
        }
        unit &+= 16
    }
}

/// `Aᵀ m A` of a panel's tiles.
/// - Parameters:
///   - pixels: called with 16 pixels and their offset from the first of the panel's image and rows, where they lie in
///     the
///     map as they come (twice 8 that are `fold` apart).
///   - line: else, called with the pixels of a line, their offset and their number.
@inline(__always)
func gatherPixels(
    _ panel: Panel, _ t: TileScratch, _ products: UnsafePointer<Float>, productStride: Int, imageStride: Int,
    pixels: (_ offset: Int, _ fold: Int, _ v: Vector) -> Void,
    line: (_ from: UnsafePointer<Float>, _ offset: Int, _ count: Int) -> Void
) {
    let (width, own, stride) = (t.grid.width, t.own &- t.first, t.stride)
    let lineStride = 4 &* stride
    var unit = 0
    while unit < panel.units {
        let p = products + unit
        for k in 0..<6 {
            let m = p + k &* productStride
            let y = gatherOutput(
                Six(
                    v0: load(m), v1: load(m + 6 &* productStride), v2: load(m + 12 &* productStride),
                    v3: load(m + 18 &* productStride), v4: load(m + 24 &* productStride),
                    v5: load(m + 30 &* productStride)))
            let h = t.halves + 16 &* k
            store(y.0, h)
            store(y.1, h + 96)
            store(y.2, h + 192)
            store(y.3, h + 288)
        }
        for l in 0..<4 {
            let h = t.halves + 96 &* l
            let y = gatherOutput(
                Six(
                    v0: load(h), v1: load(h + 16), v2: load(h + 32), v3: load(h + 48), v4: load(h + 64),
                    v5: load(h + 80)))
            let (a, c) = interleave(y.0, y.2)
            let (b, d) = interleave(y.1, y.3)
            let (p0, p1) = interleave(a, b)
            let (p2, p3) = interleave(c, d)
            if t.isDirect {
                let down = l &* width
                pixels(t.place(own &+ unit, imageStride: imageStride) &+ down, t.fold, p0)
                if unit &+ 4 < panel.units {
                    pixels(t.place(own &+ unit &+ 4, imageStride: imageStride) &+ down, t.fold, p1)
                }
                if unit &+ 8 < panel.units {
                    pixels(t.place(own &+ unit &+ 8, imageStride: imageStride) &+ down, t.fold, p2)
                }
                if unit &+ 12 < panel.units {
                    pixels(t.place(own &+ unit &+ 12, imageStride: imageStride) &+ down, t.fold, p3)
                }
            } else {
                let o = t.pixels + (l &* lineStride &+ 4 &* unit)
                store(p0, o)
                store(p1, o + 16)
                store(p2, o + 32)
                store(p3, o + 48)
            }
        }
        unit &+= 16
    }
    guard !t.isDirect else { return }
    for m in 0..<panel.images {
        for row in 0..<panel.rows {
            for l in 0..<min(4, t.grid.height &- 4 &* (panel.row &+ row)) {
                let from = t.pixels + (l &* lineStride &+ 4 &* (m &* panel.rows &+ row) &* panel.columns)
                line(from, m &* imageStride &+ (4 &* row &+ l) &* width, width)
            }
        }
    }
}
