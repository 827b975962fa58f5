import CProcessor

// Winograd's F(2×2, 3×3): Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A with d a 4×4 tile of the padded input, Y a 2×2 tile of the output
// (Lavin and Gray, arXiv 1509.09308, section 4.1). Lanes are tiles. Rows go first, line by line, then columns, flat over
// all tiles of a panel, so that one code serves every image size.

/// Scratch of a panel's transforms: the lines of pixels under it and their halves.
struct WinogradScratch {
    /// Padded lines, `lineStride` apart: from the pixel left of the first tile on.
    let lines: UnsafeMutablePointer<Float>
    /// Lines after the transform of rows: `[2 parities][4][partStride]`, tiles of a line next to those of the next.
    let parts: UnsafeMutablePointer<Float>

    static func lineStride(_ columns: Int) -> Int { 2 * columns + 2 + 32 }
    static func partStride(_ panel: Panel) -> Int { ((panel.rows + 1) * panel.columns + 32 + 15) & ~15 }

    /// Elements needed for any panel of a grid.
    static func elements(_ grid: Grid) -> Int {
        let columns = min(grid.columns, grid.capacity)
        let rows = max(1, min(grid.rows, grid.capacity / columns))
        return (2 * rows + 2) * lineStride(columns) + 8 * (((rows + 1) * columns + 32 + 15) & ~15)
    }

    init(_ memory: UnsafeMutablePointer<Float>, _ panel: Panel) {
        lines = memory
        parts = memory + (2 * panel.rows + 2) * Self.lineStride(panel.columns)
    }
}

