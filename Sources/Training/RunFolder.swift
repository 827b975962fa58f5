import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import Torch
import WeightFiles

/// A run's folder and the files every run has; `docs/run-folder.md` describes them for people.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String

    /// A run's folder, which need not exist yet.
    public init(_ path: String) { self.path = path }

    public var configuration: String { path + "/config.json" }
    public var architecture: String { path + "/architecture.json" }
    public var weights: String { path + "/weights.safetensors" }
    public var metrics: String { path + "/metrics.jsonl" }
    public var result: String { path + "/result.json" }
    public var testUses: String { path + "/test-uses.jsonl" }
    public var checkpoints: String { path + "/checkpoints" }
    public var report: String { path + "/report.html" }
    public var calibration: String { path + "/calibration.json" }
    public var study: String { path + "/study.sqlite" }

    /// Whether a run is there.
    public var exists: Bool { FileManager.default.fileExists(atPath: configuration) }

    /// Makes the folder for a new run.
    /// - Throws: `TrainingError` when a run is there already, `FileError` when it cannot be made.
    public func create() throws {
        if exists {
            throw TrainingError("\(path) holds a run already; continue it with --resume, or choose another folder with --out")
        }
        try AtomicFile.makeFolder(path)
        try AtomicFile.makeFolder(checkpoints)
    }

    /// Writes a value as readable JSON.
    public func write<Value: Encodable>(_ value: Value, to file: String) throws {
        try AtomicFile.write(try Self.encoder(pretty: true).encode(value) + Data("\n".utf8), to: file)
    }

    /// Reads a JSON file of the run.
    /// - Throws: `FileError` that names the file and what is wrong in it.
    public func read<Value: Decodable>(_: Value.Type, from file: String) throws -> Value {
        try Self.decode(Value.self, file)
    }

    /// Reads a JSON file.
    /// - Throws: `FileError` that names the file and what is wrong in it.
    public static func decode<Value: Decodable>(_: Value.Type, _ file: String) throws -> Value {
        try JSONFile.read(Value.self, file, decoder)
    }

    /// The run's network.
    public func network() throws -> Network { try read(Network.self, from: architecture) }

    /// The run's network with its weights.
    /// - Throws: `FileError`, `WeightError`.
    public func model(device: Device = .cpu) throws -> DenseNet {
        let network = try network()
        do {
            return try DenseNet(network, state: Safetensors(verifying: weights).torchTensors(), device: device)
        } catch let error as WeightError {
            throw FileError("\(weights): \(error)")
        }
    }

    /// Notes that the test set was used, for the report.
    public func noteTestUse(command: String, accuracy: Double) throws {
        struct Use: Codable {
            let date: String
            let command: String
            let accuracy: Double
        }
        let use = Use(date: ISO8601DateFormatter().string(from: Date()), command: command, accuracy: accuracy)
        var text = (try? AtomicFile.read(testUses)) ?? Data()
        text.append(try Self.encoder(pretty: false).encode(use) + Data("\n".utf8))
        try AtomicFile.write(text, to: testUses)
    }

    /// How often the test set was used.
    public var testUseCount: Int {
        (try? AtomicFile.read(testUses)).map { $0.split(separator: 0x0A).count } ?? 0
    }

    /// An encoder whose output is the same for the same value.
    public static func encoder(pretty: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }

    /// What reads what `encoder` wrote.
    public static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}

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

// All supported platforms are little endian; the bytes are the memory.
extension Array where Element: BitwiseCopyable {
    fileprivate init(littleEndian data: Data) {
        self = [Element](unsafeUninitializedCapacity: data.count / MemoryLayout<Element>.stride) { buffer, count in
            _ = data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            count = data.count / MemoryLayout<Element>.stride
        }
    }
    fileprivate var littleEndianBytes: Data { withUnsafeBytes { Data($0) } }
}
