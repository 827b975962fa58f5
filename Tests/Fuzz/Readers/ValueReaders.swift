import ArrayFiles
import DenseNetArchitecture
import Files
import Foundation
import ImageDecoding
import NetworkExport
import NetworkImport
import PickleFiles
import TorchFiles
import WeightFiles

extension FuzzedReader {
    /// The readers that need no libtorch.
    public static let values = [
        safetensors, pickle, torch, weights, onnx, coreML, architecture, connectivity, network, jpeg, png, idx, npy,
        npz,
    ]

    private static let safetensors = FuzzedReader("safetensors", throwing: FileError.self) { data in
        let file = try Safetensors(data, named: "x")
        for (name, tensor) in file.tensors where tensor.shape.reduce(1, *) > tensor.bytes.count {
            throw BrokenPromise("'\(name)' of shape \(tensor.shape) has \(tensor.bytes.count) bytes")
        }
        _ = file.arrays.reduce(into: Data()) { $0.append($1) }
    }

    private static let pickle = FuzzedReader("pickle", throwing: PickleError.self) { data in
        // Limits at which a fuzzer gets somewhere; that the defaults hold has tests of its own.
        let value = try PickleReader.read(
            data, limits: PickleLimits(bytes: 1 << 20, instructions: 20_000, values: 20_000))
        if value.hashValue != value.hashValue { throw BrokenPromise("two hash values") }
    }

    private static let jpeg = FuzzedReader("jpeg", throwing: ImageError.self, read: decode)
    private static let png = FuzzedReader("png", throwing: ImageError.self, read: decode)

    private static func decode(_ data: Data) throws {
        // Limits at which a fuzzer gets on; that the defaults hold has tests of its own.
        var limits = DecodingLimits()
        (limits.pixels, limits.scannedPixels) = (1 << 16, 1 << 20)
        let image = try ImageDecoder.decode([UInt8](data), named: "x", limits: limits).image
        if image.pixels.count != image.width * image.height * 3 {
            throw BrokenPromise("\(image.width)×\(image.height) pixels in \(image.pixels.count) bytes")
        }
        _ = try image.squared(7)
    }

    private static let idx = FuzzedReader("idx", throwing: FileError.self) { data in
        let file = try IDXFile(data, named: "x", atMost: 1 << 16)
        if file.bytes.count != (file.shape.contains(0) ? 0 : file.shape.reduce(1, *)) {
            throw BrokenPromise("\(file.bytes.count) bytes of shape \(file.shape)")
        }
    }

    private static let npy = FuzzedReader("npy", throwing: FileError.self) { data in
        try check(NPYArray(data, named: "x", atMost: 1 << 16))
    }

    private static let npz = FuzzedReader("npz", throwing: FileError.self) { data in
        let file = try NPZFile(data, named: "x", atMost: 1 << 16)
        for name in file.names {
            guard let array = try file.array(name) else { throw BrokenPromise("no '\(name)'") }
            try check(array)
        }
    }

    private static func check(_ array: NPYArray) throws {
        let count = array.shape.contains(0) ? 0 : array.shape.reduce(1, *)
        for found in [array.bytes?.count, array.integers?.count] where found != nil && found != count {
            throw BrokenPromise("\(found ?? 0) elements of shape \(array.shape)")
        }
    }

    private static let onnx = FuzzedReader("onnx", throwing: ExportError.self) { data in
        let model = try ONNXModel(data, named: "x")
        let again = model.encoded()
        guard try ONNXModel(again, named: "x").encoded() == again else { throw BrokenPromise("two encodings") }
        let interpreter = try ONNXInterpreter(model, mostWork: 100_000)
        // One image of zeros, where that is what it takes.
        let shape = model.inputs[0].shape.map { size in
            if case .fixed(let size) = size { size } else { 1 }
        }
        var count = 1
        for size in shape {
            guard 1...10_000 ~= size, count <= 10_000 else { return }
            count *= size
        }
        let images = ONNXArray(model.inputs[0].element, shape, [Float](repeating: 0, count: count))
        let logits = try interpreter(images)
        guard logits.values.count == logits.shape.reduce(1, *) else {
            throw BrokenPromise("\(logits.values.count) values of shape \(logits.shape)")
        }
    }

