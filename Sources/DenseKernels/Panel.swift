/// How a convolution becomes matrix products.
public enum ConvolutionKind: Sendable {
    /// 3×3 with a padding of 1, by Winograd's F(4×4, 3×3) (Lavin and Gray, arXiv 1509.09308): 36 products where the
    /// definition has 144. A unit is a tile of 4×4 outputs.
    case winograd
    /// 3×3 with a padding of 1, by the definition; forward only. For maps so small that reading Winograd's transformed
    /// weights, four times as many, takes longer than the products they save. A unit is a pixel, or the gap behind a
    /// row.
    case direct
    /// 1×1. A unit is a pixel.
    case pointwise
    /// 2×2 average pooling, then 1×1; the two commute, and in this order cost a quarter. A unit is a pixel of the
    /// output.
    case pooled

    /// Matrix products a convolution becomes, each with results of its own.
    var products: Int { self == .winograd ? 36 : 1 }
    /// Matrix products that are added up to one: of the same inputs, shifted.
    var shifts: Int { self == .direct ? 9 : 1 }
    /// Inputs whose products are added in one go. Transformed they fit the second-level cache with the results; and
    /// where Winograd's transforms cost exactness, short sums win it back.
    var chunk: Int { self == .winograd ? 24 : 256 }
    /// Weights of one output and one input.
    var taps: Int { self == .winograd || self == .direct ? 9 : 1 }
}

/// How the maps of a convolution are cut into units and panels.
struct Grid: Sendable {
    let kind: ConvolutionKind
    let height: Int
    let width: Int
    /// Rows of units; of a 1×1 convolution the whole plane is one row, as nothing in it depends on the rows.
    let rows: Int
    let columns: Int
    /// Units a panel has room for: as many as keep a panel of all inputs in the second-level cache.
    let capacity: Int

    /// Whole images a panel holds; 0 where an image is cut.
    private let imagesPerPanel: Int
    /// Pieces an image is cut into: bands of rows, and pieces of a row where a row is more than a panel.
    private let bands: Int
    private let piecesPerRow: Int
    /// Whether an image's first bands have the rows that are left over: whoever takes them first takes the short ones
    /// last.
    private let isLongestFirst: Bool

    /// A grid of panels as large as fit.
    init(_ kind: ConvolutionKind, height: Int, width: Int) {
        self.kind = kind
        self.height = height
        self.width = width
        isLongestFirst = false
        switch kind {
        case .winograd: (rows, columns) = ((height + 3) / 4, (width + 3) / 4)
        case .direct: (rows, columns) = (height, width + 1)
        case .pointwise: (rows, columns) = (1, height * width)
        case .pooled: (rows, columns) = (height / 2, width / 2)
        }
        switch kind {
        // A row of tiles at least.
        case .winograd: capacity = max(64, (columns + 15) & ~15)
        // One product, so there is room for more; long runs of a map are read faster. An odd number of cache lines, so
        // that inputs do not compete for the same cache sets.
        case .pointwise, .pooled: capacity = 272
        // An image with zeros around it, and what the last vector reads behind it.
        case .direct: capacity = ((rows + 2) * columns + 1 + 31) & ~15
        }
        guard kind != .direct else {
            (imagesPerPanel, bands, piecesPerRow) = (0, 1, 1)
            return
        }
        imagesPerPanel = capacity / max(1, rows * columns)
        bands = columns <= capacity ? (rows + capacity / columns - 1) / (capacity / columns) : rows
        piecesPerRow = (columns + capacity - 1) / capacity
    }

    private init(_ other: Grid, bands: Int, piecesPerRow: Int) {
        (kind, height, width, rows, columns) = (other.kind, other.height, other.width, other.rows, other.columns)
        capacity = other.capacity
        imagesPerPanel = 0
        isLongestFirst = true
        (self.bands, self.piecesPerRow) = (bands, piecesPerRow)
    }

