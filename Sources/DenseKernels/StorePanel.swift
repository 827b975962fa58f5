// From panels back to feature maps.

/// The lines of pixels that one image's units of a product's result are; for a 1×1 convolution the result itself.
@inline(__always)
private func lines(
    _ panel: Panel, _ grid: Grid, _ products: UnsafePointer<Float>, productStride: Int, _ scratch: UnsafeMutablePointer<Float>
) -> UnsafePointer<Float> {
    guard grid.kind == .winograd else { return products }
    transformOutput(panel, products, productStride: productStride, scratch)
    return UnsafePointer(scratch)
}

/// Stores one output channel of a panel into its map; its pixels' number, sum and squared distances from their mean.
@inline(never)
func storeOutput(
    _ panel: Panel, _ grid: Grid, _ products: UnsafePointer<Float>, productStride: Int, _ scratch: UnsafeMutablePointer<Float>,
    _ plane: UnsafeMutablePointer<Float>, imageStride: Int
) -> Moments {
    var moments = Moments()
    if panel.isWhole(in: grid) {
        let first = 2 &* panel.row &* grid.width
        var sums = MomentSums(origin: transformedPixel(products, productStride: productStride))
        for m in 0..<panel.images {
            let to = plane + (m &* imageStride &+ first)
            eachOutput(panel, products + m &* panel.unitsPerImage, productStride: productStride) { offset, v in
                store(v, to + offset)
                sums.add(v)
            }
        }
        moments.add(sums.moments(count: 4 &* panel.units))
        return moments
    }
    for m in 0..<panel.images {
        let from = lines(panel, grid, products + m &* panel.unitsPerImage, productStride: productStride, scratch)
        let to = plane + m &* imageStride
        switch grid.kind {
        case .winograd:
            let runs = grid.pixels(of: panel)
            for run in 0..<runs.runs {
                moments.copy(from + run &* 2 &* panel.columns, to + runs.first + run &* runs.stride, count: runs.count)
            }
        case .pointwise: moments.copy(from, to + panel.column, count: panel.columns)
        case .pooled:
            for row in 0..<panel.rows {
                moments.copy(
                    from + row &* panel.columns, to + (panel.row &+ row) &* grid.columns + panel.column, count: panel.columns)
            }
        }
    }
    return moments
}

/// A value near a channel's outputs, from which their distances are taken: the first tile's upper left pixel, roughly.
@inline(__always)
private func transformedPixel(_ products: UnsafePointer<Float>, productStride: Int) -> Float {
    var sum: Float = 0
    for row in 0..<3 {
        for column in 0..<3 { sum += products[(4 &* row &+ column) &* productStride] }
    }
    return sum
}

/// Takes the gradient of one input channel's activations through ReLU and BN into the channel's gradient.
@inline(never)
func storeGradient(
    _ panel: Panel, _ grid: Grid, _ products: UnsafePointer<Float>, productStride: Int, _ scratch: UnsafeMutablePointer<Float>,
    _ x: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, imageStride: Int, _ a: Activation, mean: Float,
    _ sums: UnsafeMutablePointer<Float>
) {
    var norm = NormBackward(a, mean: mean)
    if panel.isWhole(in: grid) {
        let first = 2 &* panel.row &* grid.width
        for m in 0..<panel.images {
            let (v, g) = (x + (m &* imageStride &+ first), gradient + (m &* imageStride &+ first))
            eachOutput(panel, products + m &* panel.unitsPerImage, productStride: productStride) { offset, d in
                norm.add(d, v + offset, g + offset)
            }
        }
        norm.finish(sums)
        return
    }
    let runs = grid.pixels(of: panel)
    for m in 0..<panel.images {
        let from: UnsafePointer<Float>
        if grid.kind == .pooled {
            spread(panel, products + m &* panel.unitsPerImage, scratch)
            from = UnsafePointer(scratch)
        } else {
            from = lines(panel, grid, products + m &* panel.unitsPerImage, productStride: productStride, scratch)
        }
        let (v, g) = (x + m &* imageStride, gradient + m &* imageStride)
        for run in 0..<runs.runs {
            let pixel = runs.first &+ run &* runs.stride
            norm.add(from + run &* 2 &* panel.columns, v + pixel, g + pixel, count: runs.count)
        }
    }
    norm.finish(sums)
}

/// Gives each of 2×2 pixels a quarter of their average's gradient.
@inline(__always)
private func spread(_ panel: Panel, _ products: UnsafePointer<Float>, _ lines: UnsafeMutablePointer<Float>) {
    var unit = 0
    while unit < panel.unitsPerImage {
        let quarter = load(products + unit) * 0.25
        storeQuads(
            quarter, quarter, quarter, quarter, unit: unit, count: panel.unitsPerImage &- unit, columns: panel.columns, lines)
        unit &+= 16
    }
}
