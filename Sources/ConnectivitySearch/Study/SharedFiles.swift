import Files
import Foundation
import Runs
import Strategies
import Studies
import Training

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

    /// The run whose files a study carries under a name: from the cache where it is there whole, else fetched.
    /// - Parameter cache: a folder that holds one for each digest of weights.
    /// - Throws: `SearchError` where the study carries none; `FileError`.
    static func fetch(_ name: String, _ storage: any FileSharing, cache: String) throws -> RunFolder {
        guard let files = try storage.shared(name), let digest = files["weights.safetensors"] else {
            throw SearchError("\(storage.name) does not carry the weights that its children start from")
        }
        guard files.keys.allSatisfy(names.contains) else {
            throw SearchError("\(storage.name) carries files that no run has")
        }
        let folder = RunFolder(cache + "/" + digest + "/" + name)
        let known = try of(folder).mapValues { fileDigest(of: $0) }
        guard known != files else { return folder }
        let fetched = try files.sorted { $0.key < $1.key }.map { file in
            (name: file.key, pieces: [try storage.sharedFile(file.value)])
        }
        try AtomicFolder.write(fetched, to: folder.path, asWhole: true)
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
