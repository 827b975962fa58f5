import Archives
import Foundation

extension ZipFile {
    /// An entry's bytes, which stay where they are; `nil` where there is none of that name. TorchScript compresses its
    /// code, which nobody reads.
    /// - Throws: `FileError` with a clause.
    func contents(of name: String) throws -> Data? {
        try stored(
            name, otherwise: "is compressed, which PyTorch never does; unzip it and write it with torch.save")
    }
}
