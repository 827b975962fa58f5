import Foundation
import Synchronization

/// Ctrl-C and its kin, turned into a question that loops ask between steps.
public enum Interruption {
    private static let flag = Atomic<Int>(0)
    private static let other = Atomic<Bool>(false)

    /// Whether the user, or the program itself, asked to stop.
    public static var requested: Bool { flag.load(ordering: .relaxed) > 0 || other.load(ordering: .relaxed) }

    /// Asks to stop, as one Ctrl-C does; it does not make the user's first one the second.
    public static func request() { other.store(true, ordering: .relaxed) }

    /// Lets SIGINT and SIGTERM ask, and SIGHUP, a terminal that is closed, unless it is ignored (nohup); the second one
    /// ends the program at once.
    public static func install() {
        // Whoever started this program may have blocked them.
        var signals = sigset_t()
        sigemptyset(&signals)
        let before = signal(SIGHUP, SIG_IGN)
        // Functions cannot be compared; their addresses can.
        let isIgnored = unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        let numbers = [SIGINT, SIGTERM] + (isIgnored ? [] : [SIGHUP])
        for number in numbers { sigaddset(&signals, number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in numbers {
            signal(number) { number in
                // Only what is safe in a signal handler: an atomic, and the default action.
                if Interruption.flag.add(1, ordering: .relaxed).newValue > 1 {
                    signal(number, SIG_DFL)
                    raise(number)
                }
            }
        }
    }

    /// Throws `Interrupted` when the user asked to stop.
    public static func check(_ resume: @autoclosure () -> String) throws {
        if requested { throw Interrupted(description: resume()) }
    }
}

/// The user stopped the work, which is saved.
public struct Interrupted: Error, CustomStringConvertible {
    /// What was saved and how to go on.
    public let description: String
    /// An interruption with its sentence.
    public init(description: String) { self.description = description }
}
