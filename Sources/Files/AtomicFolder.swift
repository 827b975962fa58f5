import Foundation

/// Writing the files of a folder so that none of them is there before all are whole.
public enum AtomicFolder {
    /// Writes into a folder beside it, and renames that; where the folder is there already, each file in the given
    /// order, replacing those of its names.
    /// - Parameters:
    ///   - files: by name; one in a folder of its own has a path, such as `Data/model`.
    ///   - asWhole: replace the folder with all that is in it, at once: between two renames, nothing is at `path`.
    ///   - check: looks at what was written, in its temporary folder, before it takes its place.
    /// - Throws: `FileError`, and what the check throws; nothing new is then left.
    public static func write(
        _ files: [(name: String, pieces: [Data])], to path: String, asWhole: Bool = false,
        checking check: (_ temporary: String) throws -> Void = { _ in }
    ) throws {
        let own = ProcessInfo.processInfo.processIdentifier
        // A link to a package stays one.
        let path = asWhole ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
        let temporary = path + ".part-\(own)"
        try AtomicFile.makeFolder(temporary)
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        for file in files {
            let folder = URL(fileURLWithPath: temporary + "/" + file.name).deletingLastPathComponent().path
            try AtomicFile.makeFolder(folder)
            try AtomicFile.write(file.pieces, to: temporary + "/" + file.name)
        }
        // A file's own folder is on disk with it; those above are not yet.
        for folder in FileManager.default.enumerator(atPath: temporary) ?? .init() {
            if let folder = folder as? String { AtomicFile.syncFolder(of: temporary + "/" + folder) }
        }
        try check(temporary)
        if !FileManager.default.fileExists(atPath: path) { return try AtomicFile.move(temporary, to: path) }
        try AtomicFile.makeFolder(path)
        guard asWhole else {
            for file in files { try AtomicFile.move(temporary + "/" + file.name, to: path + "/" + file.name) }
            return
        }
        let old = path + ".old-\(own)"
        try AtomicFile.move(path, to: old)
        do {
            try AtomicFile.move(temporary, to: path)
        } catch {
            try? AtomicFile.move(old, to: path)
            throw error
        }
        try? FileManager.default.removeItem(atPath: old)
    }
}
