import Files
import WeightFiles

/// A file's tensors by torchvision's names.
struct NamedTensors {
    /// A tensor, and what the file calls it.
    struct Named {
        let tensor: StoredTensor
        let original: String
    }

    /// By torchvision's names.
    private(set) var tensors: [String: Named] = [:]
    /// What all names of the file begin with, `module.` for instance; empty for nothing.
    private(set) var prefix = ""
    /// The file's counts of BN's batches, which change nothing.
    private(set) var counts = 0
    /// The file's names that no DenseNet has, ascending.
    private(set) var unknown: [String] = []
    /// Layers of each block, by the block's number from 1.
    private(set) var layers: [Int: Set<Int>] = [:]

    /// More than any DenseNet has.
    private static let mostTensors = 50_000
    /// The most bytes of a tensor's name.
    private static let longestName = 1000

    /// Tensors that were called otherwise in the file.
    var renamed: Int { tensors.count { $0.key != $0.value.original } }

    /// Finds each tensor's place.
    /// - Throws: `FileError` with a clause, where two have the same.
    init(_ raw: [String: StoredTensor]) throws {
        guard raw.count <= Self.mostTensors else {
            throw FileError("it has \(raw.count) tensors; up to \(Self.mostTensors) are read")
        }
        if let long = raw.keys.first(where: { $0.utf8.count > Self.longestName }) {
            throw FileError(
                "the name of a tensor has \(long.utf8.count) bytes; up to \(Self.longestName) are read: '\(long.prefix(40).description.inSentence)…'"
            )
        }
        prefix = Self.commonPrefix(raw.keys)
        var places: [(name: String, place: TensorPlace, tensor: StoredTensor)] = []
        for (name, tensor) in raw.sorted(by: { $0.key < $1.key }) {
            guard let place = TensorPlace(String(Substring(name.utf8.dropFirst(prefix.utf8.count)))) else {
                unknown.append(name)
                continue
            }
            if place.parameter == "num_batches_tracked" { counts += 1 } else { places.append((name, place, tensor)) }
        }
        let bases = Bases(places.map(\.place))
        for (name, place, tensor) in places {
            let own = bases.name(of: place)
            if let other = tensors.updateValue(Named(tensor: tensor, original: name), forKey: own) {
                throw FileError("'\(other.original.inSentence)' and '\(name.inSentence)' are both \(own)")
            }
            if case .layer(let block, let layer, _) = place.module {
                layers[block - bases.block + 1, default: []].insert(layer - bases.layer + 1)
            }
        }
    }

    /// What every name begins with, whole words of it, so far as no DenseNet's own names do.
    private static func commonPrefix(_ names: some Collection<String>) -> String {
        guard names.count > 1, var common = names.first?.utf8[...] else { return "" }
        for name in names {
            // None is all of what it has in common with the others.
            let most = name.utf8.dropLast()
            common = common.prefix(zip(common, most).prefix { $0 == $1 }.count)
        }
        var prefix = ""
        for word in Substring(common).split(separator: ".", omittingEmptySubsequences: false).dropLast() {
            guard word != "features" else { break }
            prefix += word + "."
        }
        return prefix
    }

    /// Whether a file numbers blocks, layers and transitions from 0 or from 1.
    private struct Bases {
        var (block, layer, transition) = (1, 1, 1)

        init(_ places: [TensorPlace]) {
            for place in places {
                switch place.module {
                case .layer(let block, let layer, _):
                    if block == 0 { self.block = 0 }
                    if layer == 0 { self.layer = 0 }
                case .transition(0, _): transition = 0
                default: break
                }
            }
        }

        /// torchvision's name.
        func name(of place: TensorPlace) -> String {
            let module =
                switch place.module {
                case .stemConvolution: "features.conv0"
                case .stemNorm: "features.norm0"
                case .layer(let b, let i, let part):
                    "features.denseblock\(b - block + 1).denselayer\(i - layer + 1).\(part)"
                case .transition(let number, let part): "features.transition\(number - transition + 1).\(part)"
                case .lastNorm: "features.norm5"
                case .classifier: "classifier"
                }
            return "\(module).\(place.parameter)"
        }
    }
}
