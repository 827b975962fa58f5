import Foundation

/// Why a file could not be read or written.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public let description: String

    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}

/// Writing files so that at any moment, power cuts included, either the old or the new one is there, whole.
public enum AtomicFile {
    /// Writes under a temporary name, syncs, and renames.
    /// - Throws: `FileError`, for instance on a full disk; the old file is then untouched.
    public static func write(_ data: Data, to path: String) throws {
        try write([data], to: path)
    }

    /// Writes several pieces as one file.
    /// - Parameter check: looks at what was written, under its temporary name, before it takes its place.
    /// - Throws: `FileError`, as above, and what the check throws; nothing of the new file is then left.
    public static func write(
        _ pieces: [Data], to path: String, checking check: (_ temporary: String) throws -> Void = { _ in }
    ) throws {
        try stream(to: path, checking: check) { file in
            for piece in pieces { try writeAll(piece, file.descriptor, file.temporary) }
        }
    }

    /// A file that is being written under its temporary name.
    public struct Stream: ~Copyable {
        /// The temporary name.
        public let temporary: String
        fileprivate let descriptor: Int32

        /// Adds bytes.
        /// - Throws: `FileError`.
        public func write(_ bytes: [UInt8]) throws {
            try bytes.withUnsafeBytes { try AtomicFile.writeAll($0, descriptor, temporary) }
        }
    }

    /// Writes a file piece by piece, as `write` does all at once.
    /// - Parameters:
    ///   - permissions: who may read and write it.
    ///   - check: looks at what was written, under its temporary name, before it takes its place.
    ///   - body: writes everything.
    /// - Throws: `FileError`, and what `body` throws; nothing of the new file is then left.
    public static func stream(
        to path: String, permissions: mode_t = 0o644, checking check: (_ temporary: String) throws -> Void = { _ in },
        _ body: (borrowing Stream) throws -> Void
    ) throws {
        let path = try target(of: path)
        let temporary = path + ".part-\(ProcessInfo.processInfo.processIdentifier)"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions)
        guard descriptor >= 0 else { throw failure("cannot create \(path)") }
        do {
            do {
                defer { close(descriptor) }
                try body(Stream(temporary: temporary, descriptor: descriptor))
                guard fsync(descriptor) == 0 else { throw failure("cannot write \(temporary) to disk") }
            }
            try check(temporary)
        } catch {
            unlink(temporary)
            throw error
        }
        try move(temporary, to: path)
    }

    /// Renames what was written, and syncs the folder.
    package static func move(_ temporary: String, to path: String) throws {
        guard rename(temporary, path) == 0 else {
            let error = failure("cannot put \(path) in place")
            unlink(temporary)
            throw error
        }
        syncFolder(of: path)
    }

    /// The file that is replaced where a path is written: a link's target, as the link itself would be lost.
    /// - Throws: `FileError` for what is no file: a pipe or a device would be gone, and nobody behind it told.
    private static func target(of path: String) throws -> String {
        var status = stat()
        guard lstat(path, &status) == 0 else { return path }
        guard status.st_mode & S_IFMT == S_IFLNK else {
            try checkIsFile(status, path)
            return path
        }
        guard stat(path, &status) == 0, let resolved = realpath(path, nil) else {
            throw FileError("\(path) is a link to nowhere; remove it or choose another name")
        }
        defer { free(resolved) }
        try checkIsFile(status, path)
        return String(cString: resolved)
    }

    private static func checkIsFile(_ status: stat, _ path: String) throws {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw FileError("\(path) is a folder; choose a file's name")
        default: throw FileError("\(path) is no regular file and is not replaced; choose another name")
        }
    }

    /// Adds a line to a file of lines, on disk before it returns; what was there stays, whatever happens. Where the
    /// file's last line was cut off, the new one begins after it.
    /// - Throws: `FileError`.
    public static func append(line: Data, to path: String) throws {
        let isNew = !FileManager.default.fileExists(atPath: path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND, 0o644)
        guard descriptor >= 0 else { throw failure("cannot open \(path) to add a line") }
        defer { close(descriptor) }
        var last: UInt8 = 0x0A
        let end = lseek(descriptor, 0, SEEK_END)
        guard end <= 0 || pread(descriptor, &last, 1, end - 1) == 1 else { throw failure("cannot read \(path)") }
        try writeAll((last == 0x0A ? Data() : Data("\n".utf8)) + line + Data("\n".utf8), descriptor, path)
        guard fsync(descriptor) == 0 else { throw failure("cannot write \(path) to disk") }
        if isNew { syncFolder(of: path) }
    }

    /// Makes a folder with its parents.
    /// - Throws: `FileError`.
    public static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
                throw FileError("cannot create the folder \(path): a file of that name is there; choose another")
            }
            throw FileError(
                "cannot create the folder \(path): check that you may write there and that the disk has room")
        }
    }

    /// The contents of a file.
    /// - Parameters:
    ///   - mapped: leave it on disk until its bytes are looked at.
    ///   - limit: the most bytes it may have.
    /// - Throws: `FileError` that says whether it is missing, unreadable, too large or no file at all.
    public static func read(_ path: String, mapped: Bool = false, atMost limit: Int = .max) throws -> Data {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == EACCES
                ? FileError("cannot read \(path): check that you may read it") : FileError("there is no file \(path)")
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw FileError("\(path) is a folder; a file was expected")
        // Reading a pipe or a device may never end.
        default: throw FileError("\(path) is no regular file; copy what it gives into one")
        }
        guard status.st_size <= limit else {
            throw FileError("\(path) has \(status.st_size) bytes; up to \(limit) are read")
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: mapped ? .alwaysMapped : [])
        } catch {
            throw FileError("cannot read \(path): check that you may read it")
        }
    }

    /// Writes bytes where a descriptor is.
    static func writeAll(_ data: Data, _ descriptor: Int32, _ path: String) throws {
        try data.withUnsafeBytes { try writeAll($0, descriptor, path) }
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String) throws {
        var done = 0
        while done < bytes.count {
            let count = Foundation.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot write \(path)")
            }
            done += count
        }
    }

    /// Puts a folder's list of names on disk, of which one is the path's.
    static func syncFolder(of path: String) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY)
        guard descriptor >= 0 else { return }
        // Some file systems cannot sync a folder; the rename itself is done.
        _ = fsync(descriptor)
        close(descriptor)
    }

    /// What went wrong last, as a sentence.
    static func failure(_ what: String) -> FileError {
        let reason = String(cString: strerror(errno))
        let advice =
            errno == ENOSPC ? "; free some space and run the command again, with --resume where it continues a run" : ""
        return FileError("\(what): \(reason.lowercased())\(advice)")
    }
}
