import Files
import Foundation
import Torch
import WeightFiles

extension Safetensors {
    /// The arrays as tensors.
    /// - Throws: `FileError` for a type that networks here do not have.
    public func torchTensors() throws -> [String: Tensor] {
        try tensors.mapValues { stored in
            switch stored.type {
            case "F32": try Tensor([Float](littleEndian: stored.bytes), stored.shape)
            case "F64": try Tensor([Double](littleEndian: stored.bytes), stored.shape)
            case "I64": try Tensor([Int64](littleEndian: stored.bytes), stored.shape)
            case "U8": try Tensor([UInt8](stored.bytes), stored.shape)
            default: throw FileError("arrays of type \(stored.type) are not read here; F32, F64, I64 and U8 are")
            }
        }
    }
}

extension StoredTensor {
    /// A tensor's elements.
    public init(_ tensor: Tensor) throws {
        switch tensor.type {
        case .float64: self.init(type: "F64", shape: tensor.shape, bytes: try tensor.doubles().littleEndianBytes)
        case .int64: self.init(type: "I64", shape: tensor.shape, bytes: try tensor.ints().littleEndianBytes)
        case .uint8: self.init(type: "U8", shape: tensor.shape, bytes: Data(try tensor.bytes()))
        default: self.init(type: "F32", shape: tensor.shape, bytes: try tensor.floats().littleEndianBytes)
        }
    }
}
