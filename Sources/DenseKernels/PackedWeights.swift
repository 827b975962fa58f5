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

    /// - Parameter chunk: terms that are added in one go; all when `nil`.
    init(forward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int, chunk: Int? = nil) {
        self.init(kind, outputs: outputs, terms: reads, chunk: chunk ?? reads)
        for o in 0..<outputs {
            for c in 0..<reads { put(weight, kind, from: o * reads + c, output: o, term: c, turned: false) }
        }
    }

    init(backward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int) {
        self.init(kind, outputs: reads, terms: outputs, chunk: outputs)
        for o in 0..<outputs {
            for c in 0..<reads { put(weight, kind, from: o * reads + c, output: c, term: o, turned: true) }
        }
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

    private mutating func put(
        _ weight: UnsafePointer<Float>, _ kind: ConvolutionKind, from pair: Int, output: Int, term: Int, turned: Bool
    ) {
        let first = term / chunk * chunk
        let at =
            offset(product: 0, tile: output / tileRows, from: first) + (term - first) * tileRows + output % tileRows
        let stride = offset(product: 1, tile: 0, from: first) - offset(product: 0, tile: 0, from: first)
        guard kind == .winograd else {
            for tap in 0..<kind.taps { elements[at + tap * stride] = weight[pair * kind.taps + tap] }
            return
        }
        elements.withUnsafeMutableBufferPointer { out in
            guard let base = out.baseAddress else { return }
            transformKernel(weight + pair * 9, turned: turned, base + at, stride: stride)
        }
    }
}
