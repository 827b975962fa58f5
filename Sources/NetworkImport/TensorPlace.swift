/// Where a tensor belongs in a DenseNet, read from the name somebody's code gave it.
///
/// Names of torchvision and timm; of before torchvision 0.3, with `norm.1`; and of the CIFAR networks most used: those
/// of Andreas Veit, Brandon Amos, bearpaw, kuangliu, Geoff Pleiss and chenhang98 on GitHub. A classifier of one's own
/// stands behind a dropout in a `Sequential`, as `classifier.1`.
struct TensorPlace: Hashable {
    /// The module.
    enum Module: Hashable {
        case stemConvolution
        case stemNorm
        /// A part of a layer: `norm1`, `conv1`, `norm2`, `conv2`; numbered as the file does.
        case layer(block: Int, layer: Int, part: String)
        /// `norm` or `conv`.
        case transition(Int, part: String)
        case lastNorm
        case classifier
    }

    let module: Module
    /// `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.
    let parameter: String

    /// The place a name stands for; `nil` for one of no DenseNet that is known.
    init?(_ name: String) {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts.count <= 12, let parameter = parts.popLast() else { return nil }
        guard ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].contains(parameter) else {
            return nil
        }
        if parts.first == "features", parts.count > 1 { parts.removeFirst() }
        guard let module = Self.layer(parts) ?? Self.transition(parts) ?? Self.single[parts.joined(separator: ".")]
        else {
            return nil
        }
        (self.module, self.parameter) = (module, parameter)
    }

    private static let single: [String: Module] = [
        "conv0": .stemConvolution, "conv1": .stemConvolution, "conv": .stemConvolution, "norm0": .stemNorm,
        "bn0": .stemNorm, "norm5": .lastNorm, "norm_final": .lastNorm, "norm": .lastNorm, "bn": .lastNorm,
        "bn1": .lastNorm, "bn5": .lastNorm, "classifier": .classifier, "classifier.0": .classifier,
        "classifier.1": .classifier, "classifier.2": .classifier, "fc": .classifier, "fc.0": .classifier,
        "fc.1": .classifier, "linear": .classifier, "head": .classifier, "head.fc": .classifier,
    ]
    private static let blockWords: Set = ["denseblock", "dense_block", "dense", "block"]
    private static let layerWords: Set = ["denselayer", "dense_layer", "layer", "layers", "dense_layers"]
    private static let layerParts = [
        "norm1": "norm1", "norm.1": "norm1", "bn1": "norm1", "norm": "norm1", "bn": "norm1", "conv1": "conv1",
        "conv.1": "conv1", "conv": "conv1", "norm2": "norm2", "norm.2": "norm2", "bn2": "norm2", "conv2": "conv2",
        "conv.2": "conv2",
    ]
    private static let transitionParts = [
        "norm": "norm", "bn": "norm", "bn1": "norm", "norm1": "norm", "conv": "conv", "conv1": "conv",
    ]

    /// `denseblock1.denselayer2.norm1`, `dense1.1.bn1`, `block1.layer.1.bn1`, `dense_block1.dense_layers.1.bn`.
    private static func layer(_ parts: [String]) -> Module? {
        guard parts.count >= 3, let (word, block) = numbered(parts[0]), blockWords.contains(word) else { return nil }
        var rest = parts.dropFirst()
        var layer: Int?
        if let first = rest.first, layerWords.contains(first) {
            rest = rest.dropFirst()
            layer = rest.first.flatMap { whole($0[...]) }
        } else if let first = rest.first, let (word, number) = numbered(first),
            word.isEmpty || layerWords.contains(word)
        {
            layer = number
        }
        guard let layer, let part = layerParts[rest.dropFirst().joined(separator: ".")] else { return nil }
        return .layer(block: block, layer: layer, part: part)
    }

    private static func transition(_ parts: [String]) -> Module? {
        guard parts.count == 2, let (word, number) = numbered(parts[0]), word == "transition" || word == "trans",
            let part = transitionParts[parts[1]]
        else { return nil }
        return .transition(number, part: part)
    }

    /// A number from 0 to 9999, written in digits alone.
    private static func whole(_ text: Substring) -> Int? {
        1...4 ~= text.count && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
    }

    /// A word and the number at its end: `denseblock1`, `dense_block_1`, `1`.
    private static func numbered(_ text: String) -> (word: String, number: Int)? {
        let digits = text.suffix(text.reversed().prefix { $0.isASCII && $0.isNumber }.count)
        guard let number = whole(digits) else { return nil }
        var word = text.dropLast(digits.count)
        if word.last == "_" { word = word.dropLast() }
        return (String(word), number)
    }
}
