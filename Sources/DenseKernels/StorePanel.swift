// From panels back to feature maps.

/// Stores one output channel of a panel into its map.
/// - Parameter measured: whether anyone asks for the moments.
/// - Returns: its pixels' number, sum and squared distances from their mean, where they are asked for.
@inline(never)
func storeOutput(
    _ panel: Panel, _ grid: Grid, _ products: UnsafePointer<Float>, _ layout: UnitLayout, _ scratch: TileScratch,
    _ plane: UnsafeMutablePointer<Float>, imageStride: Int, measured: Bool
) -> Moments {
    measured
        ? storeOutput(panel, grid, products, layout, scratch, plane, imageStride, measured: true)
        : storeOutput(panel, grid, products, layout, scratch, plane, imageStride, measured: false)
}

/// The same, inlined with a constant.
@inline(__always)
private func storeOutput(
    _ panel: Panel, _ grid: Grid, _ products: UnsafePointer<Float>, _ layout: UnitLayout, _ scratch: TileScratch,
    _ plane: UnsafeMutablePointer<Float>, _ imageStride: Int, measured: Bool
) -> Moments {
    var moments = Moments()
    switch grid.kind {
    case .winograd:
        let to = plane + 4 &* panel.row &* grid.width
        gatherPixels(panel, scratch, products, layout, imageStride: imageStride) { from, offset, count in
            moments.copy(from, to + offset, count: count, measured: measured)
        }
    case .direct:
        for row in 0..<panel.rows {
            moments.copy(
                products + row &* panel.columns, plane + (panel.row &+ row) &* grid.width, count: grid.width,
                measured: measured)
        }
    case .pointwise:
        for m in 0..<panel.images {
            moments.copy(
                products + m &* panel.columns, plane + (m &* imageStride &+ panel.column), count: panel.columns,
                measured: measured)
        }
    case .pooled:
        for m in 0..<panel.images {
            for row in 0..<panel.rows {
                moments.copy(
                    products + (m &* panel.rows &+ row) &* panel.columns,
                    plane + (m &* imageStride &+ (panel.row &+ row) &* grid.columns &+ panel.column),
                    count: panel.columns,
                    measured: measured)
            }
        }
    }
    return moments
}

/// Takes the gradient of one input channel's activations through ReLU and BN into the channel's gradient.
@inline(never)
func storeGradient(
    _ panel: Panel, _ grid: Grid, _ products: UnsafePointer<Float>, _ layout: UnitLayout, _ scratch: TileScratch,
    _ x: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, imageStride: Int, _ a: Activation, mean: Float,
    _ sums: UnsafeMutablePointer<Float>
) {
    var norm = NormBackward(a, mean: mean)
    switch grid.kind {
    case .winograd:
        let first = 4 &* panel.row &* grid.width
        let (v, g) = (x + first, gradient + first)
        gatherPixels(panel, scratch, products, layout, imageStride: imageStride) { from, offset, count in
            norm.add(from, v + offset, g + offset, count: count)
        }
    case .direct: preconditionFailure("a direct convolution is for inference")
    case .pointwise:
        for m in 0..<panel.images {
            let pixel = m &* imageStride &+ panel.column
            norm.add(products + m &* panel.columns, x + pixel, gradient + pixel, count: panel.columns)
        }
    case .pooled:
        let runs = grid.pixels(of: panel)
        for m in 0..<panel.images {
            spread(panel, products + m &* panel.unitsPerImage, scratch.lines)
            for run in 0..<runs.runs {
                let pixel = m &* imageStride &+ runs.first &+ run &* runs.stride
                norm.add(scratch.lines + run &* 2 &* panel.columns, x + pixel, gradient + pixel, count: runs.count)
            }
        }
    }
    norm.finish(sums)
}

/// Gives each of 2×2 pixels a quarter of their average's gradient, in lines of `2 · columns` pixels.
@inline(__always)
private func spread(_ panel: Panel, _ products: UnsafePointer<Float>, _ lines: UnsafeMutablePointer<Float>) {
    let width = 2 &* panel.columns
    for row in 0..<panel.rows {
        let (from, to) = (products + row &* panel.columns, lines + 2 &* row &* width)
        var column = 0
        while column < panel.columns {
            if column &+ 16 <= panel.columns {
                let quarter = load(from + column) * 0.25
                let (low, high) = interleave(quarter, quarter)
                store(low, to + 2 &* column)
                store(high, to + (2 &* column &+ 16))
                store(low, to + (width &+ 2 &* column))
                store(high, to + (width &+ 2 &* column &+ 16))
                column &+= 16
            } else {
                let quarter = from[column] * 0.25
                to[2 &* column] = quarter
                to[2 &* column &+ 1] = quarter
                to[width &+ 2 &* column] = quarter
                to[width &+ 2 &* column &+ 1] = quarter
                column &+= 1
            }
        }
    }
}
