import Foundation

/// A file that others read while it grows.
///
/// Whoever has it open reads on where it stopped; a new file renamed into its place would not be seen. So what is there
/// already and right stays where it is: a write that was cut off leaves a beginning, which the next one continues.
public enum GrowingFile {
    /// Makes a file hold bytes, on disk before it returns: what it begins with of them is kept, the rest is replaced.
    /// - Throws: `FileError`.
    public static func write(_ data: Data, to path: String) throws {
        var status = stat()
        let isNew = stat(path, &status) != 0
        // Opening a pipe may never end.
        guard isNew || status.st_mode & S_IFMT == S_IFREG else {
            throw FileError("\(path) is no regular file and is not written to; move it away")
        }
        let descriptor = open(path, O_RDWR | O_CREAT, 0o644)
        guard descriptor >= 0 else { throw AtomicFile.failure("cannot open \(path)") }
        defer { close(descriptor) }
        let kept = try common(data, descriptor, path)
        guard ftruncate(descriptor, off_t(kept)) == 0, lseek(descriptor, off_t(kept), SEEK_SET) >= 0 else {
            throw AtomicFile.failure("cannot write \(path)")
        }
        try AtomicFile.writeAll(data.dropFirst(kept), descriptor, path)
        guard fsync(descriptor) == 0 else { throw AtomicFile.failure("cannot write \(path) to disk") }
        if isNew { AtomicFile.syncFolder(of: path) }
    }

    /// How many bytes a file has in common with others, from their start.
    private static func common(_ data: Data, _ descriptor: Int32, _ path: String) throws -> Int {
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        do {
            let held = try file.read(upToCount: data.count) ?? Data()
            return zip(held, data).prefix { $0 == $1 }.count
        } catch {
            throw FileError("cannot read \(path): check that you may read it")
        }
    }
}
