import Foundation

/// Standard input, output and error as the program finds and leaves them.
enum StandardStreams {
    /// Keeps the three descriptors from being files that are opened later, and a reader that is gone from ending work.
    static func prepare() {
        // Where one is closed the next file opened would be what is printed to. Reading alone: writing fails still.
        while true {
            let descriptor = open("/dev/null", O_RDONLY)
            guard 0...2 ~= descriptor else {
                if descriptor > 2 { close(descriptor) }
                break
            }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes out what was printed: whoever reads it must not take a part of it for all.
    /// - Returns: why that could not be, as a sentence. Where the reader went away, as `head` does, the program ends by
    ///   the signal that shells expect then.
    static func settle() -> String? {
        guard fflush(nil) != 0 else { return nil }
        let reason = errno
        if reason == EPIPE {
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        return "cannot write to stdout: \(String(cString: strerror(reason)))"
    }
}
