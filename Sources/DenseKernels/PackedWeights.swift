/// Weights of a convolution `[outputs][reads][3][3]` or `[outputs][reads]`, packed for the forward pass or, with inputs
/// and outputs exchanged, for the gradient of the input, in the order in which the register tile reads them:
/// `[chunks][products and shifts][tiles of outputs][terms of the chunk][tileRows]`.
///
/// A chunk's lie together, as they are more than the caches have room for beside the maps: read one behind the other
/// they are fetched ahead.
struct PackedWeights {
    let products: Int
    let tiles: Int
    let terms: Int
    /// Terms of a chunk; the last has what is left.
    let chunk: Int
    private(set) var elements: [Float]

    /// - Parameters:
    ///   - chunk: terms that are added in one go; all when `nil`.
    ///   - threads: threads that pack; the result does not depend on them.
    init(
        forward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int, chunk: Int? = nil,
        threads: Int = 1
    ) {
        self.init(kind, outputs: outputs, terms: reads, chunk: chunk ?? reads)
        put(weight, kind, outputs: outputs, ofOutput: reads, ofTerm: 1, turned: false, threads)
    }

    init(backward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int, threads: Int = 1) {
        self.init(kind, outputs: reads, terms: outputs, chunk: outputs)
        put(weight, kind, outputs: reads, ofOutput: 1, ofTerm: reads, turned: true, threads)
    }

    private init(_ kind: ConvolutionKind, outputs: Int, terms: Int, chunk: Int) {
        products = kind.products * kind.shifts
        tiles = (outputs + tileRows - 1) / tileRows
        (self.terms, self.chunk) = (terms, chunk)
        elements = [Float](repeating: 0, count: products * tiles * terms * tileRows + 16)
    }

    /// Where the rows of a product's tile start, from the first term of a chunk on.
    @inline(__always) func offset(product: Int, tile: Int, from first: Int = 0) -> Int {
        (first * products * tiles + (product * tiles + tile) * min(chunk, terms - first)) * tileRows
    }

    /// Packs the kernels, of which an output's and a term's next are some apart.
    private mutating func put(
        _ weight: UnsafePointer<Float>, _ kind: ConvolutionKind, outputs: Int, ofOutput: Int, ofTerm: Int, turned: Bool,
        _ threads: Int
    ) {
        let (tiles, terms, layout) = (tiles, terms, self)
        elements.withUnsafeMutableBufferPointer { out in
            guard let first = out.baseAddress else { return }
            nonisolated(unsafe) let (weight, base) = (weight, first)
            Workers(threads: threads).run { part, _ in
                for tile in Workers.range(of: part, in: tiles) {
                    for first in stride(from: 0, to: terms, by: layout.chunk) {
                        let at = base + layout.offset(product: 0, tile: tile, from: first)
                        let apart =
                            layout.offset(product: 1, tile: tile, from: first)
                            - layout.offset(product: 0, tile: tile, from: first)
                        let from = weight + (tile * tileRows * ofOutput + first * ofTerm) * kind.taps
                        for term in 0..<min(layout.chunk, terms - first) {
                            for row in 0..<min(tileRows, outputs - tile * tileRows) {
                                Self.put(
                                    from + (row * ofOutput + term * ofTerm) * kind.taps, kind, turned: turned,
                                    at + (term * tileRows + row), apart: apart)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Packs one kernel, whose products are some apart.
    @inline(__always)
    private static func put(
        _ kernel: UnsafePointer<Float>, _ kind: ConvolutionKind, turned: Bool, _ out: UnsafeMutablePointer<Float>,
        apart: Int
    ) {
        if kind == .winograd {
            transformKernel(kernel, turned: turned, out, stride: apart)
        } else {
            for tap in 0..<kind.taps { out[tap &* apart] = kernel[tap] }
        }
    }
}
