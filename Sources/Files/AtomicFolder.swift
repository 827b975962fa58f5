import Foundation

/// Writing the files of a folder so that none of them is there before all are whole.
public enum AtomicFolder {
    /// Writes into a folder beside it, and renames that; where the folder is there already, each file in the given
    /// order, replacing those of its names.
    /// - Parameter check: looks at what was written, in its temporary folder, before it takes its place.
    /// - Throws: `FileError`, and what the check throws; nothing new is then left.
    public static func write(
        _ files: [(name: String, pieces: [Data])], to path: String,
        checking check: (_ temporary: String) throws -> Void = { _ in }
    ) throws {
        let temporary = path + ".part-\(ProcessInfo.processInfo.processIdentifier)"
        try AtomicFile.makeFolder(temporary)
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        for file in files { try AtomicFile.write(file.pieces, to: temporary + "/" + file.name) }
        try check(temporary)
        if !FileManager.default.fileExists(atPath: path) { return try AtomicFile.move(temporary, to: path) }
        try AtomicFile.makeFolder(path)
        for file in files { try AtomicFile.move(temporary + "/" + file.name, to: path + "/" + file.name) }
    }
}
