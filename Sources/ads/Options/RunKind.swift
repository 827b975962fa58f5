import Files
import Runs

extension RunFolder {
    /// Refuses a run of another kind.
    /// - Throws: `FileError` that says what the folder holds.
    func expect(kind: String) throws {
        struct Kind: Decodable { var kind: String? }
        guard let own = try read(Kind.self, from: configuration).kind, own != kind else { return }
        throw FileError("\(path) holds a \(own), not a \(kind)")
    }
}
