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
    /// A chunk of inputs' activations.
    private var input: UnsafeMutablePointer<Float> { work }
    /// The outputs' gradients, for the inputs' gradients.
    private var back: UnsafeMutablePointer<Float> { input + memory.products * memory.inputs.product }
    /// The same for the weights' gradients; Winograd's transform is another one there.
    private var pairs: UnsafeMutablePointer<Float> {
        layer.kind == .winograd ? back + memory.products * memory.gradients.product : back
    }
    private var result: UnsafeMutablePointer<Float> { back + 2 * memory.products * memory.gradients.product }
    private var transformedSums: UnsafeMutablePointer<Float> { result + memory.products * memory.results.product }
    private var sums: UnsafeMutablePointer<Float> { layer.kind == .winograd ? transformedSums : partial }
    private var lanes: UnsafeMutablePointer<Float> { transformedSums + memory.pairsSize + 16 }
    private var normSums: UnsafeMutablePointer<Float> { partial + memory.weightsSize }

    /// Goes through the panels of the part, and leaves its sums in `partial`.
    mutating func run(_ panels: Range<Int>) {
        transformedSums.update(repeating: 0, count: memory.pairsSize)
        partial.update(repeating: 0, count: memory.partialSize)
        var first = panels.lowerBound
        var group = group(from: first, panels)
        while !group.isEmpty {
            first += memory.group
            let next = self.group(from: first, panels)
            loadGradients(group)
            for start in stride(from: 0, to: layer.reads.count, by: BackwardMemory.chunk) {
                let chunk = chunk(from: start)
                loadInputs(chunk, group)
                addWeightGradients(chunk, group, ahead: maps(source.gradient, chunk, group))
                let more = chunk.upperBound < layer.reads.count
                let following = self.chunk(from: more ? chunk.upperBound : 0)
                addInputGradients(chunk, group, ahead: maps(source.values, following, more ? group : next))
            }
            group = next
        }
        if layer.kind == .winograd { collectWeightGradients() }
    }

    /// Panels whose dot products are summed in one go.
    private func group(from first: Int, _ panels: Range<Int>) -> [Panel] {
        (first..<max(first, min(first + memory.group, panels.upperBound))).map { grid.panel($0, images: images) }
    }

    private func chunk(from start: Int) -> Range<Int> { start..<min(start + BackwardMemory.chunk, layer.reads.count) }

    /// Maps of a chunk that are read next.
    private func maps(_ base: UnsafePointer<Float>, _ chunk: Range<Int>, _ group: [Panel]) -> MapsAhead {
        var ahead = MapsAhead()
        for panel in group { ahead.add(base, source.shape, layer.reads[chunk], panel, grid) }
        return ahead
    }

    /// Lanes that dot products over a group run over: of its largest panel, which need not be the first.
    private func lanes(of group: [Panel]) -> Int { group.reduce(0) { max($0, $1.lanes) } }

    private mutating func loadGradients(_ group: [Panel]) {
        let units = lanes(of: group)
        for (block, panel) in group.enumerated() {
            scratch.prepare(panel)
            for o in 0..<layer.outputs {
                let plane = panel.image * destination.shape.elements + (layer.writes + o) * destination.shape.pixels
                let at = block * memory.paddedOutputs * capacity + o * memory.gradients.row
                loadGradient(
                    panel, grid, destination.gradient + plane, destination.values + plane,
                    imageStride: destination.shape.elements, corrections[layer.writes + o], back: back + at,
                    pairs: pairs + at, memory.gradients, scratch, clearedTo: units)
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
                    input + (block * BackwardMemory.chunk * capacity + (c - chunk.lowerBound) * memory.inputs.row),
                    memory.inputs, scratch, clearedTo: units)
            }
        }
    }

    private func addWeightGradients(_ chunk: Range<Int>, _ group: [Panel], ahead: MapsAhead) {
        let units = lanes(of: group)
        var ahead = ahead
        let tiles = (layer.outputs + dotOutputs - 1) / dotOutputs
        ahead.divide(by: memory.products * tiles * ((chunk.count + dotInputs - 1) / dotInputs))
        for product in 0..<memory.products {
            // A chunk's inputs of one product fit the first-level cache, all gradients may not.
            for o in stride(from: 0, to: layer.outputs, by: dotOutputs) {
                for c in stride(from: 0, to: chunk.count, by: dotInputs) {
                    ahead.ask()
                    addDotTile(
                        input + (product * memory.inputs.product + c * memory.inputs.row),
                        inputBlock: BackwardMemory.chunk * capacity, inputStep: memory.inputs.step,
                        pairs + (product * memory.gradients.product + o * memory.gradients.row),
                        gradientBlock: memory.paddedOutputs * capacity, gradientStep: memory.gradients.step,
                        stride: memory.inputs.row, blocks: group.count, lanes: units,
                        sums + (product * memory.paddedReads + chunk.lowerBound + c) * memory.paddedOutputs + o,
                        rowStride: memory.paddedOutputs, sums: lanes)
                }
            }
        }
    }

    private mutating func addInputGradients(_ chunk: Range<Int>, _ group: [Panel], ahead: MapsAhead) {
        var ahead = ahead
        ahead.divide(by: memory.products * group.count * ((chunk.count + tileRows - 1) / tileRows))
        for first in stride(from: chunk.lowerBound, to: chunk.upperBound, by: tileRows) {
            for (block, panel) in group.enumerated() {
                scratch.prepare(panel)
                for product in 0..<memory.products {
                    ahead.ask()
                    multiplyTile(
                        back + (product * memory.gradients.product + block * memory.paddedOutputs * capacity),
                        terms: layer.outputs, stride: memory.gradients.row,
                        packed + weights.offset(product: product, tile: first / tileRows),
                        rows: weights.rows(ofTile: first / tileRows),
                        result + product * memory.results.product, units: panel.units,
                        inputStep: memory.gradients.step, outputStep: memory.results.step)
                }
                for c in first..<min(first + tileRows, chunk.upperBound) {
                    let plane = panel.image * source.shape.elements + layer.reads[c] * source.shape.pixels
                    storeGradient(
                        panel, grid, result + (c - first) * memory.results.row, memory.results, scratch,
                        source.values + plane, source.gradient + plane, imageStride: source.shape.elements,
                        norm.activations[c], mean: norm.mean[c], normSums + 2 * c)
                }
            }
        }
    }

    /// The transformed sums over the part to what they say of the weights.
    private func collectWeightGradients() {
        let outputs = memory.paddedOutputs
        for c in layer.reads.indices {
            let (u, w) = (sums + c * outputs, partial + c * memory.taps * outputs)
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
