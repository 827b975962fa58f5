// Weights as the register tile reads them: `[products][tiles of outputs][terms][tileRows]`.

/// Weights of a convolution `[outputs][reads][3][3]` or `[outputs][reads]`, packed for the forward pass or, with inputs and
/// outputs exchanged, for the gradient of the input.
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
        products = kind.products
        tiles = (outputs + tileRows - 1) / tileRows
        self.terms = terms
        elements = [Float](repeating: 0, count: products * tiles * terms * tileRows)
    }

    private mutating func put(
        _ weight: UnsafePointer<Float>, _ kind: ConvolutionKind, from pair: Int, output: Int, term: Int, turned: Bool
    ) {
        let at = (output / tileRows) * tileStride + term * tileRows + output % tileRows
        let stride = productStride
        guard kind == .winograd else {
            elements[at] = weight[pair]
            return
        }
        // G g Gᵀ with G = [1 0 0; ½ ½ ½; ½ −½ ½; 0 0 1]. A kernel turned round exchanges the outer rows and columns.
        let g = weight + pair * 9
        @inline(__always) func combine(_ a: Float, _ b: Float, _ c: Float) -> (Float, Float, Float, Float) {
            (a, (a + c + b) * 0.5, (a + c - b) * 0.5, c)
        }
        let (r0, r1, r2) = (combine(g[0], g[1], g[2]), combine(g[3], g[4], g[5]), combine(g[6], g[7], g[8]))
        let columns = [
            combine(r0.0, r1.0, r2.0), combine(r0.1, r1.1, r2.1), combine(r0.2, r1.2, r2.2), combine(r0.3, r1.3, r2.3),
        ]
        for j in 0..<4 {
            let to = turned && (j == 0 || j == 3) ? 3 - j : j
            let (top, bottom) = turned ? (12, 0) : (0, 12)
            elements[at + (top + to) * stride] = columns[j].0
            elements[at + (4 + to) * stride] = columns[j].1
            elements[at + (8 + to) * stride] = columns[j].2
            elements[at + (bottom + to) * stride] = columns[j].3
        }
    }
}

/// Adds `Gᵀ u G` of 16 products, `stride` apart, to a 3×3 gradient.
@inline(__always)
func addKernelGradient(_ u: UnsafePointer<Float>, stride: Int, _ out: UnsafeMutablePointer<Float>) {
    @inline(__always) func combine(_ a: Float, _ b: Float, _ c: Float, _ d: Float) -> (Float, Float, Float) {
        (a + (b + c) * 0.5, (b - c) * 0.5, (b + c) * 0.5 + d)
    }
    @inline(__always) func row(_ i: Int) -> (Float, Float, Float) {
        let p = u + i &* 4 &* stride
        return combine(p[0], p[stride], p[2 &* stride], p[3 &* stride])
    }
    let (r0, r1, r2, r3) = (row(0), row(1), row(2), row(3))
    let (c0, c1, c2) = (combine(r0.0, r1.0, r2.0, r3.0), combine(r0.1, r1.1, r2.1, r3.1), combine(r0.2, r1.2, r2.2, r3.2))
    out[0] += c0.0
    out[1] += c1.0
    out[2] += c2.0
    out[3] += c0.1
    out[4] += c1.1
    out[5] += c2.1
    out[6] += c0.2
    out[7] += c1.2
    out[8] += c2.2
}
