import DenseNetArchitecture
import Files
import ImageData
import NetworkImport
import Runs
import WeightFiles

/// An import: `config.json` of a run whose weights somebody else trained. On which images and how is not known here.
public struct ImportConfiguration: Codable, Hashable, Sendable {
    /// The kind of run.
    public static let kind = "import"

    /// The kind of run.
    public var kind = Self.kind
    /// What this network is to a comparison.
    public var label: String
    /// The name of the file that the weights came from, without its folder.
    public var file: String
    /// SHA-256 of the file.
    public var digest: String
    /// What the file is, in words.
    public var format: String
    /// What was changed and left out on the way, a sentence each.
    public var changes: [String]
    /// The data set whose classes it tells apart; `nil` where none was named.
    public var data: DataIdentity?
    /// What the images are normalised with; `nil` where nobody said.
    public var normalization: Normalization?
    /// Decides which images are held out, and a fresh classifier.
    public var seed: UInt64
    /// The classes of the file's classifier, where a fresh one took its place.
    public var replacedClasses: Int?
    /// Version of this program.
    public var ads = ADS.version

    /// The import of a file.
    /// - Parameter digest: SHA-256 of the file.
    public init(_ imported: NetworkImport, label: String, file: String, digest: String, seed: UInt64) {
        (self.label, self.file, self.digest, self.seed) = (label, file, digest, seed)
        (format, changes) = (imported.format, imported.changes)
    }
}

extension RunFolder {
    /// Where the run's weights are from.
    /// - Throws: `FileError` that names the file and what is wrong in it.
    public func weightOrigin() throws -> WeightOrigin {
        guard try kind() == ImportConfiguration.kind else {
            return .trained(try read(TrainingConfiguration.self, from: configuration))
        }
        return .imported(try read(ImportConfiguration.self, from: configuration))
    }

    /// Makes the run of an import: network, weights and configuration.
    /// - Throws: `FileError` when a run is there already, or it cannot be written.
    package func create(
        _ imported: ImportConfiguration, _ network: Network, weights: [String: StoredTensor]
    ) throws {
        try create()
        try write(network, to: architecture)
        try Safetensors(tensors: weights).writeWithDigest(to: self.weights)
        // Last: a folder counts as a run once its configuration is there.
        try write(imported, to: configuration)
    }
}
