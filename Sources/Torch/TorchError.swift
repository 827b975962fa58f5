import CTorch

/// A failure libtorch reported, with the operation and the shapes it was given.
public struct TorchError: Error, CustomStringConvertible, Equatable {
    /// The operation, as it is called in this module.
    public let operation: String
    /// The operands' shapes.
    public let shapes: [[Int]]
    /// libtorch's own first line.
    public let reason: String

    /// Creates the error.
    public init(operation: String, shapes: [[Int]], reason: String) {
        self.operation = operation
        self.shapes = shapes
        self.reason = reason
    }

    /// "conv2d on [64, 3, 32, 32], [16, 4, 3, 3]: ...".
    public var description: String {
        let list = shapes.map { "\($0)" }.joined(separator: ", ")
        return shapes.isEmpty ? "\(operation): \(reason)" : "\(operation) on \(list): \(reason)"
    }

    /// The error libtorch left on this thread.
    static func last(_ operation: String, _ operands: [Tensor]) -> TorchError {
        // Read first: asking for the shapes calls the shim again.
        let reason = String(cString: ct_last_error())
        return TorchError(operation: operation, shapes: operands.map(\.shape), reason: reason)
    }
}
