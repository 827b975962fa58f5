import CProcessor

// The transforms of whole panels, between their tiles and 36 products.

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
func gatherColumns<V: Lanes>(
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
func gatherLine(_ halves: UnsafePointer<Float>) -> (Vector, Vector, Vector, Vector) {
    if ads_has_wide_tile() != 0 { return gatherOutput(Six<Vector>(halves, stride: 16)) }
    let low = gatherOutput(Six<SIMD8<Float>>(halves, stride: 16))
    let high = gatherOutput(Six<SIMD8<Float>>(halves + 8, stride: 16))
    return (
        ads_joined(low.0, high.0), ads_joined(low.1, high.1), ads_joined(low.2, high.2), ads_joined(low.3, high.3)
    )
}
