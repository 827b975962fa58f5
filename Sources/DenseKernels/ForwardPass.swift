/// How the memory of one worker's forward pass over a layer is laid out, in elements.
struct ForwardMemory: Sendable {
    let grid: Grid
    let products: Int
    /// Inputs whose products are added in one go.
    let chunk: Int
    /// Inputs that are held at a time.
    let held: Int
    /// From product to product of the inputs and of the results. Each is an odd number of cache lines, so that products
    /// do not compete for the same cache sets, and has room for a vector that starts at the last unit.
    let inputStride: Int
    let resultStride: Int
    /// Elements of the inputs and results, and of one worker's tiles.
    let panelSize: Int
    let tileScratch: Int

    /// - Parameter whole: hold all inputs at a time.
    init(_ layer: KernelLayer, _ grid: Grid, whole: Bool) {
        self.grid = grid
        products = layer.kind.products
        chunk = min(layer.reads.count, layer.kind.chunk)
        held = whole ? layer.reads.count : chunk
        inputStride = held * grid.capacity + 16
        resultStride = (layer.outputs + tileRows - 1) / tileRows * tileRows * grid.capacity + 16
        panelSize = products * (inputStride + resultStride)
        tileScratch = TileScratch.elements(grid)
    }

    /// Starts of the chunks of a layer's inputs.
    func chunks(_ layer: KernelLayer) -> StrideTo<Int> { stride(from: 0, to: layer.reads.count, by: chunk) }
}

/// One layer's forward pass by one worker, who does panels by itself or its share of each step of one panel.
struct ForwardPass {
    let layer: KernelLayer
    let memory: ForwardMemory
    let from: MapShape
    let to: MapShape
    let source: UnsafePointer<Float>
    let destination: UnsafeMutablePointer<Float>
    let activations: [Activation]
    let weights: PackedWeights
    let packed: UnsafePointer<Float>
    let images: Int
    /// Activations of the inputs held: `[products][held][capacity]`; then `[products][outputs][capacity]`.
    let work: UnsafeMutablePointer<Float>
    /// Whether the outputs' moments are asked for.
    let measured: Bool
    /// Of each panel's outputs.
    let moments: UnsafeMutablePointer<Moments>
    var scratch: TileScratch

    private var capacity: Int { memory.grid.capacity }
    private var result: UnsafeMutablePointer<Float> { work + memory.products * memory.inputStride }

    /// Does some panels.
    mutating func run(_ panels: Range<Int>) {
        for index in panels {
            let panel = memory.grid.panel(index, images: images)
            let next = index + 1 < panels.upperBound ? memory.grid.panel(index + 1, images: images) : nil
            scratch.prepare(panel)
            for start in memory.chunks(layer) {
                let chunk = start..<min(start + memory.chunk, layer.reads.count)
                load(chunk, from: start, panel, next: next)
                for item in 0..<memory.products * weights.tiles { multiply(item, chunk, at: 0, panel) }
            }
            store(0..<layer.outputs, panel, moments + index * layer.outputs)
        }
    }

    /// Loads some inputs, of which `first` is held first.
    func load(_ inputs: Range<Int>, from first: Int, _ panel: Panel, next: Panel?) {
        for c in inputs {
            let plane = source + layer.reads[c] * from.pixels
            loadActivations(
                panel, memory.grid, plane + panel.image * from.elements, imageStride: from.elements, activations[c],
                work + (c - first) * capacity, productStride: memory.inputStride, scratch)
            let ahead = c + 2
            if ahead < layer.reads.count {
                prefetch(ahead, panel)
            } else if let next, ahead - layer.reads.count < layer.reads.count {
                prefetch(ahead - layer.reads.count, next)
            }
        }
    }

    /// Asks for an input's pixels, soon to be loaded: maps of a batch are larger than any cache, and a map is a page,
    /// where processors stop fetching ahead.
    private func prefetch(_ input: Int, _ panel: Panel) {
        let plane = source + layer.reads[input] * from.pixels + panel.image * from.elements
        DenseKernels.prefetch(panel, memory.grid, plane, imageStride: from.elements)
    }

    /// Multiplies a chunk of the inputs, held from `at` on, for one product and one tile of outputs.
    /// - Parameter units: of the panel's, those to do, from a multiple of 16 on; all when `nil`.
    func multiply(_ item: Int, _ chunk: Range<Int>, at: Int, _ panel: Panel, units: Range<Int>? = nil) {
        let (product, tile) = (item / weights.tiles, item % weights.tiles)
        let units = units ?? 0..<panel.units
        for shift in 0..<layer.kind.shifts {
            multiplyTile(
                work
                    + (product * memory.inputStride + at * capacity + memory.grid.offset(of: shift) + units.lowerBound),
                terms: chunk.count, stride: capacity,
                packed + weights.offset(product: product + shift, tile: tile, from: chunk.lowerBound),
                result + (product * memory.resultStride + tile * tileRows * capacity + units.lowerBound),
                units: units.count,
                adding: chunk.lowerBound + shift > 0)
        }
    }

    /// Stores some outputs.
    func store(_ outputs: Range<Int>, _ panel: Panel, _ moments: UnsafeMutablePointer<Moments>) {
        for o in outputs {
            moments[o] = storeOutput(
                panel, memory.grid, result + o * capacity, productStride: memory.resultStride, scratch,
                destination + panel.image * to.elements + (layer.writes + o) * to.pixels, imageStride: to.elements,
                measured: measured)
        }
    }
}
