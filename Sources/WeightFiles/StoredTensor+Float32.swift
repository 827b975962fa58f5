import Foundation

extension StoredTensor {
    /// The same array in float32: half and bfloat16 exactly, double rounded, as it is where it is float32 already.
    /// - Throws: `StoredTensorError` for whole numbers and truth values, which no weights are.
    package func inFloat32() throws -> StoredTensor {
        switch type {
        case "F32": self
        case "F16": converted { Float(halfBits: $0) }
        case "BF16": converted { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case "F64": converted { Float(Double(bitPattern: $0)) }
        default: throw StoredTensorError("the type \(type), where weights are F32, F16, BF16 or F64")
        }
    }

    private func converted<Bits: FixedWidthInteger>(_ value: (Bits) -> Float) -> StoredTensor {
        let size = MemoryLayout<Bits>.size
        var out = Data(count: bytes.count / size * 4)
        out.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                for i in 0..<source.count / size {
                    let bits = Bits(littleEndian: source.loadUnaligned(fromByteOffset: i * size, as: Bits.self))
                    target.storeBytes(of: value(bits).bitPattern.littleEndian, toByteOffset: i * 4, as: UInt32.self)
                }
            }
        }
        return StoredTensor(type: "F32", shape: shape, bytes: out)
    }
}

extension Float {
    /// The value of IEEE 754's binary16, which Swift has no type for on every platform.
    fileprivate init(halfBits bits: UInt16) {
        let sign: Float = bits >> 15 == 1 ? -1 : 1
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Float(bits & 0x3FF) / 1024)
        switch exponent {
        case 0: self = sign * fraction * 0x1p-14
        case 0x1F: self = fraction == 0 ? sign * .infinity : .nan
        default: self = Float(sign: .plus, exponent: exponent - 15, significand: sign * (1 + fraction))
        }
    }
}
