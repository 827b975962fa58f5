import CProcessor

// From feature maps to panels: `[products][terms][capacity]`, lanes are units.

/// Loads the activations of one channel into a panel.
///
/// - Parameters:
///   - x: the channel's plane in the panel's first image; `imageStride` to the next image.
///   - out: the channel's row of the first product; `productStride` to the next product.
@inline(never)
func loadActivations(
    _ panel: Panel, _ grid: Grid, _ x: UnsafePointer<Float>, imageStride: Int, _ a: Activation,
    _ out: UnsafeMutablePointer<Float>, productStride: Int, _ scratch: WinogradScratch
) {
    for m in 0..<panel.images {
        let plane = x + m &* imageStride
        let to = out + m &* panel.unitsPerImage
        switch grid.kind {
        case .winograd:
            if transformWholeRows(panel, grid, plane, a, to, productStride: productStride) { continue }
            fillLines(panel, grid, scratch) { pixel, line, count in activate(plane + pixel, a, line, count: count) }
            transformInput(panel, scratch, to, productStride: productStride)
        case .pointwise:
            activate(plane + panel.column, a, to, count: panel.columns)
        case .pooled:
            for row in 0..<panel.rows {
                let pixel = 2 &* (panel.row &+ row) &* grid.width &+ 2 &* panel.column
                pool(plane + pixel, plane + pixel + grid.width, a, to + row &* panel.columns, count: panel.columns)
            }
        }
    }
    clearTail(panel, grid, out, productStride: productStride)
}

/// Asks for the pixels of a panel of one channel before they are needed: maps of a batch are larger than any cache.
@inline(__always)
func prefetch(_ panel: Panel, _ grid: Grid, _ x: UnsafePointer<Float>, imageStride: Int) {
    let runs = grid.pixels(of: panel)
    guard runs.runs == 1 else { return }
    for m in 0..<panel.images {
        var p = x + (m &* imageStride &+ runs.first)
        let end = p + runs.count
        while p < end {
            ads_prefetch(p)
            p += 16
        }
    }
}

/// Averages the activations of 2×2 pixels of two lines.
@inline(__always)
private func pool(
    _ top: UnsafePointer<Float>, _ bottom: UnsafePointer<Float>, _ a: Activation, _ out: UnsafeMutablePointer<Float>, count: Int
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

/// Loads one output channel's gradient, corrected: for the product with weights into `back`, and for the weights' gradient
/// into `pairs`, which are the same but for Winograd's.
@inline(never)
func loadGradient(
    _ panel: Panel, _ grid: Grid, _ gradient: UnsafePointer<Float>, _ x: UnsafePointer<Float>, imageStride: Int,
    _ correction: Correction, back: UnsafeMutablePointer<Float>, pairs: UnsafeMutablePointer<Float>, productStride: Int,
    _ scratch: WinogradScratch
) {
    for m in 0..<panel.images {
        let (g, v) = (gradient + m &* imageStride, x + m &* imageStride)
        let unit = m &* panel.unitsPerImage
        switch grid.kind {
        case .winograd:
            fillLines(panel, grid, scratch) { pixel, line, count in correct(g + pixel, v + pixel, correction, line, count: count) }
            transformInput(panel, scratch, back + unit, productStride: productStride)
            transformGradient(panel, scratch, pairs + unit, productStride: productStride)
        case .pointwise:
            correct(g + panel.column, v + panel.column, correction, back + unit, count: panel.columns)
        case .pooled:
            for row in 0..<panel.rows {
                let pixel = (panel.row &+ row) &* grid.columns &+ panel.column
                correct(g + pixel, v + pixel, correction, back + unit + row &* panel.columns, count: panel.columns)
            }
        }
    }
    clearTail(panel, grid, back, productStride: productStride)
    if grid.kind == .winograd { clearTail(panel, grid, pairs, productStride: productStride) }
}

/// Zeros the lanes behind a panel's units, which dot products run over.
@inline(__always)
private func clearTail(_ panel: Panel, _ grid: Grid, _ out: UnsafeMutablePointer<Float>, productStride: Int) {
    guard panel.units < grid.capacity else { return }
    for product in 0..<grid.kind.products {
        (out + product &* productStride + panel.units).update(repeating: 0, count: grid.capacity &- panel.units)
    }
}
