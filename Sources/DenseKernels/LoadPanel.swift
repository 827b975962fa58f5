import CProcessor

// From feature maps to panels (UnitLayout), lanes are units.

/// Loads the activations of one channel into a panel.
///
/// - Parameters:
///   - x: the channel's plane in the panel's first image; `imageStride` to the next image.
///   - out: the channel's row of the first product, which lies as `layout` says.
///   - lanes: lanes behind the panel's units are zero up to here.
@inline(never)
func loadActivations(
    _ panel: Panel, _ grid: Grid, _ x: UnsafePointer<Float>, imageStride: Int, _ a: Activation,
    _ out: UnsafeMutablePointer<Float>, _ layout: UnitLayout, _ scratch: TileScratch, clearedTo lanes: Int = 0
) {
    switch grid.kind {
    case .winograd:
        let plane = x + 4 &* panel.row &* grid.width
        spreadPixels(panel, scratch, imageStride: imageStride) { offset, to, count in
            activate(plane + offset, a, to, count: count)
        }
        transformInput(panel, scratch, out, layout)
    case .direct:
        // Rows one zero apart, which is the padding on both sides; a row above and below.
        for row in -1...panel.rows {
            let (line, from) = (out + (row &+ 1) &* panel.columns, panel.row &+ row)
            line[0] = 0
            if from >= 0, from < grid.height {
                activate(x + from &* grid.width, a, line + 1, count: grid.width)
            } else {
                (line + 1).update(repeating: 0, count: grid.width)
            }
        }
        out[(panel.rows &+ 2) &* panel.columns] = 0
    case .pointwise:
        for m in 0..<panel.images {
            activate(x + (m &* imageStride &+ panel.column), a, out + m &* panel.columns, count: panel.columns)
        }
    case .pooled:
        for m in 0..<panel.images {
            for row in 0..<panel.rows {
                let from = x + (m &* imageStride &+ 2 &* (panel.row &+ row) &* grid.width &+ 2 &* panel.column)
                pool(from, from + grid.width, a, out + (m &* panel.rows &+ row) &* panel.columns, count: panel.columns)
            }
        }
    }
    clearTail(panel, grid, out, layout, to: lanes)
}

/// Averages the activations of 2×2 pixels of two lines.
@inline(__always)
private func pool(
    _ top: UnsafePointer<Float>, _ bottom: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>,
    count: Int
) {
    var j = 0
    while j &+ 16 <= count {
        let (b, c) = deinterleave(top + 2 &* j)
        let (d, e) = deinterleave(bottom + 2 &* j)
        store((a(b) + a(c) + a(d) + a(e)) * 0.25, out + j)
        j &+= 16
    }
    if j &+ 8 <= count {
        let (b, c) = (load(top + 2 &* j), load(bottom + 2 &* j))
        let sum = a(b) + a(c)
        store8(ads_lower(ads_evens(sum, sum) + ads_odds(sum, sum)) * 0.25, out + j)
        j &+= 8
    }
    while j < count {
        let sum = a(top[2 &* j]) + a(top[2 &* j &+ 1])
        out[j] = (sum + a(bottom[2 &* j]) + a(bottom[2 &* j &+ 1])) * 0.25
        j &+= 1
    }
}

/// Loads one output channel's gradient, corrected: for the product with weights into `back`, and for the weights'
/// gradient into `pairs`, which are the same but for Winograd's.
@inline(never)
func loadGradient(
    _ panel: Panel, _ grid: Grid, _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, imageStride: Int,
    _ correction: Correction, back: UnsafeMutablePointer<Float>, pairs: UnsafeMutablePointer<Float>,
    _ layout: UnitLayout, _ scratch: TileScratch, clearedTo lanes: Int
) {
    switch grid.kind {
    case .winograd:
        let first = 4 &* panel.row &* grid.width
        let (g, v) = (gradient + first, x + first)
        spreadPixels(panel, scratch, imageStride: imageStride) { offset, to, count in
            correct(g + offset, v + offset, correction, to, count: count)
        }
        transformInput(panel, scratch, back, layout)
        transformGradient(panel, scratch, pairs, layout)
        clearTail(panel, grid, pairs, layout, to: lanes)
    case .direct: preconditionFailure("a direct convolution is for inference")
    case .pointwise:
        for m in 0..<panel.images {
            let pixel = m &* imageStride &+ panel.column
            correct(gradient + pixel, x + pixel, correction, back + m &* panel.columns, count: panel.columns)
        }
    case .pooled:
        for m in 0..<panel.images {
            for row in 0..<panel.rows {
                let pixel = m &* imageStride &+ (panel.row &+ row) &* grid.columns &+ panel.column
                correct(
                    gradient + pixel, x + pixel, correction, back + (m &* panel.rows &+ row) &* panel.columns,
                    count: panel.columns)
            }
        }
    }
    if grid.kind != .winograd { clearTail(panel, grid, back, layout, to: lanes) }
}

/// Zeros the lanes behind a panel's units, which dot products run over.
@inline(__always)
private func clearTail(
    _ panel: Panel, _ grid: Grid, _ out: UnsafeMutablePointer<Float>, _ layout: UnitLayout, to lanes: Int
) {
    guard panel.units < lanes else { return }
    for product in 0..<grid.kind.products {
        for unit in panel.units..<lanes { out[product &* layout.product &+ layout.offset(of: unit)] = 0 }
    }
}
