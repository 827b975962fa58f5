import DenseNetArchitecture
import Files
import Foundation
import TorchFiles
import WeightFiles

/// Somebody's trained weights as a network of ours: read from a file, named as torchvision does, complete, in float32.
public struct NetworkImport {
    /// The network that the weights are of; its classes are the file's.
    public let network: Network
    /// The weights by torchvision's names, float32.
    public let weights: [String: StoredTensor]
    /// What the file is: "safetensors", "a PyTorch file".
    public let format: String
    /// What was changed, left out and assumed on the way, a sentence each.
    public let changes: [String]
    /// Names that were changed.
    public let renamed: Int
    /// What of the file was left out, by name; BN's counts of batches are only counted.
    public let leftOut: [String]
    /// Whether the file put a layer's new maps before the old ones; `nil` where its statistics do not tell.
    public let readsNewMapsFirst: Bool?

    /// Reads a file.
    /// - Parameters:
    ///   - given: the network the file must be of, whatever its number of classes; recognised by its tensors without.
    ///   - imageSize: height and width of the images, for a network that is recognised.
    /// - Throws: `FileError` that names the file and says what is wrong and what to do.
    public init(contentsOf path: String, as given: Network? = nil, imageSize: Int? = nil) throws {
        do {
            try self.init(WeightSource(contentsOf: path), given, imageSize)
        } catch let error as ImportRefusal {
            throw FileError("\(path) is not imported: \(error.reason)")
        }
    }

    /// Reads tensors that are there already.
    /// - Throws: `FileError` that begins with `name`, as above.
    public init(
        tensors: [String: StoredTensor], named name: String, as given: Network? = nil, imageSize: Int? = nil
    ) throws {
        do {
            try self.init(WeightSource(tensors: tensors, format: "tensors"), given, imageSize)
        } catch let error as ImportRefusal {
            throw FileError("\(name) is not imported: \(error.reason)")
        }
    }

    init(_ source: WeightSource, _ given: Network?, _ imageSize: Int?) throws {
        do {
            try self.init(reading: source, given, imageSize)
        } catch let error as FileError {
            throw ImportRefusal(reason: error.description)
        }
    }

    private init(reading source: WeightSource, _ given: Network?, _ imageSize: Int?) throws {
        try Self.refuseOthers(source.tensors.keys)
        let named = try NamedTensors(source.tensors)
        let network: Network
        if var architecture = given?.architecture {
            if let rows = named.tensors["classifier.weight"]?.tensor.shape.first { architecture.classes = rows }
            do { network = try Network(architecture, given?.connectivity) } catch let error as ArchitectureError {
                throw FileError("\(error)")
            }
        } else {
            network = try Network(Recognition(named: named).architecture(imageSize: imageSize))
        }
        try Self.check(named, network, wasGiven: given != nil)
        var weights = try named.tensors.mapValues { found in
            do { return try found.tensor.inFloat32() } catch let error as StoredTensorError {
                throw FileError("'\(found.original.inSentence)' has \(error.description)")
            }
        }
        for (name, tensor) in weights.sorted(by: { $0.key < $1.key }) {
            try Self.check(tensor, isVariance: name.hasSuffix(".running_var"), named.tensors[name]?.original ?? name)
        }
        var changes: [String] = []
        if let key = source.key { changes.append("of the checkpoint its '\(key.inSentence)' was taken") }
        if !named.prefix.isEmpty { changes.append("'\(named.prefix.inSentence)' was taken off every name") }
        let others = named.tensors.count { named.prefix + $0.key != $0.value.original }
        if others > 0, let example = named.example {
            changes.append("\(others) names became torchvision's: '\(example.from.inSentence)' is '\(example.to)'")
        }
        if !source.leftOut.isEmpty { changes.append("left out: \(Self.list(source.leftOut))") }
        if named.counts > 0 { changes.append("left out: \(named.counts) counts of BN's batches, which change nothing") }
        let types = Set(named.tensors.values.map(\.tensor.type)).subtracting(["F32"]).sorted()
        if !types.isEmpty { changes.append("\(types.joined(separator: " and ")) became float32") }

        // Where connections are missing, an architecture.json of ours said so, and the weights are in our order.
        let isDense = network.connectivity == .dense(network.architecture)
        let order = isDense ? ChannelOrder(weights, network) : .unknown
        if order == .newFirst {
            weights = ChannelOrder.reversed(weights, network)
            changes.append(
                "its layers read the newest maps first, as BN's statistics show; the inputs were put in torchvision's order"
            )
        }
        if order == .unknown, isDense, !source.isOurs {
            changes.append(
                "BN's statistics do not tell the order of its layers' inputs; torchvision's is assumed, which 'ads evaluate --split test' of its import shows to be right or wrong"
            )
        }
        readsNewMapsFirst = order == .unknown ? nil : order == .newFirst
        (self.network, self.weights, self.changes) = (network, weights, changes)
        (format, renamed, leftOut) = (source.format, named.renamed, source.leftOut)
    }

