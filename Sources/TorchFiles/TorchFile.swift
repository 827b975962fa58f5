import Archives
import Files
import Foundation
import PickleFiles
import WeightFiles

/// The state dict of a PyTorch file, `.pth`, `.pt` or `.pth.tar`, as `torch.save` wrote it: tensors by name, read
/// without executing anything.
///
/// Both containers are read: the zip file of 1.6 and later, and the pickles one after the other of before, which is
/// what torchvision's own files most likely are.
public struct TorchFile {
    /// The tensors by name, in row-major order.
    public let tensors: [String: StoredTensor]
    /// The key of the checkpoint under which they stood; `nil` where the file is the state dict itself.
    public let key: String?
    /// What else the checkpoint or the state dict holds, by name, in the file's order.
    public let leftOut: [String]

    /// Whether bytes look like a PyTorch file rather than anything else.
    public static func recognizes(_ data: Data) -> Bool {
        data.starts(with: zipStart) || LegacyFile.magicEnd(data) != nil
    }

    private static let zipStart = Data("PK\u{3}\u{4}".utf8)

    /// Reads and checks a file; arrays that are in row-major order stay mapped, not copied.
    /// - Throws: `FileError` that says what is wrong and what to do.
    public init(contentsOf path: String) throws {
        try self.init(AtomicFile.read(path, mapped: true), named: path)
    }

    /// Checks the bytes of a file, which the arrays are then slices of.
    /// - Throws: `FileError` that begins with `name`.
    public init(_ data: Data, named name: String) throws {
        let shown = URL(fileURLWithPath: name).lastPathComponent
        do {
            if data.starts(with: Self.zipStart) {
                self = try Self.zipped(data, shown)
            } else if let end = LegacyFile.magicEnd(data) {
                self = try LegacyFile.read(data, after: end, names: .torch(file: shown))
            } else {
                throw FileError(Self.otherwise(data))
            }
        } catch {
            throw FileError("\(name) is not read: \(error)")
        }
    }

    init(_ dictionary: StateDict, _ storages: (StateDict.Storage) throws -> Data) throws {
        tensors = try dictionary.tensors(storages)
        (key, leftOut) = (dictionary.key, dictionary.leftOut)
    }

    private static func zipped(_ data: Data, _ shown: String) throws -> TorchFile {
        let zip: ZipFile
        do { zip = try ZipFile(data) } catch {
            throw FileError("it is no whole zip file: \(error); fetch or write it again")
        }
        guard let pickle = zip.names.first(where: { $0.hasSuffix("/data.pkl") && $0.count(where: { $0 == "/" }) == 1 })
        else {
            throw FileError("it is a zip file without a data.pkl, as torch.save does not write it")
        }
        let folder = String(pickle.dropLast("data.pkl".count))
        let isScript = zip.names.contains { $0 == folder + "constants.pkl" || $0.hasPrefix(folder + "code/") }
        let names = isScript ? PickleNames.script(file: shown) : .torch(file: shown)
        if let order = try zip.contents(of: folder + "byteorder"), order != Data("little".utf8) {
            throw FileError("its numbers are big-endian, which is not read; write it on a little-endian machine")
        }
        let calls = try PickleReader.readCalls(try zip.contents(of: pickle) ?? Data(), names: names, limits: .torch)
        // A script's plain dictionary would be a state dict; its code stays what it is.
        if isScript {
            throw FileError("it is TorchScript, a program; \(PickleNames.scriptAdvice(shown))")
        }
        return try TorchFile(StateDict(calls)) { storage in
            guard let data = try zip.contents(of: folder + "data/" + storage.key) else {
                throw FileError("it has no '\(folder.inSentence)data/\(storage.key.inSentence)', which a tensor needs")
            }
            return data
        }
    }

    /// What a file is that is none of ours, as far as its first bytes tell.
    private static func otherwise(_ data: Data) -> String {
        if data.isEmpty { return "it is empty" }
        if data.count > 262, data.dropFirst(257).starts(with: Data("ustar".utf8)) {
            return "it is a tar file, as PyTorch before 0.1.10 wrote; write it again with torch.save(torch.load(..))"
        }
        if data.starts(with: Data([0x89]) + Data("HDF".utf8)) {
            return
                "it is an HDF5 file, as Keras writes; write its weights as safetensors with torchvision's names, and mind Keras' epsilon of 1.001e-5"
        }
        if data.first == 0x80 {
            return "it is a pickle, but not one of torch.save; write the weights with torch.save(state_dict, ..)"
        }
        if data.first == 0x08 {
            return "it looks like an ONNX file; weights are read from PyTorch's files and from safetensors"
        }
        return
            "it begins neither as a safetensors file nor as one of PyTorch's; a download may have got a page instead of the file"
    }
}

extension PickleLimits {
    /// A state dict of 10,000 tensors, with an optimizer's state, stays far below these.
    static let torch = PickleLimits(bytes: 64 << 20, instructions: 1_000_000, values: 1_000_000)
}
