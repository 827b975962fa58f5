/// How the values of a panel lie in a worker's memory: `[products]`, and in each the rows of units, one per channel.
///
/// Winograd's lie as `[units / 16][rows][16]`: a register tile reads 16 or 32 units of all rows, so that what it reads
/// is one run of memory and fetched ahead. Others lie as `[rows][capacity]`, since they are copied row by row.
struct UnitLayout: Sendable {
    /// From product to product: as a rule an odd number of cache lines, so that products do not compete for the same
    /// cache sets.
    let product: Int
    /// From row to row.
    let row: Int
    /// From 16 units to the next 16.
    let step: Int

    /// The layout of rows of one panel, or of `panels` one behind the other.
    init(_ grid: Grid, rows: Int, panels: Int = 1) {
        product = panels * rows * grid.capacity + 16
        (row, step) = grid.kind == .winograd ? (16, 16 * rows) : (grid.capacity, 16)
    }

    /// Where a unit lies in the first row of a product.
    @inline(__always) func offset(of unit: Int) -> Int { (unit >> 4) &* step &+ (unit & 15) }
}
