import Files
import Foundation
import Runs

extension RunFolder {
    /// Refuses a run of another kind.
    /// - Throws: `FileError` that says what the folder holds.
    func expect(kind: String) throws {
        struct Kind: Decodable { var kind: String? }
        guard let own = try read(Kind.self, from: configuration).kind, own != kind else { return }
        let article = own.first.map { "aeiou".contains($0) } == true ? "an" : "a"
        throw FileError("\(path) holds \(article) \(own.inSentence), not a \(kind)")
    }

    /// Refuses a folder without a run, and a run without weights.
    /// - Throws: `FileError` that says what the folder holds, or where weights come from.
    func expectWeights() throws {
        guard exists else { throw FileError("\(path) holds no run: there is no \(configuration)") }
        guard FileManager.default.fileExists(atPath: weights) else {
            try expect(kind: "search")
            throw FileError("\(path) has no weights yet; a search's network gets them from 'ads retrain \(path)'")
        }
    }
}
