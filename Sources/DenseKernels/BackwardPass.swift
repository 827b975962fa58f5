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
    /// From product to product of: the inputs, the gradients, the results. Each is an odd number of cache lines, so
    /// that products do not compete for the same cache sets, and has room for a vector that starts at the last unit.
    let inputStride: Int
    let gradientStride: Int
    let resultStride: Int
    /// Sums of the weights' gradient `[products][paddedReads][paddedOutputs]`.
    let pairsSize: Int
    /// A part's result: the weights' gradient `[reads][taps][paddedOutputs]`, then two sums per channel for BN.
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
        inputStride = group * Self.chunk * capacity + 16
        gradientStride = group * paddedOutputs * capacity + 16
        resultStride = tileRows * capacity + 16
        pairsSize = products * paddedReads * paddedOutputs
        weightsSize = reads * taps * paddedOutputs
        partialSize = weightsSize + 2 * reads + 16
        parts = max(4, min(Workers.parts, images * grid.units / 128))
        tileScratch = TileScratch.elements(grid)
        perWorker =
            products * (inputStride + 2 * gradientStride + resultStride) + pairsSize + 16 + 24 * 16
            + tileScratch
    }
}

/// One part of a layer's backward pass: some panels of all images, on one thread.
struct BackwardPass {
    let layer: KernelLayer
    let memory: BackwardMemory
    let source: BackwardMaps
    let destination: BackwardMaps
    let norm: BackwardNorm
    let corrections: Corrections
    let weights: PackedWeights
    let packed: UnsafePointer<Float>
    let images: Int
    let work: UnsafeMutablePointer<Float>
    let partial: UnsafeMutablePointer<Float>
    var scratch: TileScratch

    private var grid: Grid { memory.grid }
    private var capacity: Int { memory.grid.capacity }
    /// A chunk of inputs' activations: `[products][group][chunk][capacity]`.
    private var input: UnsafeMutablePointer<Float> { work }
    /// The outputs' gradients, for the inputs' gradients: `[products][group][paddedOutputs][capacity]`.
    private var back: UnsafeMutablePointer<Float> { input + memory.products * memory.inputStride }
    /// The same for the weights' gradients; Winograd's transform is another one there.
    private var pairs: UnsafeMutablePointer<Float> {
        layer.kind == .winograd ? back + memory.products * memory.gradientStride : back
    }
    private var result: UnsafeMutablePointer<Float> { back + 2 * memory.products * memory.gradientStride }
    private var sums: UnsafeMutablePointer<Float> { result + memory.products * memory.resultStride }
    private var lanes: UnsafeMutablePointer<Float> { sums + memory.pairsSize + 16 }
    private var normSums: UnsafeMutablePointer<Float> { partial + memory.weightsSize }

    /// Goes through the panels of the part, and leaves its sums in `partial`.
    mutating func run(_ panels: Range<Int>) {
        sums.update(repeating: 0, count: memory.pairsSize)
        partial.update(repeating: 0, count: memory.partialSize)
        for first in stride(from: panels.lowerBound, to: panels.upperBound, by: memory.group) {
            let group = (first..<min(first + memory.group, panels.upperBound)).map { grid.panel($0, images: images) }
            loadGradients(group)
            for start in stride(from: 0, to: layer.reads.count, by: BackwardMemory.chunk) {
                let chunk = start..<min(start + BackwardMemory.chunk, layer.reads.count)
                loadInputs(chunk, group)
                addWeightGradients(chunk, group)
                addInputGradients(chunk, group)
            }
        }
        collectWeightGradients()
    }

    /// Lanes that dot products over a group run over: of its largest panel, which need not be the first.
    private func lanes(of group: [Panel]) -> Int { group.reduce(0) { max($0, $1.lanes) } }

