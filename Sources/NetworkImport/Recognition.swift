import DenseNetArchitecture
import Files

/// The architecture that a file's tensors are those of, read off their names and shapes.
struct Recognition {
    let named: NamedTensors

    /// What to do where connections are missing.
    static let adviceOnPruned = "where it is a network that was pruned, give its architecture.json with --arch"

    /// The dense architecture.
    /// - Parameter imageSize: height and width of the images; the stem's usual ones without it.
    /// - Throws: `FileError` with a clause: what no network here has.
    func architecture(imageSize: Int?) throws -> Architecture {
        let blocks = try blocks()
        let stem = try shape("features.conv0.weight", dimensions: 4)
        let first = "features.denseblock1.denselayer1"
        let bottleneck = named.tensors[first + ".conv2.weight"] != nil
        let growth = try shape(first + (bottleneck ? ".conv2.weight" : ".conv1.weight"), dimensions: 4)[0]
        if bottleneck {
            let maps = try shape(first + ".conv1.weight", dimensions: 4)[0]
            guard growth > 0, maps % growth == 0, maps / growth == 4 else {
                throw FileError("its bottlenecks have \(maps) maps; 4 times the growth rate, \(growth), are built here")
            }
        }
        let kind = try stemKind(kernel: stem[2])
        if named.unknown.isEmpty, !named.tensors.keys.contains(where: { $0.hasPrefix("classifier.") }) {
            throw Self.noClassifier
        }
        let classes = try shape("classifier.weight", dimensions: 2)[0]
        do {
            return try Architecture(
                blocks: blocks, growthRate: growth, bottleneck: bottleneck,
                compression: compression(bottleneck: bottleneck, transitions: blocks.count - 1),
                stem: Architecture.Stem(kind, channels: stem[0]), inputChannels: stem[1],
                imageSize: imageSize ?? (kind == .cifar ? 32 : 224), classes: classes)
        } catch let error as ArchitectureError {
            throw FileError("\(error)")
        }
    }

    /// Why the weights of a network without its last layer are not taken.
    static var noClassifier: FileError {
        FileError(
            "it has no classifier, neither 'classifier.weight' nor 'classifier.bias'; save the state dict of the whole network, whatever its number of classes"
        )
    }

    /// Layers of each block; both are numbered without gaps.
    private func blocks() throws -> [Int] {
        guard let last = named.layers.keys.max() else {
            let first = named.unknown.first ?? named.tensors.values.map(\.original).min() ?? ""
            throw FileError(
                "no dense block is known among its tensors' names, '\(first.inSentence)' for instance; torchvision's names are known, features.denseblock1.denselayer1.norm1.weight, and some others"
            )
        }
        return try (1...last).map { block in
            guard let layers = named.layers[block], let most = layers.max() else {
                throw FileError("it has dense block \(last) and no block \(block)")
            }
            guard layers.count == most else {
                let gap = (1...most).first { !layers.contains($0) } ?? 0
                throw FileError("its block \(block) has no layer \(gap); \(Self.adviceOnPruned)")
            }
            return most
        }
    }

    /// What a stem is, by its kernel and whether there is BN behind it.
    private func stemKind(kernel: Int) throws -> Architecture.Stem.Kind {
        switch (kernel, named.tensors["features.norm0.weight"] != nil) {
        case (3, false): return .cifar
        case (7, true): return .imageNet
        case (let kernel, let hasNorm):
            throw FileError(
                "its stem is a \(kernel)×\(kernel) convolution with\(hasNorm ? "" : "out") BN; 3×3 without, as for CIFAR, and 7×7 with it, as for ImageNet, are built here"
            )
        }
    }

    /// The share of maps that all transitions keep, of which each rounds down.
    private func compression(bottleneck: Bool, transitions: Int) throws -> Double {
        guard transitions > 0 else { return bottleneck ? 0.5 : 1 }
        let kept = try (1...transitions).map { number -> (input: Int, output: Int) in
            let shape = try shape("features.transition\(number).conv.weight", dimensions: 4)
            return (shape[1], shape[0])
        }
        func fits(_ share: Double) -> Bool {
            share > 0 && share <= 1 && kept.allSatisfy { Int(Double($0.input) * share) == $0.output }
        }
        // The share of the paper, then the shortest in decimals: half a map can hide in what is rounded down.
        let low = kept.map { Double($0.output) / Double(max($0.input, 1)) }.max() ?? 1
        let decimals = [10.0, 100, 1000, 1e4].flatMap {
            [(low * $0).rounded(.down) / $0, (low * $0).rounded(.up) / $0]
        }
        guard let share = ([1, 0.5] + decimals + [low, low.nextUp]).first(where: fits) else {
            let told = kept.map { "\($0.output) of \($0.input)" }.joined(separator: ", ")
            throw FileError(
                "its transitions keep \(told) maps, which is not the same share of each, rounded down; \(Self.adviceOnPruned)"
            )
        }
        return share
    }

    private func shape(_ name: String, dimensions: Int) throws -> [Int] {
        guard let found = named.tensors[name] else { throw FileError("it has no '\(name)'") }
        let shape = found.tensor.shape
        guard shape.count == dimensions else {
            throw FileError("'\(found.original.inSentence)' has shape \(shape); \(dimensions) dimensions were expected")
        }
        // An empty tensor may be of any size in the other dimensions.
        guard shape.allSatisfy({ 1...1 << 24 ~= $0 }) else {
            throw FileError("'\(found.original.inSentence)' has shape \(shape), which no network here has")
        }
        return shape
    }
}
