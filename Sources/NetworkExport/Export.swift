import Files
import Foundation

/// What was written.
public struct Exported: Sendable {
    /// The file, or the folder.
    public let path: String
    /// Bytes of all its files.
    public let bytes: Int
    /// What was verified before it was put in place.
    public let verification: Verification
}

extension ExportFormat {
    /// Writes a network, reads it back, and keeps it only where it agrees with the network's own logits.
    /// - Parameter replacing: whether an earlier export at `path` may be lost.
    /// - Throws: `ExportError`, `FileError`; what was there before is then untouched.
    public static func export(
        _ trained: TrainedNetwork, against reference: ReferenceLogits, normalizes: Bool, to path: String,
        replacing: Bool
    ) throws -> Exported {
        let files = try files(trained, normalizes: normalizes, against: reference)
        let path = withoutSlashes(path)
        try checkPlace(path, files, replacing: replacing)
        var verification: Verification?
        let verify = { verification = try Self.verify($0, trained, normalizes: normalizes, against: reference) }
        if let file = files.first, files.count == 1, file.name.isEmpty {
            try AtomicFile.write(file.pieces, to: path, checking: verify)
        } else {
            try AtomicFolder.write(
                files.map { ($0.name, $0.pieces) }, to: path, asWhole: packageExtension != nil, checking: verify)
        }
        guard let verification else { throw ExportError("nothing was verified of \(path)") }
        let bytes = files.reduce(0) { $0 + $1.pieces.reduce(0) { $0 + $1.count } }
        return Exported(path: path, bytes: bytes, verification: verification)
    }

    /// Refuses a place where something would be lost.
    private static func checkPlace(_ path: String, _ files: [ExportedFile], replacing: Bool) throws {
        var isFolder: ObjCBool = false
        if files.first?.name.isEmpty == true, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        {
            throw FileError("\(path) is a folder; name a file in it with --out, such as \(path)/\(defaultName)")
        }
        if let packageExtension, !path.hasSuffix("." + packageExtension) {
            throw ExportError("\(path) is no name of a package; let it end in .\(packageExtension)")
        }
        let places = files.map { $0.name.isEmpty ? path : path + "/" + $0.name }
        let taken = places.filter { FileManager.default.fileExists(atPath: $0) }
        guard let first = taken.first else {
            // A package has nothing beside its own files.
            guard packageExtension == nil || !FileManager.default.fileExists(atPath: path) else {
                throw ExportError("\(path) is there already, and no \(name) export; choose another name with --out")
            }
            return
        }
        guard replacing else {
            throw ExportError("\(first) is there already; replace it with --replace, or choose another name with --out")
        }
        // Found out only when the files before it had replaced the old ones, a network would be half this one.
        if let folder = taken.first(where: { place in
            FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) && isFolder.boolValue
        }) {
            throw ExportError("\(folder) is a folder, and no \(name) export's; choose another name with --out")
        }
        // A folder with some of the names only is something else's: a run has a config.json, too.
        guard taken.count == places.count else {
            throw ExportError(
                "\(path) has a \(URL(fileURLWithPath: first).lastPathComponent) that is no \(name) export's; choose another name with --out"
            )
        }
    }

    /// A folder's path as files beside it can be named after it.
    private static func withoutSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