    /// The same units in panels so small that each of some threads has as many; `nil` where they would fill no vector.
    func shared(by threads: Int, images: Int) -> Grid? {
        var pieces = imagesPerPanel > 0 ? 1 : bands * piecesPerRow
        while images * pieces % threads != 0 { pieces += 1 }
        // Only where a unit needs no neighbours can a row be cut.
        if kind == .pointwise || kind == .pooled, rows == 1 {
            guard columns / pieces >= 16 else { return nil }
            return Grid(self, bands: 1, piecesPerRow: pieces)
        }
        guard piecesPerRow == 1, pieces <= rows, rows / pieces * columns >= 12 else { return nil }
        return Grid(self, bands: pieces, piecesPerRow: 1)
    }

    var units: Int { rows * columns }

    /// Panels of some images.
    func panels(images: Int) -> Int {
        imagesPerPanel > 0 ? (images + imagesPerPanel - 1) / imagesPerPanel : images * bands * piecesPerRow
    }

    /// A panel, counted from 0.
    func panel(_ index: Int, images: Int) -> Panel {
        if imagesPerPanel > 0 {
            let first = index * imagesPerPanel
            return Panel(
                image: first, images: min(imagesPerPanel, images - first), row: 0, rows: rows, column: 0,
                columns: columns)
        }
        let (image, rest) = (index / (bands * piecesPerRow), index % (bands * piecesPerRow))
        let band = band(rest / piecesPerRow)
        // Whole vectors but for the last.
        let vectors = (columns + 15) / 16
        let piece = Workers.range(of: rest % piecesPerRow, in: vectors, parts: piecesPerRow)
        let column = 16 * piece.lowerBound
        return Panel(
            image: image, images: 1, row: band.lowerBound, rows: band.count, column: column,
            columns: min(16 * piece.count, columns - column))
    }

    private func band(_ index: Int) -> Range<Int> {
        guard isLongestFirst else { return Workers.range(of: index, in: rows, parts: bands) }
        let (short, left) = rows.quotientAndRemainder(dividingBy: bands)
        return short * index + min(index, left)..<short * (index + 1) + min(index + 1, left)
    }

    /// From a unit to the input that one of nine shifts multiplies: line by line of the padded map.
    func offset(of shift: Int) -> Int { shift / 3 * columns + shift % 3 }

    /// The pixels of the input map that a panel's units cover, as runs that are contiguous in the map: first pixel,
    /// pixels of a run, distance to the next, number. Units beyond the edge of an odd-sized map cover none.
    func pixels(of panel: Panel) -> PixelRuns {
        switch kind {
        case .direct: return PixelRuns(first: panel.row * width, count: panel.rows * width, stride: 0, runs: 1)
        case .pointwise: return PixelRuns(first: panel.column, count: panel.columns, stride: 0, runs: 1)
        case .winograd:
            let lines = min(4 * panel.rows, height - 4 * panel.row)
            return PixelRuns(first: 4 * panel.row * width, count: lines * width, stride: 0, runs: 1)
        case .pooled:
            let lines = min(2 * panel.rows, height - 2 * panel.row)
            let count = min(2 * panel.columns, width - 2 * panel.column)
            let first = 2 * panel.row * width + 2 * panel.column
            if count == width, count == 2 * panel.columns {
                return PixelRuns(first: first, count: lines * width, stride: 0, runs: 1)
            }
            return PixelRuns(first: first, count: count, stride: width, runs: lines)
        }
    }
}

/// Units that are computed together: some rows of one image, or several whole images.
struct Panel: Sendable {
    let image: Int
    let images: Int
    let row: Int
    let rows: Int
    let column: Int
    let columns: Int

    var unitsPerImage: Int { rows * columns }
    var units: Int { images * unitsPerImage }
    /// Units rounded up to whole vectors.
    var lanes: Int { (units + 15) & ~15 }
}

/// Runs of pixels that are contiguous in a map.
struct PixelRuns {
    let first: Int
    let count: Int
    let stride: Int
    let runs: Int
}
