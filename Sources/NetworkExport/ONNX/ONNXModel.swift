import Foundation

/// An ONNX model as a value: as much of the format as our networks need (https://onnx.ai/onnx/repo-docs/IR.html).
package struct ONNXModel: Equatable {
    /// The version of the format.
    package var irVersion: Int
    /// The version of the operators.
    package var opset: Int
    /// What wrote it.
    package var producer: String
    /// Free text by key.
    package var metadata: [String: String]
    /// The graph's name.
    package var name: String
    /// The operations, each after those whose values it reads.
    package var nodes: [Node] = []
    /// The constants.
    package var constants: [Constant] = []
    /// What it is given.
    package var inputs: [Value] = []
    /// What it gives.
    package var outputs: [Value] = []

    /// The types of elements that occur.
    package enum Element: Int {
        case float32 = 1
        case uint8 = 2

        var size: Int { self == .float32 ? 4 : 1 }
    }

    /// An operation.
    package struct Node: Equatable {
        package var operation: String
        package var name: String
        package var inputs: [String]
        package var outputs: [String]
        package var attributes: [String: Attribute] = [:]
    }

    /// What sets an operation.
    package enum Attribute: Equatable {
        case int(Int)
        case ints([Int])
        case float(Float)
    }

    /// A named constant; its bytes fill its shape, row-major and little endian.
    package struct Constant: Equatable {
        package var name: String
        package var element: Element
        package var shape: [Int]
        package var bytes: Data
    }

    /// An input or output.
    package struct Value: Equatable {
        package var name: String
        package var element: Element
        package var shape: [Size]
    }

    /// The size of a dimension.
    package enum Size: Equatable {
        case fixed(Int)
        /// Any, the same wherever the name stands.
        case named(String)
    }
}
