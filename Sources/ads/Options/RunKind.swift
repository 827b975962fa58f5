import Files
import Foundation
import Runs
import Training

extension RunFolder {
    /// Refuses a run of another kind.
    /// - Throws: `FileError` that says what the folder holds.
    func expect(kind: String) throws {
        guard let own = try self.kind(), own != kind else { return }
        let article = own.first.map { "aeiou".contains($0) } == true ? "an" : "a"
        throw FileError("\(path) holds \(article) \(own.inSentence), not a \(kind)")
    }

    /// Refuses a folder without a run, and a run without weights.
    /// - Throws: `FileError` that says what the folder holds, or where weights come from.
    func expectWeights() throws {
        guard exists else { throw FileError("\(path) holds no run: there is no \(configuration)") }
        guard !FileManager.default.fileExists(atPath: weights) else { return }
        let reason =
            switch try kind() {
            case "training": "no weights yet; a training has them after its first epoch, and goes on with --resume"
            case "search": "no weights yet; a search's network gets them from 'ads retrain \(ShellText.word(path))'"
            case ImportConfiguration.kind: "no weights any more: there is no \(weights)"
            default: "no weights of its own: it is no training, search or import"
            }
        throw FileError("\(path) has \(reason)")
    }
}
