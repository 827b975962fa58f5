import DenseNetArchitecture
import Files
import Foundation

/// A run's folder and the files every run has; `docs/architecture.md` lists them for people.
public struct RunFolder: Sendable {
    /// The folder.
    public let path: String

    /// A run's folder, which need not exist yet.
    public init(_ path: String) { self.path = path }

    /// Everything needed to repeat the run.
    public var configuration: String { path + "/config.json" }
    /// The network as a value.
    public var architecture: String { path + "/architecture.json" }
    /// The weights, safetensors.
    public var weights: String { path + "/weights.safetensors" }
    /// One line of JSON per epoch or child.
    public var metrics: String { path + "/metrics.jsonl" }
    /// The curves for TensorBoard, where they were asked for; it looks for `tfevents` in names.
    public var events: String { path + "/events.out.tfevents.ads" }
    /// What the run ended with; a run is finished once it is there.
    public var result: String { path + "/result.json" }
    /// Every use of the test set, a line of JSON each.
    public var testUses: String { path + "/test-uses.jsonl" }
    /// What a training's network took for what in the end.
    public var confusion: String { path + "/confusion.json" }
    /// What its network takes on the clock, measured by `ads evaluate --latency`.
    public var latencies: String { path + "/latency.json" }
    /// The folder of checkpoints.
    public var checkpoints: String { path + "/checkpoints" }
    /// The page about the run.
    public var report: String { path + "/report.html" }

    /// The names of files that runs have, which nothing else may replace.
    public static let ownFiles: Set = [
        "config.json", "architecture.json", "connectivity.json", "weights.safetensors", "metrics.jsonl", "result.json",
        "test-uses.jsonl", "confusion.json", "latency.json", "study.sqlite", "study.sqlite-wal", "study.sqlite-shm",
        "study.url", "calibration.json", "readings.jsonl", "last.safetensors", "previous.safetensors", "lock",
        "events.out.tfevents.ads",
    ]

    /// Whether a run is there.
    public var exists: Bool { FileManager.default.fileExists(atPath: configuration) }

    /// Makes the folder for a new run.
    /// - Throws: `FileError` when a run is there already, or somebody's weights are, or it cannot be made.
    public func create() throws {
        if exists {
            throw FileError(
                "\(path) holds a run already; continue it with --resume, or choose another folder with --out")
        }
        // No training has weights here before its configuration: these are somebody's own.
        if FileManager.default.fileExists(atPath: weights) {
            throw FileError(
                "\(weights) is of no run, and a new one would write over it; choose another folder with --out")
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

    /// Its path from the root, without links to itself or above: what another process may start from elsewhere.
    public var absolutePath: String { URL(fileURLWithPath: path).standardizedFileURL.path }

    /// The folder it lies in, from the root.
    public var parent: String { (absolutePath as NSString).deletingLastPathComponent }

    /// The run's network.
    public func network() throws -> Network { try read(Network.self, from: architecture) }

    /// An encoder whose output is the same for the same value.
    public static func encoder(pretty: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }

    /// What reads what `encoder` wrote.
    public static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}