    /// The length of `model.mlmodel` in four bytes, little endian, then its bytes, then those of `weight.bin`.
    private static let coreML = FuzzedReader("coreml", throwing: ExportError.self) { data in
        let length = data.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let model = try CoreMLModel(Data(data.dropFirst(4).prefix(length)), named: "x")
        let again = model.encoded()
        guard try CoreMLModel(again, named: "x").encoded() == again else { throw BrokenPromise("two encodings") }
        let interpreter = try MILInterpreter(
            model.program, weights: Data(data.dropFirst(4).dropFirst(length)), mostWork: 100_000)
        guard case .tensor(_, let shape) = model.program.inputs[0].kind else { return }
        var count = 1
        for size in shape {
            guard 1...10_000 ~= size, count <= 10_000 else { return }
            count *= size
        }
        let said = try interpreter(Maps(shape, [Float](repeating: 0, count: count)), keeping: "logits")
        guard said.kept.values.count == said.kept.shape.reduce(1, *), !said.probabilities.isEmpty else {
            throw BrokenPromise("\(said.kept.values.count) values of shape \(said.kept.shape)")
        }
    }

    private static let torch = FuzzedReader("torch", throwing: FileError.self) { data in
        let file = try TorchFile(data, named: "x")
        for (name, tensor) in file.tensors where tensor.shape.reduce(1, *) > tensor.bytes.count {
            throw BrokenPromise("'\(name)' of shape \(tensor.shape) has \(tensor.bytes.count) bytes")
        }
        _ = file.tensors.values.reduce(into: Data()) { $0.append($1.bytes) }
    }

    /// Bytes as names and shapes, a line each: `features.norm5.bias 4 4 F32`, with zeros for values.
    private static let weights = FuzzedReader("weights", throwing: FileError.self) { data in
        var tensors: [String: StoredTensor] = [:]
        for line in data.prefix(4096).split(separator: 0x0A) {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            guard let name = words.first else { continue }
            let shape = words.dropFirst().compactMap(Int.init).filter { $0 >= 0 }
            // An empty tensor's other dimensions may be anything.
            let fits = shape.contains(0) || shape.allSatisfy { $0 <= 4096 }
            let bytes = shape.contains(0) ? 0 : fits && shape.count <= 4 ? shape.reduce(4, *) : .max
            guard shape.count <= 4, bytes <= 1 << 20 else { continue }
            tensors[name] = StoredTensor(type: "F32", shape: shape, bytes: Data(count: bytes))
        }
        let read = try NetworkImport(tensors: tensors, named: "x")
        try check(read.network)
        guard Set(read.weights.keys) == Set(read.network.weights.map(\.name)) else {
            throw BrokenPromise("a network without all its weights")
        }
    }

    /// A run's JSON, as `RunFolder.decoder` reads it.
    public static func decode<Value: Decodable>(_: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try JSONFile.decode(
            Value.self, from: data, named: "x", decoder, JSONLimits(bytes: 1 << 20, values: 50_000))
    }

    private static let architecture = FuzzedReader("architecture", throwing: FileError.self, ArchitectureError.self) {
        data in
        try check(Network(decode(Architecture.self, data)))
    }

    private static let connectivity = FuzzedReader("connectivity", throwing: FileError.self, ArchitectureError.self) {
        data in
        let connectivity = try decode(Connectivity.self, data)
        _ = connectivity.key
        // The smallest architecture it could belong to.
        let layers = connectivity.blocks.map { rows in max(1, rows.count - 1) }
        let architecture = try Architecture(
            blocks: layers, growthRate: 2, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4))
        if !connectivity.isSubset(of: connectivity) { throw BrokenPromise("a connectivity is no subset of itself") }
        try check(Network(architecture, connectivity))
    }

    private static let network = FuzzedReader("network", throwing: FileError.self, ArchitectureError.self) { data in
        try check(decode(Network.self, data))
    }

    private static func check(_ network: Network) throws {
        let cost = network.cost
        guard cost.macs > 0, cost.parameters > 0, cost.activationTraffic > 0, cost.macs < 1 << 53 else {
            throw BrokenPromise("a network that costs \(cost)")
        }
        if network.architecture.blocks.reduce(0, +) < 100 { _ = network.drawing }
    }
}
