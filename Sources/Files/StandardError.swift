import Foundation

/// What people are told while a program works.
public enum StandardError {
    /// Writes text as far as that can be: a terminal that was closed, or a log on a full disk, ends no work.
    public static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(2, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
