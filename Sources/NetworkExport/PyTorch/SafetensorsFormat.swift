import DenseNetArchitecture
import Files
import Foundation
import Runs
import WeightFiles

/// safetensors with torchvision's names, timm's `config.json`, and a Python file that makes the network of them.
public enum SafetensorsFormat: ExportFormat {
    public static let name = "safetensors"
    public static let help = "a folder for PyTorch: weights, config.json and a loader"
    public static let defaultName = "pytorch"
    // The images are normalised by whoever calls the network, as with torchvision's and timm's.
    public static let canNormalize = false
    private static let weightsName = "model.safetensors"

    public static func files(
        _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> [ExportedFile] {
        // What transformers and timm ask of a file.
        let weights = trained.safetensors(metadata: ["format": "pt"])
        let config = try RunFolder.encoder(pretty: true).encode(PyTorchConfiguration(trained, reference))
        return [
            ExportedFile(name: weightsName, try weights.encoded()),
            ExportedFile(name: PyTorchLoader.fileName, [Data(PyTorchLoader.text.utf8)]),
            // Last, as it makes the folder one that can be loaded.
            ExportedFile(name: "config.json", [config + Data("\n".utf8)]),
        ]
    }

    public static func verify(
        _ path: String, _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> Verification {
        let read = try Safetensors(contentsOf: path + "/" + weightsName).tensors
        let same = trained.weights.allSatisfy { read[$0.name] == $0.tensor }
        guard same, read.count == trained.weights.count else {
            throw ExportError("the written weights are not the network's; nothing is kept, please report it")
        }
        return Verification(
            "read back, all \(read.count) arrays are the run's bit for bit; 'python3 \(PyTorchLoader.fileName)' in the folder compares logits"
        )
    }
}

/// `config.json` as timm has it (https://huggingface.co/docs/timm/reference/models), and what the loader needs.
private struct PyTorchConfiguration: Encodable {
    /// timm's name where the network is one of timm's; such a folder loads there, too.
    let architecture: String
    let numClasses: Int
    /// Channels that the classifier reads.
    let numFeatures: Int
    let labelNames: [String]
    let pretrainedCfg: PretrainedFields
    let ads: Own

    struct PretrainedFields: Encodable {
        let images: PreprocessingFields
        let numClasses: Int
        /// Height and width of the maps before they are averaged.
        let poolSize: [Int]

        private enum CodingKeys: CodingKey {
            case numClasses, poolSize, fixedInputSize, customLoad, firstConv, classifier
        }

        func encode(to encoder: any Encoder) throws {
            try images.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(numClasses, forKey: .numClasses)
            try container.encode(poolSize, forKey: .poolSize)
            try container.encode(false, forKey: .fixedInputSize)
            try container.encode(false, forKey: .customLoad)
            try container.encode("features.conv0", forKey: .firstConv)
            try container.encode("classifier", forKey: .classifier)
        }
    }
    struct Own: Encodable {
        let producer: String
        let network: Network
        /// What the network says of the images that `ReferenceLogits.pixels` makes, a row for each.
        let logits: [[Float]]
    }

    init(_ trained: TrainedNetwork, _ reference: ReferenceLogits) {
        let a = trained.network.architecture
        let last = trained.network.blocks[trained.network.blocks.count - 1]
        let known = ["densenet121", "densenet161", "densenet169", "densenet201"]
        let same = known.first { name in
            guard var other = try? Architecture(named: name) else { return false }
            (other.classes, other.imageSize, other.inputChannels) = (a.classes, a.imageSize, a.inputChannels)
            return other == a && trained.network.blocks == (try? Network(a))?.blocks
        }
        architecture = same ?? "densenet_ads"
        numClasses = a.classes
        numFeatures = last.endChannels
        labelNames = trained.classNames
        pretrainedCfg = PretrainedFields(
            images: PreprocessingFields(trained), numClasses: a.classes, poolSize: [last.size, last.size])
        ads = Own(
            producer: trained.producer, network: trained.network,
            logits: (0..<reference.count).map {
                Array(reference.logits[$0 * a.classes..<($0 + 1) * a.classes])
            })
    }
}
