/// How a convolution becomes matrix products.
public enum ConvolutionKind: Sendable {
    /// 3×3 with a padding of 1, by Winograd's F(4×4, 3×3) (Lavin and Gray, arXiv 1509.09308): 36 products where the
    /// definition has 144. A unit is a tile of 4×4 outputs.
    case winograd
    /// 1×1. A unit is a pixel.
    case pointwise
    /// 2×2 average pooling, then 1×1; the two commute, and in this order cost a quarter. A unit is a pixel of the output.
    case pooled

    /// Matrix products a convolution becomes.
    var products: Int { self == .winograd ? 36 : 1 }
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

    init(_ kind: ConvolutionKind, height: Int, width: Int) {
        self.kind = kind
        self.height = height
        self.width = width
        switch kind {
        case .winograd: (rows, columns) = ((height + 3) / 4, (width + 3) / 4)
        case .pointwise: (rows, columns) = (1, height * width)
        case .pooled: (rows, columns) = (height / 2, width / 2)
        }
        switch kind {
        // A row of tiles at least.
        case .winograd: capacity = max(64, (columns + 15) & ~15)
        // One product, so there is room for more; long runs of a map are read faster.
        case .pointwise, .pooled: capacity = 256
        }
    }

    var units: Int { rows * columns }
    /// Whole images a panel holds; 0 where an image is more than a panel.
    private var imagesPerPanel: Int { units <= capacity ? capacity / units : 0 }
    private var rowsPerPanel: Int { columns <= capacity ? min(rows, capacity / columns) : 1 }
    private var panelsPerRow: Int { (columns + capacity - 1) / capacity }

    /// Panels of some images.
    func panels(images: Int) -> Int {
        if imagesPerPanel > 0 { return (images + imagesPerPanel - 1) / imagesPerPanel }
        return images * ((rows + rowsPerPanel - 1) / rowsPerPanel) * panelsPerRow
    }

    /// A panel, counted from 0.
    func panel(_ index: Int, images: Int) -> Panel {
        if imagesPerPanel > 0 {
            let first = index * imagesPerPanel
            return Panel(image: first, images: min(imagesPerPanel, images - first), row: 0, rows: rows, column: 0, columns: columns)
        }
        let bands = (rows + rowsPerPanel - 1) / rowsPerPanel
        let (image, rest) = (index / (bands * panelsPerRow), index % (bands * panelsPerRow))
        let row = rest / panelsPerRow * rowsPerPanel
        let column = rest % panelsPerRow * capacity
        return Panel(
            image: image, images: 1, row: row, rows: min(rowsPerPanel, rows - row), column: column,
            columns: min(capacity, columns - column))
    }

    /// The pixels of the input map that a panel's units cover, as runs that are contiguous in the map: first pixel, pixels
    /// of a run, distance to the next, number. Units beyond the edge of an odd-sized map cover none.
    func pixels(of panel: Panel) -> PixelRuns {
        switch kind {
        case .pointwise: return PixelRuns(first: panel.column, count: panel.columns, stride: 0, runs: 1)
        case .winograd:
            let lines = min(4 * panel.rows, height - 4 * panel.row)
            return PixelRuns(first: 4 * panel.row * width, count: lines * width, stride: 0, runs: 1)
        case .pooled:
            let lines = min(2 * panel.rows, height - 2 * panel.row)
            let count = min(2 * panel.columns, width - 2 * panel.column)
            let first = 2 * panel.row * width + 2 * panel.column
            if count == width, count == 2 * panel.columns { return PixelRuns(first: first, count: lines * width, stride: 0, runs: 1) }
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
