// Weights as the register tile reads them: `[products and shifts][tiles of outputs][terms][tileRows]`.

/// Weights of a convolution `[outputs][reads][3][3]` or `[outputs][reads]`, packed for the forward pass or, with inputs
/// and outputs exchanged, for the gradient of the input.
struct PackedWeights {
    let products: Int
    let tiles: Int
    let terms: Int
    private(set) var elements: [Float]

    /// Elements from a tile to the next.
    var tileStride: Int { terms * tileRows }
    /// Elements from a product to the next.
    var productStride: Int { tiles * tileStride }

    init(forward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int) {
        self.init(kind, outputs: outputs, terms: reads)
        for o in 0..<outputs {
            for c in 0..<reads { put(weight, kind, from: o * reads + c, output: o, term: c, turned: false) }
        }
    }

    init(backward weight: UnsafePointer<Float>, _ kind: ConvolutionKind, reads: Int, outputs: Int) {
        self.init(kind, outputs: reads, terms: outputs)
        for o in 0..<outputs {
            for c in 0..<reads { put(weight, kind, from: o * reads + c, output: c, term: o, turned: true) }
        }
    }

    private init(_ kind: ConvolutionKind, outputs: Int, terms: Int) {
        products = kind.products * kind.shifts
        tiles = (outputs + tileRows - 1) / tileRows
        self.terms = terms
        elements = [Float](repeating: 0, count: products * tiles * terms * tileRows + 16)
    }

    private mutating func put(
        _ weight: UnsafePointer<Float>, _ kind: ConvolutionKind, from pair: Int, output: Int, term: Int, turned: Bool
    ) {
        let at = (output / tileRows) * tileStride + term * tileRows + output % tileRows
        guard kind == .winograd else {
            for tap in 0..<kind.taps { elements[at + tap * productStride] = weight[pair * kind.taps + tap] }
            return
        }
        let stride = productStride
        elements.withUnsafeMutableBufferPointer { out in
            guard let base = out.baseAddress else { return }
            transformKernel(weight + pair * 9, turned: turned, base + at, stride: stride)
        }
    }
}