/// Fills the padded lines of a panel of one image; `fill(pixel, destination, count)` writes pixels of the map.
@inline(__always)
func fillLines(
    _ panel: Panel, _ grid: Grid, _ scratch: WinogradScratch, _ fill: (Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
    let stride = WinogradScratch.lineStride(panel.columns)
    let left = 2 &* panel.column &- 1
    let from = max(0, left)
    let to = min(grid.width, left &+ 2 &* panel.columns &+ 2)
    for line in 0..<2 &* panel.rows &+ 2 {
        let y = 2 &* panel.row &- 1 &+ line
        let out = scratch.lines + line &* stride
        if y < 0 || y >= grid.height {
            out.update(repeating: 0, count: 2 &* panel.columns &+ 2)
        } else {
            if from > left { out[0] = 0 }
            fill(y &* grid.width &+ from, out + (from &- left), to &- from)
            for q in to &- left..<max(to &- left, 2 &* panel.columns &+ 2) { out[q] = 0 }
        }
    }
}

/// `Bᵀ d B` of one image's tiles: 16 rows of tiles, `productStride` apart.
@inline(never)
func transformInput(
    _ panel: Panel, _ scratch: WinogradScratch, _ out: UnsafeMutablePointer<Float>, productStride: Int
) {
    let (columns, stride) = (panel.columns, WinogradScratch.partStride(panel))
    let lineStride = WinogradScratch.lineStride(columns)
    for line in 0..<2 &* panel.rows &+ 2 {
        let x = scratch.lines + line &* lineStride
        let to = scratch.parts + ((line & 1) &* 4 &* stride &+ (line >> 1) &* columns)
        var j = 0
        // A vector beyond a line's end is overwritten by the next line; the last has room behind it.
        while j < columns {
            let (d0, d1) = deinterleave(x + 2 &* j)
            let (d2, d3) = deinterleave(x + (2 &* j &+ 2))
            store(d0 - d2, to + j)
            store(d1 + d2, to + (j &+ stride))
            store(d2 - d1, to + (j &+ 2 &* stride))
            store(d1 - d3, to + (j &+ 3 &* stride))
            j &+= 16
        }
    }
    let (first, second) = (scratch.parts, scratch.parts + 4 &* stride)
    var unit = 0
    while unit < panel.unitsPerImage {
        for k in 0..<4 {
            let a = load(first + (k &* stride &+ unit)), b = load(second + (k &* stride &+ unit))
            let c = load(first + (k &* stride &+ unit &+ columns)), d = load(second + (k &* stride &+ unit &+ columns))
            let o = out + (k &* productStride &+ unit)
            store(a - c, o)
            store(b + c, o + 4 &* productStride)
            store(c - b, o + 8 &* productStride)
            store(b - d, o + 12 &* productStride)
        }
        unit &+= 16
    }
}

/// `A y Aᵀ` of one image's tiles, y the 2×2 tiles of the output's gradient: what the weights' gradient multiplies with.
@inline(never)
func transformGradient(
    _ panel: Panel, _ scratch: WinogradScratch, _ out: UnsafeMutablePointer<Float>, productStride: Int
) {
    let (columns, stride) = (panel.columns, WinogradScratch.partStride(panel))
    let lineStride = WinogradScratch.lineStride(columns)
    for line in 0..<2 &* panel.rows {
        let x = scratch.lines + ((line &+ 1) &* lineStride &+ 1)
        let to = scratch.parts + ((line & 1) &* 4 &* stride &+ (line >> 1) &* columns)
        var j = 0
        while j < columns {
            let (e0, e1) = deinterleave(x + 2 &* j)
            store(e0, to + j)
            store(e0 + e1, to + (j &+ stride))
            store(e0 - e1, to + (j &+ 2 &* stride))
            store(Vector.zero - e1, to + (j &+ 3 &* stride))
            j &+= 16
        }
    }
    let (first, second) = (scratch.parts, scratch.parts + 4 &* stride)
    var unit = 0
    while unit < panel.unitsPerImage {
        for k in 0..<4 {
            let a = load(first + (k &* stride &+ unit)), b = load(second + (k &* stride &+ unit))
            let o = out + (k &* productStride &+ unit)
            store(a, o)
            store(a + b, o + 4 &* productStride)
            store(a - b, o + 8 &* productStride)
            store(Vector.zero - b, o + 12 &* productStride)
        }
        unit &+= 16
    }
}

/// `Aᵀ m A` of 16 tiles: upper left, upper right, lower left, lower right pixels.
@inline(__always)
private func outputTiles(_ p: UnsafePointer<Float>, productStride: Int) -> (Vector, Vector, Vector, Vector) {
    @inline(__always) func column(_ k: Int) -> (Vector, Vector) {
        let q = p + k &* productStride
        let (a, b) = (load(q), load(q + 4 &* productStride))
        let (c, d) = (load(q + 8 &* productStride), load(q + 12 &* productStride))
        return (a + b + c, b - c - d)
    }
    let (p0, q0) = column(0), (p1, q1) = column(1), (p2, q2) = column(2), (p3, q3) = column(3)
    return (p0 + p1 + p2, p1 - p2 - p3, q0 + q1 + q2, q1 - q2 - q3)
}

/// `Aᵀ m A` of one image's tiles, written as the lines of pixels they are: `[2 · rows][2 · columns]`.
@inline(never)
func transformOutput(
    _ panel: Panel, _ products: UnsafePointer<Float>, productStride: Int, _ lines: UnsafeMutablePointer<Float>
) {
    var unit = 0
    while unit < panel.unitsPerImage {
        let (a, b, c, d) = outputTiles(products + unit, productStride: productStride)
        storeQuads(a, b, c, d, unit: unit, count: panel.unitsPerImage &- unit, columns: panel.columns, lines)
        unit &+= 16
    }
}

extension Panel {
    /// Whether the tiles of one image are whole vectors that lie in a map as they come: what `eachOutput` needs.
    @inline(__always) func isWhole(in grid: Grid) -> Bool {
        grid.kind == .winograd && grid.height & 1 == 0 && grid.width == 2 &* columns && unitsPerImage & 15 == 0
            && (grid.width == 8 || grid.width & 15 == 0)
    }
}

/// Calls `body(offset, pixels)` with all of one image's outputs, 16 pixels at a time; the offset is from the panel's first
/// pixel. For whole panels only.
@inline(__always)
func eachOutput(
    _ panel: Panel, _ products: UnsafePointer<Float>, productStride: Int, _ body: (Int, Vector) -> Void
) {
    let width = 2 &* panel.columns
    var unit = 0
    while unit < panel.unitsPerImage {
        let (a, b, c, d) = outputTiles(products + unit, productStride: productStride)
        let (upperLow, upperHigh) = interleave(a, b)
        let (lowerLow, lowerHigh) = interleave(c, d)
        if width == 8 {
            body(4 &* unit, ads_lower_halves(upperLow, lowerLow))
            body(4 &* unit &+ 16, ads_upper_halves(upperLow, lowerLow))
            body(4 &* unit &+ 32, ads_lower_halves(upperHigh, lowerHigh))
            body(4 &* unit &+ 48, ads_upper_halves(upperHigh, lowerHigh))
        } else {
            let next = 2 &* unit &+ 16
            let p = 2 &* (2 &* unit / width) &* width &+ 2 &* unit % width
            let q = 2 &* (next / width) &* width &+ next % width
            body(p, upperLow)
            body(p &+ width, lowerLow)
            body(q, upperHigh)
            body(q &+ width, lowerHigh)
        }
        unit &+= 16
    }
}

/// Writes 16 tiles of 2×2 pixels, upper left, upper right, lower left, lower right, into lines of `2 · columns` pixels.
@inline(__always)
func storeQuads(
    _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, unit: Int, count: Int, columns: Int, _ lines: UnsafeMutablePointer<Float>
) {
    let (upperLow, upperHigh) = interleave(a, b)
    let (lowerLow, lowerHigh) = interleave(c, d)
    let width = 2 &* columns
    if width & 15 == 0 {
        let p = lines + (2 &* (2 &* unit / width) &* width &+ 2 &* unit % width)
        store(upperLow, p)
        store(lowerLow, p + width)
        let next = 2 &* unit &+ 16
        let q = lines + (2 &* (next / width) &* width &+ next % width)
        store(upperHigh, q)
        store(lowerHigh, q + width)
    } else {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { memory in
            guard let m = memory.baseAddress else { return }
            store(upperLow, m)
            store(upperHigh, m + 16)
            store(lowerLow, m + 32)
            store(lowerHigh, m + 48)
            for t in 0..<min(16, count) {
                let (row, column) = ((unit &+ t) / columns, (unit &+ t) % columns)
                let p = lines + (2 &* row &* width &+ 2 &* column)
                p[0] = m[2 &* t]
                p[1] = m[2 &* t &+ 1]
                p[width] = m[32 &+ 2 &* t]
                p[width &+ 1] = m[33 &+ 2 &* t]
            }
        }
    }
}
