import Files
import Foundation

/// A reader of bytes from outside, as the fuzzers and the tests call it.
public struct FuzzedReader: Sendable {
    /// Its name, and that of its folder in `Tests/Fuzz/corpus`.
    public let name: String
    /// Reads bytes to the end: whatever a value is asked for after it was read is asked for here.
    public let read: @Sendable (Data) throws -> Void
    /// The errors that the reader says it throws.
    private let declared: [any Error.Type]

    /// A reader and what it throws.
    public init(
        _ name: String, throwing declared: any Error.Type...,
        read: @escaping @Sendable (Data) throws -> Void
    ) {
        self.name = name
        self.read = read
        self.declared = declared
    }

    /// What became of some bytes.
    public enum Outcome: Equatable {
        case read
        /// Refused with this sentence.
        case refused(String)
        /// Neither, and why that must not be.
        case wrong(String)
    }

    /// Reads bytes; a refusal must be a declared error, and one sentence on one line that fits a terminal.
    public func outcome(of data: Data) -> Outcome {
        do {
            try read(data)
            return .read
        } catch let broken as BrokenPromise {
            return .wrong(broken.reason)
        } catch {
            let sentence = "\(error)"
            guard declared.contains(where: { $0 == type(of: error) }) else {
                return .wrong("an undeclared \(type(of: error)): \(sentence)")
            }
            guard !sentence.isEmpty, sentence.utf8.count < 1500 else {
                return .wrong("a sentence of \(sentence.utf8.count) bytes")
            }
            let steers = sentence.unicodeScalars.contains { $0.properties.generalCategory == .control }
            return steers ? .wrong("a control character in: \(sentence)") : .refused(sentence)
        }
    }
}

/// Something was read that breaks what its type promises.
public struct BrokenPromise: Error {
    let reason: String
    /// A promise that was broken.
    public init(_ reason: String) { self.reason = reason }
}
