import DenseNetArchitecture
import Files
import Foundation

/// What a folder for this runtime says of its network, beside the weights: `network.json`.
package struct RuntimeNetwork: Codable, Hashable, Sendable {
    /// What the file is and how it is laid out; others are refused.
    package static let format = "densenet-ads runtime 1"
    /// The file's name in the folder.
    package static let file = "network.json"
    /// The weights' name in the folder, a safetensors file with torchvision's names.
    package static let weights = "model.safetensors"

    /// `RuntimeNetwork.format`.
    package let format: String
    /// The network as a value.
    package let network: Network
    /// The classes' names, by label.
    package let labels: [String]
    /// What images go through.
    package let preprocessing: Preprocessing

    /// A network with what is known of its images.
    /// - Throws: `ClassifierError` where the parts do not fit one another.
    package init(_ network: Network, labels: [String], preprocessing: Preprocessing) throws {
        (format, self.network, self.labels, self.preprocessing) = (Self.format, network, labels, preprocessing)
        try check()
    }

    /// A folder's network.
    /// - Throws: `FileError`, `ClassifierError`.
    package init(contentsOf folder: String) throws {
        let path = folder + "/" + Self.file
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try JSONFile.read(Self.self, path, decoder)
        guard format == Self.format else {
            throw ClassifierError(
                "\(path) is '\(format.inSentence)', and this runtime reads '\(Self.format)'; export the network again")
        }
        do { try check() } catch { throw ClassifierError("\(path): \(error)") }
    }

    private func check() throws {
        let architecture = network.architecture
        guard labels.count == architecture.classes else {
            throw ClassifierError("there are \(labels.count) labels for \(architecture.classes) classes")
        }
        try preprocessing.check(channels: architecture.inputChannels)
        guard preprocessing.size == architecture.imageSize else {
            throw ClassifierError(
                "images become \(preprocessing.size) pixels wide, and the network takes \(architecture.imageSize)")
        }
    }
}
