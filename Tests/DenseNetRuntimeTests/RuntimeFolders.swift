import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import TestSupport
import Torch
import Training
import WeightFiles

@testable import DenseNetRuntime

/// A network with weights that nothing cancels, in a folder for the runtime and as the model.
struct RuntimeFolder {
    let folder = TemporaryFolder()
    let net: DenseNet
    let labels: [String]

    init(_ architecture: Architecture, _ connectivity: Connectivity? = nil, seed: UInt64 = 1) throws {
        let (network, g) = (try Network(architecture, connectivity), try Generator(seed: seed))
        var state: [String: Tensor] = [:]
        for (name, tensor) in try DenseNet(network, generator: g).tensors {
            let isNorm = name.contains("norm")
            if name.hasSuffix("running_var") || (isNorm && name.hasSuffix("weight")) {
                state[name] = try Tensor.zeros(tensor.shape).fillUniform(0.5, 1.5, g)
            } else {
                state[name] =
                    isNorm ? try Tensor.zeros(tensor.shape).fillNormal(deviation: 0.3, g) : try tensor.detached()
            }
        }
        net = try DenseNet(network, state: state)
        labels = (0..<architecture.classes).map { "class \($0)" }
        let described = try RuntimeNetwork(network, labels: labels, preprocessing: Self.preprocessing(architecture))
        try AtomicFile.write(Self.encoder.encode(described), to: path(RuntimeNetwork.file))
        try write(Dictionary(uniqueKeysWithValues: net.tensors.map { ($0.name, try StoredTensor($0.tensor)) }))
    }

    /// As runs' files are written.
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        (encoder.keyEncodingStrategy, encoder.outputFormatting) = (.convertToSnakeCase, .sortedKeys)
        return encoder
    }

    static func preprocessing(_ architecture: Architecture) -> Preprocessing {
        let channels = 0..<architecture.inputChannels
        return Preprocessing(
            size: architecture.imageSize, mean: channels.map { 102 + 8 * Float($0) },
            deviation: channels.map { 51 + 2 * Float($0) })
    }

    func path(_ name: String) -> String { folder(name) }
    func write(_ tensors: [String: StoredTensor]) throws {
        try Safetensors(tensors: tensors).write(to: path(RuntimeNetwork.weights))
    }
    func tensors() throws -> [String: StoredTensor] {
        try Safetensors(contentsOf: path(RuntimeNetwork.weights)).tensors
    }
    func classifier(threads: Int? = 1) throws -> DenseNetClassifier {
        try DenseNetClassifier(contentsOf: URL(fileURLWithPath: folder.path), threads: threads)
    }

    /// Images `[count, C, H, W]` for the network.
    func images(_ count: Int, seed: UInt64 = 2) throws -> Tensor {
        let a = net.network.architecture
        return try Tensor.zeros([count, a.inputChannels, a.imageSize, a.imageSize]).fillNormal(Generator(seed: seed))
    }

    /// What the model says, by libtorch's operations.
    func expected(_ images: Tensor) throws -> [Double] {
        net.kernels = .torch
        return try withoutGrad { try net(images, training: false).doubles() }
    }
}
