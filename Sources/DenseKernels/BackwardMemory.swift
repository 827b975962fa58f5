/// How the memory of one worker's backward pass over a layer is laid out, in elements.
struct BackwardMemory: Sendable {
    /// Inputs whose gradients are computed together.
    static let chunk = 12

    let grid: Grid
    let products: Int
    /// Panels whose dot products are summed in one go: long sums, and an accumulator's lanes are added once.
    let group: Int
    let paddedReads: Int
    /// Outputs rounded up to whole dot tiles; what is summed for the padding is never collected.
    let paddedOutputs: Int
    /// Weights of one connection between two maps.
    let taps: Int
    let inputs: UnitLayout
    let gradients: UnitLayout
    let results: UnitLayout
    /// Sums of the weights' gradient `[products][paddedReads][paddedOutputs]`, where they are not the result.
    let pairsSize: Int
    /// A part's result: the weights' gradient `[reads][taps][paddedOutputs]`, then two sums per channel for BN; without
    /// transforms the sums themselves, for all padded reads.
    let weightsSize: Int
    let partialSize: Int
    /// Parts a batch is cut into: a weight's gradient is summed over each by itself, so that none should be short.
    let parts: Int
    let perWorker: Int
    /// Of the whole, what the tiles' scratch takes at the end.
    let tileScratch: Int

    init(_ layer: KernelLayer, _ grid: Grid, images: Int) {
        let (capacity, reads, outputs) = (grid.capacity, layer.reads.count, layer.outputs)
        self.grid = grid
        products = layer.kind.products
        group = max(1, (layer.kind == .winograd ? 128 : 256) / capacity)
        paddedReads = (reads + Self.chunk - 1) / Self.chunk * Self.chunk
        paddedOutputs = (outputs + 11) / 12 * 12
        taps = layer.kind.taps
        inputs = UnitLayout(grid, rows: Self.chunk, panels: group)
        gradients = UnitLayout(grid, rows: paddedOutputs, panels: group)
        results = UnitLayout(grid, rows: tileRows)
        pairsSize = layer.kind == .winograd ? products * paddedReads * paddedOutputs : 0
        weightsSize = (layer.kind == .winograd ? reads * taps : paddedReads) * paddedOutputs
        partialSize = weightsSize + 2 * reads + 16
        parts = max(4, min(Workers.parts, images * grid.units / 128))
        tileScratch = TileScratch.elements(grid)
        perWorker =
            products * (inputs.product + 2 * gradients.product + results.product) + pairsSize + 16 + 24 * 16
            + tileScratch
    }
}
