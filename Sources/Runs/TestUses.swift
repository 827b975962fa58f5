import Files
import Foundation

/// A use of the test set: a line of a run's `test-uses.jsonl`.
public struct TestUse: Codable, Hashable, Sendable {
    /// When, as ISO 8601.
    public var date: String
    /// What used it.
    public var command: String
    /// What it found, 0 to 1.
    public var accuracy: Double
}

extension RunFolder {
    /// Notes that the test set was used, for the report; earlier notes stay whatever happens.
    /// - Throws: `FileError` when it cannot be noted.
    public func noteTestUse(command: String, accuracy: Double) throws {
        let use = TestUse(date: ISO8601DateFormatter().string(from: Date()), command: command, accuracy: accuracy)
        try AtomicFile.append(line: Self.encoder(pretty: false).encode(use), to: testUses)
    }

    /// Every use of the test set, in order; `nil` where a line is damaged: it is a use, too, of which no more is known.
    /// - Throws: `FileError` when there is a log that cannot be read: that is not the same as no use.
    public func readTestUses() throws -> [TestUse?] {
        guard FileManager.default.fileExists(atPath: testUses) else { return [] }
        return try AtomicFile.read(testUses).split(separator: 0x0A).map {
            try? Self.decoder.decode(TestUse.self, from: Data($0))
        }
    }
}
