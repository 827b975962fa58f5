import Foundation

/// A folder that is removed when the test is over.
public final class TemporaryFolder {
    public let path: String
    public init() {
        path = NSTemporaryDirectory() + "ads-test-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    /// A path inside.
    public func callAsFunction(_ name: String) -> String { path + "/" + name }
}

/// The root of the package.
public let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// What a finished program printed and how it ended.
public struct Finished {
    public let status: Int32
    public let output: String
    public let errors: String
}

/// Runs a program to its end, or to a signal: after some seconds, or once it said something on stderr.
public func run(
    _ program: String, _ arguments: [String], environment: [String: String]? = nil, in folder: String? = nil,
    killAfter: Double? = nil, killOnce words: String? = nil, signal: Int32 = SIGKILL
) throws -> Finished {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    if let environment { process.environment = environment }
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let scratch = TemporaryFolder()
    _ = FileManager.default.createFile(atPath: scratch("out"), contents: nil)
    _ = FileManager.default.createFile(atPath: scratch("err"), contents: nil)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch("out")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch("err")))
    try process.run()
    if let killAfter {
        let end = Date().addingTimeInterval(killAfter)
        while process.isRunning, Date() < end { Thread.sleep(forTimeInterval: 0.005) }
        if process.isRunning { kill(process.processIdentifier, signal) }
    }
    if let words {
        func said() -> Bool { (try? String(contentsOfFile: scratch("err"), encoding: .utf8))?.contains(words) ?? false }
        while process.isRunning, !said() { Thread.sleep(forTimeInterval: 0.005) }
        if process.isRunning { kill(process.processIdentifier, signal) }
    }
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch(name))), as: UTF8.self)
    }
    return Finished(status: process.terminationStatus, output: try text("out"), errors: try text("err"))
}

/// A program that runs beside the test.
public final class Background {
    private let running = Process()
    private let scratch = TemporaryFolder()
    public var process: Int32 { running.processIdentifier }
    public var isRunning: Bool { running.isRunning }

    public init(_ program: String, _ arguments: [String]) throws {
        running.executableURL = URL(fileURLWithPath: program)
        running.arguments = arguments
        _ = FileManager.default.createFile(atPath: scratch("err"), contents: nil)
        running.standardInput = FileHandle.nullDevice
        running.standardOutput = FileHandle.nullDevice
        running.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch("err")))
        try running.run()
    }

    deinit {
        guard running.isRunning else { return }
        kill(process, SIGKILL)
        running.waitUntilExit()
    }

    /// What it said on stderr so far.
    public var errors: String { (try? String(contentsOfFile: scratch("err"), encoding: .utf8)) ?? "" }

    /// Waits until it said something; `false` when it ended, or a minute passed, without it.
    public func says(_ words: String) -> Bool {
        let end = Date().addingTimeInterval(60)
        while running.isRunning, Date() < end, !errors.contains(words) { Thread.sleep(forTimeInterval: 0.01) }
        return errors.contains(words)
    }

    /// Waits for its end; its status.
    public func end() -> Int32 {
        running.waitUntilExit()
        return running.terminationStatus
    }
}

/// A Python with PyTorch and NumPy, for tests against PyTorch; `nil` where there is none.
public let peerPython = python(with: "torch, numpy")
/// A Python with Pillow 13, for tests against it; `nil` where there is none. Before, some sizes were rounded otherwise.
public let pillowPython = python(with: "PIL; assert int(PIL.__version__.split('.')[0]) >= 13")

private func python(with modules: String) -> String? {
    let environment = ProcessInfo.processInfo.environment
    let home = environment["HOME"] ?? NSHomeDirectory()
    let candidates = [environment["ADS_PEER_PYTHON"], home + "/.cache/densenet-ads/venv/bin/python3"].compactMap { $0 }
    let onPath = (environment["PATH"] ?? "").split(separator: ":").map { String($0) + "/python3" }
    return (candidates + onPath).first { path in
        FileManager.default.isExecutableFile(atPath: path)
            && (try? run(path, ["-c", "import \(modules)"]))?.status == 0
    }
}

/// Whether the peers' Python has onnx, ONNX Runtime and OpenVINO, too.
public let hasONNXPeers: Bool = {
    guard let peerPython else { return false }
    return (try? run(peerPython, ["-c", "import onnx, onnxruntime, openvino"]))?.status == 0
}()

/// Whether the peers' Python has coremltools, too.
public let hasCoreMLTools = has("coremltools")

/// Whether the peers' Python has TensorBoard, too.
public let hasTensorBoard = has("tensorboard")
/// Whether the peers' Python has Optuna, too.
public let hasOptuna = has("optuna")

private func has(_ module: String) -> Bool {
    guard let peerPython else { return false }
    return (try? run(peerPython, ["-c", "import \(module)"]))?.status == 0
}

/// Runs one of `Tests/Peers/exported.py`'s peers; the list it prints for each path.
/// - Throws: where it fails, with what it says.
public func exportPeer(_ peer: String, _ paths: [String], images: Int = 0) throws -> [[Any]] {
    guard let peerPython else { throw PeerFailure(description: "there is no Python with PyTorch") }
    let script = packageRoot + "/Tests/Peers/exported.py"
    let done = try run(peerPython, [script, peer, "\(images)"] + paths)
    guard done.status == 0, let lists = try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [[Any]],
        lists.count == paths.count
    else { throw PeerFailure(description: "\(peer): \(done.errors)\(done.output)") }
    return lists
}

/// What a peer said instead of its values.
public struct PeerFailure: Error, CustomStringConvertible {
    public let description: String
}

/// The folder of the real data, `ADS_DATA` or `~/.cache/ads-data`; `nil` where `name` is not there.
public func realData(_ name: String) -> String? {
    let environment = ProcessInfo.processInfo.environment
    let folders = [environment["ADS_DATA"], (environment["HOME"] ?? NSHomeDirectory()) + "/.cache/ads-data"].compactMap
    { $0 }
    return folders.first { FileManager.default.fileExists(atPath: $0 + "/" + name) }
}

/// max|a−b| / max|b|.
public func relativeError(_ a: [Double], _ b: [Double]) -> Double {
    let scale = b.map(abs).max() ?? 0
    return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / max(scale, 1e-300)
}
