import Foundation

/// A file that one process at a time holds, until it lets go of it or ends.
package enum FileLock {
    /// Calls `body` while holding a lock; waits for whoever holds it.
    /// - Parameters:
    ///   - isNeeded: whether a file system that knows no locks is an error; where not, nobody is kept out there.
    ///   - waiting: called again and again meanwhile; what it throws ends that.
    /// - Throws: `FileError` where there can be no lock; what `body` and `waiting` throw.
    package static func with<Result>(
        _ path: String, isNeeded: Bool = true, waiting: () throws -> Void = {}, _ body: () throws -> Result
    ) throws -> Result {
        let descriptor = try acquire(path, isNeeded, waiting)
        defer {
            // Removed while it is held: who waits for it sees that it is no longer the file of that name.
            unlink(path)
            close(descriptor)
        }
        return try body()
    }

    /// Whether somebody holds a lock, which this touches for a moment; `true` where that cannot be known.
    package static func isHeld(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // Who lets go of a lock removes it.
        guard descriptor >= 0 else { return errno != ENOENT }
        // Closing it lets go.
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    private static func acquire(_ path: String, _ isNeeded: Bool, _ waiting: () throws -> Void) throws -> Int32 {
        while true {
            // Others of one's group may hold it next; where it is a stranger's that was killed, reading is enough to
            // lock.
            var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
            if descriptor < 0, errno == EACCES { descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
            guard descriptor >= 0 else {
                throw FileError("cannot create \(path): \(String(cString: strerror(errno)).lowercased())")
            }
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                if !isNeeded, [ENOLCK, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(errno) { break }
                do {
                    guard errno == EINTR || errno == EWOULDBLOCK else {
                        throw FileError("cannot lock \(path): \(String(cString: strerror(errno)).lowercased())")
                    }
                    try waiting()
                } catch {
                    close(descriptor)
                    throw error
                }
                usleep(20_000)
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
