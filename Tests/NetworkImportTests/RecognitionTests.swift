import DenseNetArchitecture
import Files
import Foundation
import Randomness
import TestSupport
import Testing
import WeightFiles

@testable import NetworkImport

/// Architectures read off tensors, whatever they are called.
@Suite struct RecognitionTests {
    /// Tensors of a network, each filled with values of its own; running statistics as training leaves them: a map has
    /// the same for each of its readers.
    static func tensors(_ network: Network, seed: UInt64 = 1) -> [String: StoredTensor] {
        var random = SeededGenerator(seed: seed)
        func values(_ count: Int, from low: Double = -1) -> [Float] {
            (0..<count).map { _ in Float(low + random.uniform()) }
        }
        // By block and node.
        let nodes = network.blocks.map { $0.nodeChannels.map { (mean: values($0), variance: values($0, from: 0.5)) } }
        var out: [String: StoredTensor] = [:]
        for weight in network.weights {
            let count = weight.shape.reduce(1, *)
            var floats = values(count)
            if weight.kind == .runningVariance { floats = values(count, from: 0.5) }
            if let (block, sources) = network.read(by: weight.name) {
                let statistics = sources.map { nodes[block][$0] }
                if weight.kind == .runningMean { floats = statistics.flatMap(\.mean) }
                if weight.kind == .runningVariance { floats = statistics.flatMap(\.variance) }
            }
            out[weight.name] = StoredTensor(
                type: "F32", shape: weight.shape, bytes: floats.withUnsafeBytes { Data($0) })
        }
        return out
    }

    static func read(
        _ tensors: [String: StoredTensor], as given: Network? = nil, size: Int? = nil
    ) throws -> NetworkImport {
        try NetworkImport(WeightSource(tensors: tensors, format: "made here"), given, size)
    }

    static func refusal(_ tensors: [String: StoredTensor], as given: Network? = nil) -> String {
        do { return "read \(try read(tensors, as: given).network.architecture)" } catch let error as ImportRefusal {
            return error.reason
        } catch { return "another error: \(error)" }
    }