    /// Refuses timm's deep stem of three 3×3 convolutions, which no name or shape of the rest tells, and pooling that
    /// blurs.
    private static func refuseOthers(_ names: some Collection<String>) throws {
        let deep = "features.conv2.weight"
        let built = "which are not built here; densenet121, 161, 169 and 201 are"
        if names.contains(where: { $0 == deep || $0.hasSuffix("." + deep) }) {
            throw FileError(
                "it has '\(deep)', the deep stem of timm's densenetblur121d, densenet264d and densenet121d, \(built)")
        }
        if let filter = names.filter({ $0.hasSuffix(".filt") }).min() {
            throw FileError(
                "it has '\(filter.inSentence)', a blurring filter as in the pooling of timm's densenetblur networks, \(built)"
            )
        }
    }

    /// Refuses tensors that the network lacks or needs, or of another shape.
    private static func check(_ named: NamedTensors, _ network: Network, wasGiven: Bool) throws {
        let needed = network.weights
        func refuse(_ first: String, _ count: Int, _ what: String) -> FileError {
            let whose = wasGiven ? "the network of --arch" : "the \(network.architecture)"
            return FileError(first + (count > 1 ? " (and \(count - 1) more)" : "") + "; \(what) \(whose)")
        }
        let missing = needed.filter { named.tensors[$0.name] == nil }
        if named.unknown.isEmpty, missing.map(\.name) == ["classifier.weight", "classifier.bias"] {
            throw Recognition.noClassifier
        }
        if let first = missing.first { throw refuse("it has no '\(first.name)'", missing.count, "it is none of") }
        let shapes = needed.filter { named.tensors[$0.name]?.tensor.shape != $0.shape }
        if let first = shapes.first, let found = named.tensors[first.name] {
            let refusal = refuse(
                "'\(found.original.inSentence)' has shape \(found.tensor.shape) where \(first.shape) is needed",
                shapes.count, "it is none of")
            // A layer, or what follows a block, for as many maps and from fewer: connections may be missing.
            let readsFewer = shapes.contains { weight in
                guard let own = named.tensors[weight.name]?.tensor.shape, own.count == weight.shape.count, own.count > 1
                else { return false }
                return own[0] == weight.shape[0] && own[1] < weight.shape[1]
            }
            throw readsFewer && !wasGiven ? FileError("\(refusal); \(Recognition.adviceOnPruned)") : refusal
        }
        let names = Set(needed.map(\.name))
        let surplus = named.unknown + named.tensors.filter { !names.contains($0.key) }.map(\.value.original).sorted()
        if let first = surplus.first {
            throw refuse("it has '\(first.inSentence)'", surplus.count, "there is no place for that in")
        }
    }

    /// Refuses values that no training leaves.
    private static func check(_ tensor: StoredTensor, isVariance: Bool, _ name: String) throws {
        let floats = tensor.floats
        guard floats.allSatisfy(\.isFinite) else {
            throw FileError(
                "'\(name.inSentence)' holds a value that is no finite number; it was damaged, or its training diverged")
        }
        guard !isVariance || floats.allSatisfy({ $0 >= 0 }) else {
            throw FileError("'\(name.inSentence)' holds a variance below 0; it was damaged")
        }
    }

    private static func list(_ names: [String]) -> String {
        let first = names.prefix(6).map { "'\($0.inSentence)'" }.joined(separator: ", ")
        return names.count > 6 ? "\(first) and \(names.count - 6) more" : first
    }
}

/// Why a file's tensors make no network, as a clause.
struct ImportRefusal: Error {
    let reason: String
}

extension NamedTensors {
    /// A name that was changed by more than its prefix, and what it became.
    fileprivate var example: (from: String, to: String)? {
        tensors.filter { prefix + $0.key != $0.value.original }.min { $0.key < $1.key }
            .map { ($0.value.original, $0.key) }
    }
}
