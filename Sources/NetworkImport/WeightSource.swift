import Files
import Foundation
import TorchFiles
import WeightFiles

/// A file's tensors as it names them, whatever its format.
struct WeightSource {
    let tensors: [String: StoredTensor]
    let format: String
    /// The checkpoint's key that the tensors stood under.
    var key: String?
    /// What else the file holds.
    var leftOut: [String] = []
    /// Whether a run of ours wrote it: the digest of its arrays tells.
    var isOurs = false

    /// Tensors that are there already.
    init(tensors: [String: StoredTensor], format: String) { (self.tensors, self.format) = (tensors, format) }

    /// Reads a safetensors or a PyTorch file; which it is, its bytes tell and not its name.
    /// - Throws: `FileError` that names the file.
    init(contentsOf path: String) throws {
        let data = try AtomicFile.read(path, mapped: true)
        guard !TorchFile.recognizes(data), Self.beginsAsSafetensors(data) else {
            let file = try TorchFile(data, named: path)
            (tensors, format, key, leftOut) = (file.tensors, "a PyTorch file", file.key, file.leftOut)
            return
        }
        let file = try Safetensors(data, named: path)
        (tensors, format, isOurs) = (file.tensors, "safetensors", file.metadata["sha256"] != nil)
    }

    /// Eight bytes of length, then a JSON object.
    private static func beginsAsSafetensors(_ data: Data) -> Bool { data.dropFirst(8).first == UInt8(ascii: "{") }
}
