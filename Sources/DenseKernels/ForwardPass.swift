/// How the memory of one worker's forward pass over a layer is laid out, in elements.
struct ForwardMemory: Sendable {
    let grid: Grid
    let products: Int
    /// Inputs whose products are added in one go.
    let chunk: Int
    /// Inputs that are held at a time.
    let held: Int
    let inputs: UnitLayout
    let results: UnitLayout
    /// Elements of the inputs and results, and of one worker's tiles.
    let panelSize: Int
    let tileScratch: Int

    /// - Parameter whole: hold all inputs at a time.
    init(_ layer: KernelLayer, _ grid: Grid, whole: Bool) {
        self.grid = grid
        products = layer.kind.products
        chunk = min(layer.reads.count, layer.kind.chunk)
        held = whole ? layer.reads.count : chunk
        inputs = UnitLayout(grid, rows: held)
        results = UnitLayout(grid, rows: tiledRows(outputs: layer.outputs))
        panelSize = products * (inputs.product + results.product)
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
    /// Activations of the inputs held, then results.
    let work: UnsafeMutablePointer<Float>
    /// Whether the outputs' moments are asked for.
    let measured: Bool
    /// Of each panel's outputs.
    let moments: UnsafeMutablePointer<Moments>
    var scratch: TileScratch

    private var result: UnsafeMutablePointer<Float> { work + memory.products * memory.inputs.product }

    /// Does some panels.
    mutating func run(_ panels: Range<Int>) {
        var isAsked = false
        for index in panels {
            let panel = memory.grid.panel(index, images: images)
            let next = index + 1 < panels.upperBound ? memory.grid.panel(index + 1, images: images) : nil
            scratch.prepare(panel)
            for start in memory.chunks(layer) {
                let chunk = start..<min(start + memory.chunk, layer.reads.count)
                load(chunk, from: start, panel, isAsked: isAsked)
                isAsked = true
                let items = memory.products * weights.tiles
                var ahead = ahead(of: chunk, panel, next: next)
                ahead.divide(by: items)
                for item in 0..<items {
                    ahead.ask()
                    multiply(item, chunk, at: 0, panel)
                }
            }
            store(0..<layer.outputs, panel, moments + index * layer.outputs)
        }
    }

    /// Loads some inputs, of which `first` is held first; asks for each two ahead unless that was done before.
    func load(_ inputs: Range<Int>, from first: Int, _ panel: Panel, isAsked: Bool = false) {
        var ahead = MapsAhead()
        if !isAsked, inputs.count > 2 {
            ahead.add(source, from, layer.reads[inputs].dropFirst(2), panel, memory.grid)
            ahead.divide(by: inputs.count - 2)
        }
        for c in inputs {
            let plane = source + layer.reads[c] * from.pixels
            loadActivations(
                panel, memory.grid, plane + panel.image * from.elements, imageStride: from.elements, activations[c],
                work + (c - first) * memory.inputs.row, memory.inputs, scratch)
            ahead.ask()
        }
    }

    /// What is loaded after a chunk.
    private func ahead(of chunk: Range<Int>, _ panel: Panel, next: Panel?) -> MapsAhead {
        var ahead = MapsAhead()
        let more = chunk.upperBound < layer.reads.count
        if let panel = more ? panel : next {
            let first = more ? chunk.upperBound : 0
            let channels = layer.reads[first..<min(first + memory.chunk, layer.reads.count)]
            ahead.add(source, from, channels, panel, memory.grid)
        }
        return ahead
    }

    /// Multiplies a chunk of the inputs, held from `at` on, for one product and one tile of outputs.
    /// - Parameter units: of the panel's, those to do, from a multiple of 16 on; all when `nil`.
    func multiply(_ item: Int, _ chunk: Range<Int>, at: Int, _ panel: Panel, units: Range<Int>? = nil) {
        let (product, tile) = (item / weights.tiles, item % weights.tiles)
        let units = units ?? 0..<panel.units
        let (inputs, results) = (memory.inputs, memory.results)
        let from = work + (product * inputs.product + at * inputs.row + inputs.offset(of: units.lowerBound))
        let to =
            result + (product * results.product + tile * tileRows * results.row + results.offset(of: units.lowerBound))
        for shift in 0..<layer.kind.shifts {
            multiplyTile(
                from + memory.grid.offset(of: shift), terms: chunk.count, stride: inputs.row,
                packed + weights.offset(product: product + shift, tile: tile, from: chunk.lowerBound),
                rows: weights.rows(ofTile: tile), to,
                units: units.count, inputStep: inputs.step, outputStep: results.step,
                adding: chunk.lowerBound + shift > 0)
        }
    }

    /// Stores some outputs.
    func store(_ outputs: Range<Int>, _ panel: Panel, _ moments: UnsafeMutablePointer<Moments>) {
        for o in outputs {
            moments[o] = storeOutput(
                panel, memory.grid, result + o * memory.results.row, memory.results, scratch,
                destination + panel.image * to.elements + (layer.writes + o) * to.pixels, imageStride: to.elements,
                measured: measured)
        }
    }
}
