import Digests
import Files
import Foundation
import Runs
import Strategies
import Studies

/// The files of a run that children start from: what workers on other machines fetch from the study.
enum SharedFiles {
    /// Names under which a study carries them.
    static let (dense, weights) = ("dense", "shared")
    /// What there may be of a run; anything else is nothing that a worker writes to its disk.
    private static let names = ["config.json", "architecture.json", "weights.safetensors", "result.json"]

    /// A run's files.
    static func of(_ run: RunFolder) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in names where FileManager.default.fileExists(atPath: run.path + "/" + name) {
            files[name] = try AtomicFile.read(run.path + "/" + name, mapped: true)
        }
        return files
    }

    /// Sets where the weights that children start from lie on this machine, once they are fetched.
    /// - Parameter cache: a folder that holds one for each list of files.
    /// - Throws: `SearchError` where the study carries none; `FileError`.
    static func place(
        _ configuration: inout SearchConfiguration, _ storage: any FileSharing, cache: String
    ) throws {
        try placeDense(&configuration, storage, cache: cache)
        configuration.shared = nil
        guard configuration.evaluator.kind == .shared, configuration.sharedDigest != nil else { return }
        let run = try fetch(weights, storage, cache: cache)
        configuration.shared = URL(fileURLWithPath: run.path).deletingLastPathComponent().path
    }

    /// The same of the dense network alone.
    static func placeDense(
        _ configuration: inout SearchConfiguration, _ storage: any FileSharing, cache: String
    ) throws {
        let hasDense = configuration.denseDigest != nil
        configuration.dense = hasDense ? try fetch(dense, storage, cache: cache).path : nil
    }

    /// The run whose files a study carries under a name: from the cache where it is there whole, else fetched.
    private static func fetch(_ name: String, _ storage: any FileSharing, cache: String) throws -> RunFolder {
        guard let files = try storage.shared(name), files["weights.safetensors"] != nil else {
            throw SearchError("\(storage.name) does not carry the weights that its children start from")
        }
        guard files.keys.allSatisfy(names.contains) else {
            throw SearchError("\(storage.name) carries files that no run has")
        }
        // Other weights, or the same of another run, have another folder: none is ever changed under who reads it.
        let key = SHA256.hexadecimal(of: Data(try CanonicalJSON.text(files).utf8))
        let folder = RunFolder(cache + "/" + key + "/" + name)
        func isWhole() -> Bool { (try? of(folder).mapValues { SHA256.hexadecimal(of: $0) }) == files }
        if isWhole() { return folder }
        let fetched: [(name: String, pieces: [Data])]
        do {
            fetched = try files.sorted { $0.key < $1.key }.map { ($0.key, [try storage.sharedFile($0.value)]) }
        } catch  where Interruption.requested {
            throw Interrupted(description: "interrupted before the weights were fetched; nothing was written")
        }
        // Many may begin at once, on machines that share a home.
        let own = cache + "/" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: own) }
        try AtomicFolder.write(fetched, to: own)
        try AtomicFile.makeFolder(cache + "/" + key)
        if FileManager.default.fileExists(atPath: folder.path), !isWhole() {
            try? AtomicFile.move(folder.path, to: folder.path + ".damaged-" + UUID().uuidString)
        }
        do {
            try AtomicFile.move(own, to: folder.path)
        } catch {
            // Another was faster.
            guard isWhole() else { throw error }
        }
        return folder
    }
}

extension StudyStorage {
    /// Sends the trained dense network along, where there is one and the storage carries files.
    func share(dense: String?, by ownership: Ownership) throws {
        guard let dense, let storage = self as? any FileSharing else { return }
        try storage.share(SharedFiles.of(RunFolder(dense)), as: SharedFiles.dense, by: ownership)
    }

    /// Sends the shared weights along.
    func share(weights run: RunFolder, by ownership: Ownership) throws {
        guard let storage = self as? any FileSharing else { return }
        try storage.share(SharedFiles.of(run), as: SharedFiles.weights, by: ownership)
    }
}
