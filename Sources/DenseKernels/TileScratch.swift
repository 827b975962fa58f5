import CProcessor

/// A worker's scratch for the tiles of one panel after the other: 4×4 pixels each, which lie apart from one another as
/// lanes of a vector are tiles, and where a tile's pixels lie among the panel's.
///
/// A panel that is a band of a map also needs the row of tiles above and below, for the pixels around its own. Tiles
/// are counted from `first`, the row above included; the panel's own start at `own`.
struct TileScratch {
    let grid: Grid
    /// From array to array of `pixels` and `halves`.
    let stride: Int
    /// `[4 lines][4 pixels of a line][tiles]`.
    let pixels: UnsafeMutablePointer<Float>
    /// After one of a transform's two directions: `[4 lines][6][tiles]`.
    let halves: UnsafeMutablePointer<Float>
    /// Four lines of whole tiles, for panels that are not cut in one run; 4 · (units + 16) elements at least.
    let lines: UnsafeMutablePointer<Float>
    /// The panel's pixels as they lie in its maps, one image behind the other, with the lines above and below: maps are
    /// read and written in one run, which is fetched ahead, and cut into tiles here. The last vector of tiles may reach
    /// three lines further.
    let maps: UnsafeMutablePointer<Float>
    let first: Int
    private(set) var own = 0
    private(set) var above = false
    private(set) var below = false
    /// Whether four tiles of a row are 16 pixels in a row of the map, or of two rows where a map is 8 wide.
    private(set) var isDirect = false
    /// With maps 8 wide, from the first half of four tiles to the second; else 0.
    private(set) var fold = 0

    private let masks: UnsafeMutableRawPointer
    private let places: UnsafeMutablePointer<Int>
    private let tiles: Int
    private var prepared: (images: Int, rows: Int, above: Bool, below: Bool)?

    /// Elements needed for any panel of a grid.
    static func elements(_ grid: Grid) -> Int {
        guard grid.kind == .winograd else { return 4 * (grid.capacity + 16) }
        let (tiles, stride) = sizes(grid)
        return 40 * stride + 4 * (tiles + 32) + 4 * tiles + mapsSize(grid) + placesSize(tiles)
    }

    private static func sizes(_ grid: Grid) -> (tiles: Int, stride: Int) {
        let tiles = (grid.capacity + 2 * grid.columns + 31) & ~15
        return (tiles, tiles + 2 * margin(grid) + 16)
    }
    // Whole cache lines each, as what lies behind them is read in whole lines.
    private static func mapsSize(_ grid: Grid) -> Int { (16 * grid.capacity + 24 * grid.columns + 31) & ~15 }
    private static func placesSize(_ tiles: Int) -> Int { (2 * (tiles / 4 + 8) + 15) & ~15 }
    private static func margin(_ grid: Grid) -> Int { (grid.columns + 31) & ~15 }

    init(_ memory: UnsafeMutablePointer<Float>, _ grid: Grid) {
        self.grid = grid
        (tiles, stride) = Self.sizes(grid)
        first = Self.margin(grid)
        lines = memory
        maps = lines + (grid.kind == .winograd ? 4 * (tiles + 32) : 0)
        pixels = maps + (grid.kind == .winograd ? Self.mapsSize(grid) : 0)
        halves = pixels + 16 * stride
        masks = UnsafeMutableRawPointer(pixels + 40 * stride)
        places = (masks + 16 * tiles).assumingMemoryBound(to: Int.self)
    }

    /// Tiles of a line of each of the four phases, those around the panel included.
    @inline(__always) func range(line: Int, _ panel: Panel) -> Range<Int> {
        let low = own &- (above && line == 3 ? panel.columns : 0)
        return low..<own &+ panel.units &+ (below && line == 0 ? panel.columns : 0)
    }

    /// The panel's own pixels of an image in `maps`.
    @inline(__always) func ownPixels(of image: Int, _ panel: Panel) -> UnsafeMutablePointer<Float> {
        maps + (image &* 4 &* panel.rows &+ (above ? 1 : 0)) &* grid.width
    }

    /// Where it says which tiles have a neighbour to the left, to the right (counted from `first`), above, below (from
    /// `own`): all bits of a tile set, or none.
    @inline(__always) func mask(_ side: Int, _ tile: Int) -> UnsafeRawPointer {
        UnsafeRawPointer(masks) + 4 &* (side &* tiles &+ tile)
    }

    /// The first pixel in `maps` of four tiles, given the first one, counted from `first`; of their first line.
    @inline(__always) func place(_ tile: Int) -> UnsafeMutablePointer<Float> { maps + places[tile >> 2] }

    /// Gets ready for a panel; nothing to do when it is cut like the one before.
    mutating func prepare(_ panel: Panel) {
        guard grid.kind == .winograd else { return }
        above = panel.row > 0
        below = panel.row + panel.rows < grid.rows
        own = first + (above ? panel.columns : 0)
        if let last = prepared, last == (panel.images, panel.rows, above, below) { return }
        prepared = (panel.images, panel.rows, above, below)
        let whole = grid.width == 4 * grid.columns && grid.height == 4 * grid.rows
        let narrow = grid.columns == 2 && grid.rows & 1 == 0 && !above && !below
        isDirect = whole && (grid.columns & 3 == 0 || narrow)
        fold = isDirect && grid.columns == 2 ? 4 * grid.width : 0
        let rows = panel.rows + (above ? 1 : 0) + (below ? 1 : 0)
        fillMasks(panel, rows: rows)
        if isDirect { fillPlaces(panel, rows: rows) }
    }

    private func fillMasks(_ panel: Panel, rows: Int) {
        func set(_ side: Int, _ tile: Int, _ value: Bool) {
            (masks + 4 * (side * tiles + tile)).storeBytes(of: value ? UInt32.max : 0, as: UInt32.self)
        }
        let count = panel.images * rows * panel.columns
        for tile in 0..<count {
            set(0, tile, tile % panel.columns > 0)
            set(1, tile, tile % panel.columns < panel.columns - 1)
        }
        for tile in 0..<panel.units {
            let row = tile / panel.columns % panel.rows
            set(2, tile, row > 0 || above)
            set(3, tile, row < panel.rows - 1 || below)
        }
    }

    private func fillPlaces(_ panel: Panel, rows: Int) {
        let perImage = rows * panel.columns / 4
        let count = panel.images * perImage
        // What is computed of the last vector's places beyond the end is never used.
        for group in 0..<count + 4 {
            let (image, inside) = (min(group, count - 1) / perImage, min(group, count - 1) % perImage)
            let (row, column) = (4 * inside / panel.columns, 4 * inside % panel.columns)
            // Of the row above there is the last line alone, which is the first here.
            let line = 4 * (image * panel.rows + row) - (above ? 3 : 0)
            places[group] = line * grid.width + 4 * column
        }
    }
}
