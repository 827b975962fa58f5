import DenseNetArchitecture
import Foundation
import WeightFiles

extension CoreMLModel {
    /// The names of what a network is given and gives; the latter are those of coremltools' classifiers.
    static let (image, label, probabilities) = ("image", "classLabel", "classLabel_probs")
    /// The value of the program, no output, that is compared with the network.
    static let logits = "logits"

    /// A network as an image classifier: an app gives it an image, and Vision takes it as it is.
    ///
    /// BN is left as `batch_norm`.
    /// - Parameter normalizes: whether it normalises; else it takes an array of floats that are.
    /// - Returns: the model, and its arrays.
    static func described(_ trained: TrainedNetwork, normalizes: Bool) throws -> (model: CoreMLModel, WeightBlobs) {
        let a = trained.network.architecture
        let input = Self.input(a, normalizes: normalizes)
        var model = CoreMLModel()
        model.specificationVersion = 6
        model.inputs = [Feature(name: image, summary: input.summary, kind: input.kind)]
        model.outputs = [
            Feature(name: label, summary: "The most likely class.", kind: .text),
            Feature(name: probabilities, summary: "The probability of each class.", kind: .dictionary),
        ]
        (model.predictedFeature, model.predictedProbabilities) = (label, probabilities)
        model.summary =
            "A DenseNet of \(trained.network.cost.parameters) parameters that tells \(a.classes) classes of images apart."
        model.author = trained.producer
        model.metadata = try ModelMetadata(trained, input: input.summary).entries

        var weights = Dictionary(uniqueKeysWithValues: trained.weights.map { ($0.name, $0.tensor) })
        for (name, values) in [("mean", trained.preprocessing.mean), ("deviation", trained.preprocessing.deviation)] {
            weights[name] = StoredTensor(
                type: "F32", shape: [1, a.inputChannels, 1, 1], bytes: values.littleEndianBytes)
        }
        var builder = MILBuilder(
            input: image, shape: [1, a.inputChannels, a.imageSize, a.imageSize], weights: weights)
        builder.addNetwork(trained.network, classes: trained.classNames, normalizes: normalizes)
        model.program = builder.program
        return (model, builder.blobs)
    }

    /// An image where Core ML has one of so many channels, else an array.
    private static func input(_ a: Architecture, normalizes: Bool) -> (kind: Kind, summary: String) {
        let shape = [1, a.inputChannels, a.imageSize, a.imageSize]
        guard normalizes else { return (.floats(shape), ModelMetadata.normalizedInput) }
        switch a.inputChannels {
        case 1: return (.image(width: a.imageSize, height: a.imageSize, .grey), "grey image, normalised by the model")
        case 3: return (.image(width: a.imageSize, height: a.imageSize, .rgb), "RGB image, normalised by the model")
        default: return (.floats(shape), "float32, 0 to 255, normalised by the model")
        }
    }
}

extension MILBuilder {
    fileprivate mutating func addNetwork(_ network: Network, classes: [String], normalizes: Bool) {
        var x = CoreMLModel.image
        if normalizes {
            // The very operations that training has.
            x = add("sub", "centred", of: x, addWeights(["y": "mean"]), shape: shape(x))
            x = add("real_div", "normalized", of: x, addWeights(["y": "deviation"]), shape: shape(x))
        }
        x = addFeatures(network, of: x)
        x = add(
            "reduce_mean", "pool", of: x, [:], [("axes", .ints([2, 3])), ("keep_dims", .bool(false))],
            shape: Array(shape(x).prefix(2)))
        addClassifier(classes, of: x)
    }

    private mutating func addClassifier(_ names: [String], of x: String) {
        let weights = addWeights(["weight": "classifier.weight", "bias": "classifier.bias"])
        let logits = add("linear", CoreMLModel.logits, of: x, weights, shape: [1, names.count])
        let x = add("softmax", "probabilities", of: logits, [:], [("axis", .int(-1))], shape: [1, names.count])
        let classes = MILProgram.Constant(kind: .texts(names.count), contents: .texts(names))
        let outputs: [MILProgram.Variable] = [
            .init(name: CoreMLModel.label, kind: .tensor(.string, [])),
            .init(name: CoreMLModel.probabilities, kind: .dictionary(.string, .float64)),
        ]
        end(
            with: .init(
                type: "classify", name: "classify",
                inputs: ["probabilities": [.variable(x)], "classes": [.constant(classes)]], outputs: outputs))
    }
}

extension MILBuilder: GraphBuilder {
    mutating func addConcat(_ name: String, _ sources: [String]) -> String {
        var shape = shape(sources[0])
        shape[1] = sources.reduce(0) { $0 + self.shape($1)[1] }
        return add(
            "concat", Self.identifier(name), of: sources[0], ["values": sources],
            [("axis", .int(1)), ("interleave", .bool(false))], shape: shape)
    }

    mutating func addConvolution(_ name: String, of x: String, kernel: Int, stride: Int, padding: Int) -> String {
        let outputs = weightShape(name + ".weight")[0]
        return add(
            "conv", Self.identifier(name), of: x, addWeights(["weight": name + ".weight"]),
            [
                ("strides", .ints([stride, stride])), ("pad_type", .text("custom")),
                ("pad", .ints([padding, padding, padding, padding])), ("dilations", .ints([1, 1])), ("groups", .int(1)),
            ], shape: moved(shape(x), channels: outputs, kernel, stride, padding))
    }

    mutating func addPool(_ pool: GraphPool, _ name: String, of x: String) -> String {
        let (type, kernel, padding) = pool == .largest ? ("max_pool", 3, 1) : ("avg_pool", 2, 0)
        let window: [(String, MILProgram.Constant)] = [
            ("kernel_sizes", .ints([kernel, kernel])), ("strides", .ints([2, 2])), ("pad_type", .text("custom")),
            ("pad", .ints([padding, padding, padding, padding])), ("ceil_mode", .bool(false)),
        ]
        let mean = pool == .mean ? [("exclude_padding_from_average", MILProgram.Constant.bool(false))] : []
        return add(
            type, Self.identifier(name), of: x, [:], window + mean,
            shape: moved(shape(x), channels: shape(x)[1], kernel, 2, padding))
    }

    /// The shape of what a window makes of maps.
    private func moved(_ shape: [Int], channels: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> [Int] {
        [shape[0], channels] + shape[2...].map { ($0 + 2 * padding - kernel) / stride + 1 }
    }

    mutating func addNorm(_ name: String, of x: String) -> String {
        let statistics = addWeights([
            "mean": name + ".running_mean", "variance": name + ".running_var", "gamma": name + ".weight",
            "beta": name + ".bias",
        ])
        let own = Self.identifier(name)
        let y = add("batch_norm", own, of: x, statistics, [("epsilon", .float(1e-5))], shape: shape(x))
        return add("relu", own + "_relu", of: y, shape: shape(x))
    }
}
