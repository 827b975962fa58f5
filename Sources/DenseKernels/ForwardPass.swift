/// How the memory of one worker's forward pass over a layer is laid out, in elements.
struct ForwardMemory: Sendable {
    let grid: Grid
    let products: Int
    /// Inputs whose products are added in one go. Transformed they fit the second-level cache with the results; and where
    /// Winograd's transforms cost exactness, short sums win it back.
    let chunk: Int
    /// From product to product of the inputs and of the results. Each is an odd number of cache lines, so that products do
    /// not compete for the same cache sets, and has room for a vector that starts at the last unit.
    let inputStride: Int
    let resultStride: Int
    let perWorker: Int

    init(_ layer: KernelLayer, _ grid: Grid) {
        self.grid = grid
        products = layer.kind.products
        chunk = min(layer.reads.count, layer.kind == .winograd ? 24 : 256)
        inputStride = chunk * grid.capacity + 16
        resultStride = (layer.outputs + tileRows - 1) / tileRows * tileRows * grid.capacity + 16
        perWorker = products * (inputStride + resultStride) + TileScratch.elements(grid)
    }
}

/// One part of a layer's forward pass: some panels of all images, on one thread.
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
    let work: UnsafeMutablePointer<Float>
    /// Of each panel's outputs.
    let moments: UnsafeMutablePointer<Moments>
    var scratch: TileScratch

    init(
        layer: KernelLayer, memory: ForwardMemory, from: MapShape, to: MapShape, source: UnsafePointer<Float>,
        destination: UnsafeMutablePointer<Float>, activations: [Activation], weights: PackedWeights, packed: UnsafePointer<Float>,
        images: Int, work: UnsafeMutablePointer<Float>, moments: UnsafeMutablePointer<Moments>
    ) {
        (self.layer, self.memory, self.from, self.to, self.source) = (layer, memory, from, to, source)
        (self.destination, self.activations, self.weights, self.packed) = (destination, activations, weights, packed)
        (self.images, self.work, self.moments) = (images, work, moments)
        scratch = TileScratch(work + memory.products * (memory.inputStride + memory.resultStride), memory.grid)
    }

    private var capacity: Int { memory.grid.capacity }
    /// A chunk of inputs' activations: `[products][chunk][capacity]`.
    private var input: UnsafeMutablePointer<Float> { work }
    /// `[products][outputs][capacity]`.
    private var result: UnsafeMutablePointer<Float> { work + memory.products * memory.inputStride }

    /// Goes through the panels of the part.
    mutating func run(_ panels: Range<Int>) {
        for index in panels {
            let panel = memory.grid.panel(index, images: images)
            scratch.prepare(panel)
            let next = index + 1 < panels.upperBound ? memory.grid.panel(index + 1, images: images) : nil
            for start in stride(from: 0, to: layer.reads.count, by: memory.chunk) {
                let chunk = start..<min(start + memory.chunk, layer.reads.count)
                load(chunk, panel, next: next)
                multiply(chunk, panel)
            }
            store(panel, moments + index * layer.outputs)
        }
    }

    private func load(_ chunk: Range<Int>, _ panel: Panel, next: Panel?) {
        for c in chunk {
            let plane = source + layer.reads[c] * from.pixels
            loadActivations(
                panel, memory.grid, plane + panel.image * from.elements, imageStride: from.elements, activations[c],
                input + (c - chunk.lowerBound) * capacity, productStride: memory.inputStride, scratch)
            if let next { prefetch(next, memory.grid, plane + next.image * from.elements, imageStride: from.elements) }
        }
    }

    private func multiply(_ chunk: Range<Int>, _ panel: Panel) {
        for tile in 0..<weights.tiles {
            for product in 0..<memory.products {
                multiplyTile(
                    input + product * memory.inputStride, terms: chunk.count, stride: capacity,
                    packed + (product * weights.productStride + tile * weights.tileStride + chunk.lowerBound * tileRows),
                    result + (product * memory.resultStride + tile * tileRows * capacity), lanes: panel.lanes,
                    adding: chunk.lowerBound > 0)
            }
        }
    }

    private func store(_ panel: Panel, _ moments: UnsafeMutablePointer<Moments>) {
        for o in 0..<layer.outputs {
            moments[o] = storeOutput(
                panel, memory.grid, result + o * capacity, productStride: memory.resultStride, scratch,
                destination + panel.image * to.elements + (layer.writes + o) * to.pixels, imageStride: to.elements)
        }
    }
}
