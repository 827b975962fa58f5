import Foundation

/// The elements of a tensor, which lie with strides, put in row-major order.
struct Gather {
    private let shape: [Int]
    /// In elements.
    private let strides: [Int]
    private let elementBytes: Int

    /// Dimensions of one entry are left out: nothing moves along them, and PyTorch gives them any stride.
    init(shape: [Int], strides: [Int], elementBytes: Int) {
        let moving = shape.indices.filter { shape[$0] != 1 }
        self.shape = moving.map { shape[$0] }
        self.strides = moving.map { strides[$0] }
        self.elementBytes = elementBytes
    }

    /// Elements.
    var count: Int { shape.contains(0) ? 0 : shape.reduce(1, *) }

    /// Whether they lie in row-major order already.
    var isRowMajor: Bool {
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() {
            if stride != expected { return false }
            expected *= size
        }
        return true
    }

    /// The elements' bytes, a slice where they lie in order. Every element must lie in `data`.
    /// - Parameter start: the byte of the first.
    func rowMajor(_ data: Data, from start: Int) -> Data {
        guard count > 0 else { return Data() }
        if isRowMajor {
            let first = data.startIndex + start
            return data[first..<first + count * elementBytes]
        }
        var out = Data(count: count * elementBytes)
        out.withUnsafeMutableBytes { (target: UnsafeMutableRawBufferPointer) in
            data.withUnsafeBytes { (source: UnsafeRawBufferPointer) in
                var position = [Int](repeating: 0, count: shape.count)
                var (from, to) = (start, 0)
                while to < target.count {
                    for byte in 0..<elementBytes { target[to + byte] = source[from + byte] }
                    to += elementBytes
                    // The last dimension moves first.
                    var dimension = shape.count - 1
                    while dimension >= 0 {
                        position[dimension] += 1
                        from += strides[dimension] * elementBytes
                        if position[dimension] < shape[dimension] { break }
                        from -= shape[dimension] * strides[dimension] * elementBytes
                        position[dimension] = 0
                        dimension -= 1
                    }
                }
            }
        }
        return out
    }
}
