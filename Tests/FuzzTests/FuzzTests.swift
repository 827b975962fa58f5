import Foundation
import FuzzedReaders
import FuzzedRunReaders
import TestSupport
import Testing

/// Every reader, on its committed corpus and on what mutations make of it: whatever is not read is refused by a
/// declared error in one sentence. `make fuzz` looks for more with libFuzzer.
@Suite(.serialized) struct FuzzTests {
    static let readers = FuzzedReader.values + FuzzedReader.runs

    private func corpus(_ reader: FuzzedReader) throws -> [(name: String, data: Data)] {
        let folder = packageRoot + "/Tests/Fuzz/corpus/" + reader.name
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
            (name, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
        }
    }

    @Test(arguments: readers.map(\.name)) func theCorpus(name: String) throws {
        let reader = try #require(Self.readers.first { $0.name == name })
        let seeds = try corpus(reader)
        #expect(seeds.count >= 3)
        for seed in seeds {
            let outcome = reader.outcome(of: seed.data)
            if case .wrong(let reason) = outcome { Issue.record("\(seed.name): \(reason)") }
            // A seed's name says what becomes of it.
            #expect(seed.name.hasPrefix("valid") == (outcome == .read), "\(seed.name): \(outcome)")
            #expect(seed.data.count <= 1024, "\(seed.name) has \(seed.data.count) bytes; seeds are small")
        }
    }

    @Test(arguments: readers.map(\.name)) func mutationsOfTheCorpus(name: String) throws {
        let reader = try #require(Self.readers.first { $0.name == name })
        var mutations = Mutations(try corpus(reader).map(\.data), seed: 1)
        let end = ContinuousClock.now + .seconds(1)
        var (count, read) = (0, 0)
        while ContinuousClock.now < end, count < 200_000 {
            let data = mutations.next()
            switch reader.outcome(of: data) {
            case .read: read += 1
            case .refused: break
            case .wrong(let reason):
                Issue.record("mutation \(count), \(data.base64EncodedString()): \(reason)")
                return
            }
            count += 1
        }
        #expect(count > 100, "\(count) mutations in a second")
        #expect(read < count, "\(read) of \(count) mutations were read")
    }
}