    /// A classifier of one's own stands where somebody put it.
    @Test(arguments: [
        "classifier.0", "classifier.1", "classifier.2", "fc", "fc.0", "fc.1", "linear", "head", "head.fc",
    ])
    func classifiers(name: String) throws {
        let network = try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8)))
        var tensors = Self.tensors(network)
        for part in ["weight", "bias"] {
            tensors["\(name).\(part)"] = tensors.removeValue(forKey: "classifier.\(part)")
        }
        let imported = try Self.read(tensors)
        #expect(imported.network == network && imported.renamed == 2)
    }

    private static func architecture(
        _ blocks: [Int], _ growth: Int, bottleneck: Bool, compression: Double = 0.5, stem: Int,
        _ kind: Architecture.Stem.Kind = .cifar, channels: Int = 3, classes: Int = 10
    ) throws -> Architecture {
        try Architecture(
            blocks: blocks, growthRate: growth, bottleneck: bottleneck, compression: compression,
            stem: .init(kind, channels: channels == 3 ? stem : stem), inputChannels: channels,
            imageSize: kind == .cifar ? 32 : 224, classes: classes)
    }

    static func variants() throws -> [Architecture] {
        let named = [
            "densenet-40-12", "densenet-bc-100-12", "densenet-22-6", "densenet121", "densenet161", "densenet169",
            "densenet201",
        ]
        return try named.map(Architecture.init(named:)) + [
            architecture([3, 1, 4, 2], 5, bottleneck: true, stem: 11),
            architecture([2, 2, 2], 7, bottleneck: true, compression: 0.7, stem: 13),
            architecture([4, 3], 6, bottleneck: false, compression: 0.35, stem: 9, classes: 100),
            architecture([4, 3], 6, bottleneck: true, compression: 1, stem: 9),
            architecture([5], 4, bottleneck: false, compression: 1, stem: 8, channels: 1),
            architecture([5], 4, bottleneck: true, compression: 0.5, stem: 8, classes: 2),
            architecture([1, 1], 3, bottleneck: true, compression: 2.0 / 3, stem: 6, .imageNet),
        ]
    }

    @Test func everyArchitectureIsRecognised() throws {
        for architecture in try Self.variants() {
            let network = try Network(architecture)
            let read = try Self.read(Self.tensors(network))
            // Another share may round to the same maps.
            var own = read.network.architecture
            #expect(own.blockInputChannels == architecture.blockInputChannels, "\(own)")
            #expect(abs(own.compression - architecture.compression) < 0.1)
            own.compression = architecture.compression
            #expect(own == architecture && read.renamed == 0 && read.changes.isEmpty, "\(own)")
            #expect(read.weights == Self.tensors(network) && read.readsNewMapsFirst == false)
        }
    }

    @Test func sharesAreTheShortestThatFit() throws {
        for (share, expected) in [(0.5, 0.5), (1, 1), (0.7, 0.7), (0.35, 0.35), (0.5001, 0.5)] {
            let network = try Network(
                Self.architecture([6, 6, 6], 12, bottleneck: true, compression: share, stem: 24))
            #expect(try Self.read(Self.tensors(network)).network.architecture.compression == expected)
        }
    }

    @Test func theImagesSizeIsTheirs() throws {
        let tensors = Self.tensors(try Network(Self.architecture([2, 2], 4, bottleneck: true, stem: 8)))
        #expect(try Self.read(tensors).network.architecture.imageSize == 32)
        #expect(try Self.read(tensors, size: 48).network.architecture.imageSize == 48)
        #expect(Self.refusal(tensors).hasPrefix("read") && (try? Self.read(tensors, size: 1)) == nil)
    }

    // MARK: Names

    /// How others call a tensor of torchvision's.
    static func renamed(_ name: String, _ scheme: String) -> String {
        var parts = name.split(separator: ".").map(String.init)
        if parts.first == "features" { parts.removeFirst() }
        func number(_ text: String) -> Int { Int(text.drop { !$0.isNumber }) ?? 0 }
        let isLayer = parts[0].hasPrefix("denseblock")
        let isTransition = parts[0].hasPrefix("transition")
        let b = number(parts[0])
        let bn = isLayer ? parts[2].replacing("norm", with: "bn") : parts[parts.count - 2].replacing("norm", with: "bn")
        let last = parts[parts.count - 1]
        switch (scheme, parts[0]) {
        case ("old", _) where isLayer:
            return name.replacing("norm", with: "norm.").replacing("conv", with: "conv.")
        case ("old", _): return name
        case ("pleiss", "norm5"): return "features.norm_final.\(last)"
        case ("pleiss", _): return name
        case ("veit", _) where isLayer: return "block\(b).layer.\(number(parts[1]) - 1).\(bn).\(last)"
        case ("veit", _) where isTransition: return "trans\(b).\(bn)1.\(last)"
        case ("amos", _) where isLayer, ("kuangliu", _) where isLayer:
            return "dense\(b).\(number(parts[1]) - 1).\(bn).\(last)"
        case ("amos", _) where isTransition: return "trans\(b).\(bn)1.\(last)"
        case ("kuangliu", _) where isTransition: return "trans\(b).\(bn).\(last)"
        case ("chenhang", _) where isLayer:
            return "dense_block\(b).dense_layers.\(number(parts[1]) - 1).\(bn.dropLast()).\(last)"
        case ("chenhang", _) where isTransition: return "transition\(b).\(bn).\(last)"
        case (_, "conv0"): return (scheme == "chenhang" ? "conv." : "conv1.") + last
        case (_, "norm5"): return (["veit", "amos"].contains(scheme) ? "bn1." : "bn.") + last
        case (_, "classifier"): return (scheme == "kuangliu" ? "linear." : "fc.") + last
        default: return name
        }
    }

    @Test(arguments: ["old", "pleiss", "veit", "amos", "kuangliu", "chenhang"], ["", "module.", "model.module."])
    func otherPeoplesNames(scheme: String, prefix: String) throws {
        let bottleneck = scheme != "chenhang"
        let network = try Network(
            Self.architecture([3, 2, 11], 4, bottleneck: bottleneck, compression: bottleneck ? 0.5 : 1, stem: 8))
        let tensors = Self.tensors(network)
        let theirs = Dictionary(uniqueKeysWithValues: tensors.map { (prefix + Self.renamed($0.key, scheme), $0.value) })
        let read = try Self.read(theirs)
        #expect(read.network == network && read.weights == tensors)
        let changed = theirs.keys.count { tensors[$0] == nil }
        #expect(read.renamed == changed && changed > 3)
        #expect(read.changes.contains("'\(prefix)' was taken off every name") == !prefix.isEmpty)
    }

    // MARK: Order of inputs

    /// Tensors as code writes them that puts new maps in front: whatever reads the nodes of a block, one after the
    /// other, reads them from the last to the first.
    private static func newFirst(_ tensors: [String: StoredTensor], _ network: Network) throws -> [String: StoredTensor]
    {
        var out = tensors
        func turn(_ name: String, _ dimension: Int, _ nodes: ArraySlice<Int>) throws {
            let tensor = try #require(tensors[name])
            let inner = tensor.shape.dropFirst(dimension + 1).reduce(1, *)
            try #require(tensor.shape[dimension] == nodes.reduce(0, +))
            var (floats, rest): ([Float], ArraySlice<Float>) = ([], tensor.floats[...])
            while !rest.isEmpty {
                var parts: [ArraySlice<Float>] = []
                for channels in nodes {
                    parts.append(rest.prefix(channels * inner))
                    rest = rest.dropFirst(channels * inner)
                }
                for part in parts.reversed() { floats += part }
            }
            out[name] = StoredTensor(type: "F32", shape: tensor.shape, bytes: floats.withUnsafeBytes { Data($0) })
        }
        for (b, block) in network.blocks.enumerated() {
            let isLast = b == network.blocks.count - 1
            let end =
                isLast
                ? ("features.norm5", "classifier.weight")
                : ("features.transition\(b + 1).norm", "features.transition\(b + 1).conv.weight")
            let layers = block.layers.map { layer in
                let name = "features.denseblock\(b + 1).denselayer\(layer.index)"
                return (name + ".norm1", name + ".conv1.weight")
            }
            for (i, (norm, reader)) in (layers + [end]).enumerated() {
                let nodes = block.nodeChannels[...i]
                for part in ["weight", "bias", "running_mean", "running_var"] { try turn("\(norm).\(part)", 0, nodes) }
                try turn(reader, 1, nodes)
            }
        }
        return out
    }

    @Test(arguments: [true, false]) func newMapsInFrontAreNoticedAndPutBehind(bottleneck: Bool) throws {
        let network = try Network(Self.architecture([4, 3], 6, bottleneck: bottleneck, stem: 9))
        // Other than a layer's new maps, or turning round twice would be nothing.
        #expect(network.architecture.blockInputChannels == [9, 16])
        let tensors = Self.tensors(network)
        let turned = try Self.newFirst(tensors, network)
        #expect(try turned != tensors && Self.newFirst(turned, network) != tensors)
        let read = try Self.read(turned)
        #expect(read.readsNewMapsFirst == true && read.weights == tensors)
        #expect(
            read.changes == [
                "its layers read the newest maps first, as BN's statistics show; the inputs were put in torchvision's order"
            ])
        let folder = TemporaryFolder()
        // Of a network that was never trained, and of one whose statistics are no map's, nothing is known.
        for value: Float in [0, .nan] {
            var other = turned
            var random = SeededGenerator(seed: 3)
            for (name, tensor) in turned where name.contains("running") {
                let count = tensor.bytes.count / 4
                let floats =
                    value == 0 ? [Float](repeating: 1, count: count) : (0..<count).map { _ in Float(random.uniform()) }
                other[name] = StoredTensor(type: "F32", shape: tensor.shape, bytes: floats.withUnsafeBytes { Data($0) })
            }
            let unknown = try Self.read(other)
            #expect(unknown.readsNewMapsFirst == nil && unknown.weights == other)
            let sentence =
                "BN's statistics do not tell the order of its layers' inputs; torchvision's is assumed, which 'ads evaluate --split test' of its import shows to be right or wrong"
            #expect(unknown.changes == [sentence])
            // A run's weights, which carry their digest, are in an order that is known.
            let files: [(metadata: [String: String], changes: [String])] = [
                ([:], [sentence]), (["format": "pt"], [sentence]), (["sha256": "0"], []),
            ]
            for (metadata, changes) in files {
                try Safetensors(tensors: other, metadata: metadata).write(to: folder("x.safetensors"))
                #expect(try NetworkImport(contentsOf: folder("x.safetensors")).changes == changes)
            }
        }
    }
}

extension Network {
    /// Of a BN over a block's maps: the block, and the nodes it reads.
    fileprivate func read(by name: String) -> (block: Int, sources: [Int])? {
        for (b, block) in blocks.enumerated() {
            let end = block.transitionChannels == nil ? "features.norm5." : "features.transition\(b + 1).norm."
            if name.hasPrefix(end) { return (b, block.endSources) }
            for layer in block.layers
            where name.hasPrefix("features.denseblock\(b + 1).denselayer\(layer.index).norm1.") {
                return (b, layer.sources)
            }
        }
        return nil
    }
}
