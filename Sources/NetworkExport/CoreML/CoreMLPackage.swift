import Files
import Foundation

/// The files of an `.mlpackage`, laid out as Core ML's tools write them
/// (https://apple.github.io/coremltools/docs-guides/source/convert-to-ml-program.html).
struct CoreMLPackage {
    let model: CoreMLModel
    /// The bytes of `weight.bin`.
    let weights: Data

    static let manifest = "Manifest.json"
    static let data = "Data"
    static let modelPath = "com.apple.CoreML/model.mlmodel"
    static let weightFolder = "com.apple.CoreML/weights"
    static let weightPath = weightFolder + "/weight.bin"
    /// A message of protocol buffers is smaller than 2 GiB.
    private static let mostBytes = Int(Int32.max)

    /// What `Manifest.json` says of the files.
    private struct Manifest: Codable {
        var fileFormatVersion = "1.0.0"
        /// Names of the package's own: any that differ.
        var itemInfoEntries = [
            "3D3E5F2A-6C1B-4B0E-9D57-0A4C1D2E7F10": Item(
                description: "CoreML Model Specification", name: "model.mlmodel", path: modelPath),
            "8B4A7C6E-2F19-4E63-A1C8-5D9E3B7F6A21": Item(
                description: "CoreML Model Weights", name: "weights", path: weightFolder),
        ]
        var rootModelIdentifier = "3D3E5F2A-6C1B-4B0E-9D57-0A4C1D2E7F10"

        struct Item: Codable {
            var author = "com.apple.CoreML"
            var description: String
            var name: String
            var path: String
        }
    }

    /// A model as a package's files, in the order in which they are written.
    static func files(_ model: CoreMLModel, _ blobs: WeightBlobs) throws -> [ExportedFile] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [
            ExportedFile(name: "\(data)/\(weightPath)", blobs.file),
            ExportedFile(name: "\(data)/\(modelPath)", [model.encoded()]),
            ExportedFile(name: manifest, [try encoder.encode(Manifest()) + Data("\n".utf8)]),
        ]
    }

    /// Reads a package.
    /// - Throws: `FileError` or `ExportError` where it is none, or one that is laid out otherwise.
    init(contentsOf path: String) throws {
        let manifest = try JSONFile.read(Manifest.self, "\(path)/\(Self.manifest)", JSONDecoder())
        let root = manifest.itemInfoEntries[manifest.rootModelIdentifier]
        guard root?.path == Self.modelPath,
            manifest.itemInfoEntries.values.contains(where: { $0.path == Self.weightFolder })
        else { throw ExportError("\(path)/\(Self.manifest) names other files than a package has here") }
        model = try CoreMLModel(
            AtomicFile.read("\(path)/\(Self.data)/\(Self.modelPath)", mapped: true, atMost: Self.mostBytes),
            named: "\(path)/\(Self.data)/\(Self.modelPath)")
        weights = try AtomicFile.read("\(path)/\(Self.data)/\(Self.weightPath)", mapped: true)
    }
}
