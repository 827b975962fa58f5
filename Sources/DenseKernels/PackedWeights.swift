/// Weights of a convolution `[outputs][reads][3][3]` or `[outputs][reads]`, packed for the forward pass or, with inputs
/// and outputs exchanged, for the gradient of the input, in the order in which the register tile reads them:
/// `[chunks][products and shifts][tiles of outputs][terms of the chunk][rows of the tile]`.
///
/// A chunk's lie together, as they are more than the caches have room for beside the maps: read one behind the other
/// they are fetched ahead.
struct PackedWeights {
    let layout: WeightLayout
    let elements: [Float]

    var tiles: Int { layout.tiles }
    @inline(__always) func rows(ofTile tile: Int) -> Int { layout.rows(ofTile: tile) }
    @inline(__always) func offset(product: Int, tile: Int, from first: Int = 0) -> Int {
        layout.offset(product: product, tile: tile, from: first)
    }

    /// - Parameters:
    ///   - chunk: terms that are added in one go; all when `nil`.
    ///   - threads: threads that pack; the result does not depend on them.
    init(
        forward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int, chunk: Int? = nil,
        threads: Int = 1
    ) {
        layout = WeightLayout(kind, outputs: outputs, terms: reads, chunk: chunk ?? reads)
        elements = Self.packed(
            KernelsOfLayer(first: weight, kind: kind, ofOutput: reads, ofTerm: 1, turned: false), layout, threads)
    }

    init(backward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int, threads: Int = 1) {
        layout = WeightLayout(kind, outputs: reads, terms: outputs, chunk: outputs)
        elements = Self.packed(
            KernelsOfLayer(first: weight, kind: kind, ofOutput: 1, ofTerm: reads, turned: true), layout, threads)
    }

    private static func packed(_ kernels: KernelsOfLayer, _ layout: WeightLayout, _ threads: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: layout.count) { out, count in
            // What pads the last tile is zero.
            out.initialize(repeating: 0)
            count = layout.count
            guard let first = out.baseAddress else { return }
            // Each thread writes terms of its own; nobody writes what is read.
            nonisolated(unsafe) let (kernels, base) = (kernels, first)
            Workers(threads: threads).run { part, _ in
                for item in Workers.range(of: part, in: layout.tiles * layout.terms) {
                    let (tile, term) = (item / layout.terms, item % layout.terms)
                    let chunk = term / layout.chunk * layout.chunk
                    let rows = layout.rows(ofTile: tile)
                    let at = base + layout.offset(product: 0, tile: tile, from: chunk) + (term - chunk) * rows
                    let apart =
                        layout.offset(product: 1, tile: 0, from: chunk)
                        - layout.offset(product: 0, tile: 0, from: chunk)
                    for row in 0..<min(rows, layout.outputs - tile * tileRows) {
                        kernels.put(output: tile * tileRows + row, term: term, at + row, apart: apart)
                    }
                }
            }
        }
    }
}

/// How packed weights lie in memory.
struct WeightLayout: Sendable {
    let outputs: Int
    /// Outputs in whole steps.
    let rows: Int
    let products: Int
    let tiles: Int
    let terms: Int
    /// Terms of a chunk; the last has what is left.
    let chunk: Int

    init(_ kind: ConvolutionKind, outputs: Int, terms: Int, chunk: Int) {
        products = kind.products * kind.shifts
        tiles = (outputs + tileRows - 1) / tileRows
        rows = tiledRows(outputs: outputs)
        (self.outputs, self.terms, self.chunk) = (outputs, terms, chunk)
    }

    /// Elements.
    var count: Int { products * rows * terms }

    /// Outputs of a tile: fewer in the last one.
    @inline(__always) func rows(ofTile tile: Int) -> Int { min(tileRows, rows - tile * tileRows) }

    /// Where the rows of a product's tile start, from the first term of a chunk on.
    @inline(__always) func offset(product: Int, tile: Int, from first: Int = 0) -> Int {
        first * products * rows + (product * rows + tile * tileRows) * min(chunk, terms - first)
    }
}

/// A layer's kernels where they lie, of which an output's next and a term's next are some apart.
private struct KernelsOfLayer {
    let first: UnsafePointer<Float>
    let kind: ConvolutionKind
    let ofOutput: Int
    let ofTerm: Int
    /// Whether kernels are turned round, for the gradient of the input.
    let turned: Bool

    /// Packs one kernel, whose products are some apart.
    @inline(__always) func put(output: Int, term: Int, _ out: UnsafeMutablePointer<Float>, apart: Int) {
        let kernel = first + (output &* ofOutput &+ term &* ofTerm) &* kind.taps
        if kind == .winograd {
            transformKernel(kernel, turned: turned, out, stride: apart)
        } else {
            for tap in 0..<kind.taps { out[tap &* apart] = kernel[tap] }
        }
    }
}
