import Files
import Foundation

/// A file that one process at a time holds, until it lets go of it or ends.
enum CacheLock {
    /// Calls `body` while holding a lock; waits for whoever holds it.
    /// - Throws: `FileError` where there can be no lock; what `body` throws.
    static func with<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        let descriptor = try acquire(path)
        defer {
            // Removed while it is held: who waits for it sees that it is no longer the file of that name.
            unlink(path)
            close(descriptor)
        }
        return try body()
    }

    private static func acquire(_ path: String) throws -> Int32 {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else {
                throw FileError("cannot create \(path): \(String(cString: strerror(errno)).lowercased())")
            }
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    let reason = String(cString: strerror(errno)).lowercased()
                    close(descriptor)
                    throw FileError("cannot lock \(path): \(reason)")
                }
            }
            var (held, named) = (stat(), stat())
            if fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino,
                held.st_dev == named.st_dev
            {
                return descriptor
            }
            close(descriptor)
        }
    }
}