    private mutating func loadGradients(_ group: [Panel]) {
        let units = lanes(of: group)
        for (block, panel) in group.enumerated() {
            scratch.prepare(panel)
            for o in 0..<layer.outputs {
                let plane = panel.image * destination.shape.elements + (layer.writes + o) * destination.shape.pixels
                let at = (block * memory.paddedOutputs + o) * capacity
                loadGradient(
                    panel, grid, destination.gradient + plane, destination.values + plane,
                    imageStride: destination.shape.elements, corrections[layer.writes + o], back: back + at,
                    pairs: pairs + at,
                    productStride: memory.gradientStride, scratch, clearedTo: units)
            }
        }
    }

    private mutating func loadInputs(_ chunk: Range<Int>, _ group: [Panel]) {
        let units = lanes(of: group)
        for (block, panel) in group.enumerated() {
            let base = panel.image * source.shape.elements
            scratch.prepare(panel)
            for c in chunk {
                let plane = base + layer.reads[c] * source.shape.pixels
                loadActivations(
                    panel, grid, source.values + plane, imageStride: source.shape.elements, norm.activations[c],
                    input + (block * BackwardMemory.chunk + c - chunk.lowerBound) * capacity,
                    productStride: memory.inputStride,
                    scratch, clearedTo: units)
                // Needed next: this chunk's gradients, then the next one's values.
                prefetch(panel, grid, source.gradient + plane, imageStride: source.shape.elements)
                if c + BackwardMemory.chunk < layer.reads.count {
                    let following = base + layer.reads[c + BackwardMemory.chunk] * source.shape.pixels
                    prefetch(panel, grid, source.values + following, imageStride: source.shape.elements)
                }
            }
        }
    }

    private func addWeightGradients(_ chunk: Range<Int>, _ group: [Panel]) {
        let units = lanes(of: group)
        for product in 0..<memory.products {
            for c in stride(from: 0, to: chunk.count, by: dotInputs) {
                for o in stride(from: 0, to: layer.outputs, by: dotOutputs) {
                    addDotTile(
                        input + product * memory.inputStride + c * capacity,
                        inputBlock: BackwardMemory.chunk * capacity,
                        pairs + product * memory.gradientStride + o * capacity,
                        gradientBlock: memory.paddedOutputs * capacity,
                        stride: capacity, blocks: group.count, lanes: units,
                        sums + (product * memory.paddedReads + chunk.lowerBound + c) * memory.paddedOutputs + o,
                        rowStride: memory.paddedOutputs, sums: lanes)
                }
            }
        }
    }

    private mutating func addInputGradients(_ chunk: Range<Int>, _ group: [Panel]) {
        for first in stride(from: chunk.lowerBound, to: chunk.upperBound, by: tileRows) {
            for (block, panel) in group.enumerated() {
                scratch.prepare(panel)
                for product in 0..<memory.products {
                    multiplyTile(
                        back + product * memory.gradientStride + block * memory.paddedOutputs * capacity,
                        terms: layer.outputs,
                        stride: capacity,
                        packed + weights.offset(product: product, tile: first / tileRows),
                        result + product * memory.resultStride, units: panel.units)
                }
                for c in first..<min(first + tileRows, chunk.upperBound) {
                    let plane = panel.image * source.shape.elements + layer.reads[c] * source.shape.pixels
                    storeGradient(
                        panel, grid, result + (c - first) * capacity, productStride: memory.resultStride, scratch,
                        source.values + plane, source.gradient + plane, imageStride: source.shape.elements,
                        norm.activations[c], mean: norm.mean[c], normSums + 2 * c)
                }
            }
        }
    }

    /// The sums over the part to what they say of the weights.
    private func collectWeightGradients() {
        let outputs = memory.paddedOutputs
        for c in layer.reads.indices {
            let (u, w) = (sums + c * outputs, partial + c * memory.taps * outputs)
            guard layer.kind == .winograd else {
                w.update(from: u, count: outputs)
                continue
            }
            for o in stride(from: 0, to: outputs, by: 16) {
                gatherKernelGradients(
                    u + o, stride: memory.paddedReads * outputs, result, outStride: 16, result + 9 * 16)
                for tap in 0..<9 {
                    (w + (tap * outputs + o)).update(from: result + 16 * tap, count: min(16, outputs - o))
                }
            }
        }
    }
}
