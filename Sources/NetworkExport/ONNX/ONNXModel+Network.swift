import DenseNetArchitecture
import DenseNetRuntime
import Foundation
import WeightFiles

extension ONNXModel {
    /// The names of what a network is given and gives.
    static let (images, logits) = ("images", "logits")

    /// A network as an ONNX graph. BN stays BatchNormalization, which runtimes fold where they can, so that names stay
    /// torchvision's.
    ///
    /// IR 7 with opset 13 is what the runtimes of today and of some years ago both read.
    package init(_ trained: TrainedNetwork, normalizes: Bool) throws {
        let a = trained.network.architecture
        self.init(
            irVersion: 7, opset: 13, producer: trained.producer,
            metadata: try ModelMetadata(
                trained,
                input: normalizes ? "uint8, 0 to 255, normalised by the model" : ModelMetadata.normalizedInput
            ).entries, name: "densenet")
        let size = [Size.named("batch"), .fixed(a.inputChannels), .fixed(a.imageSize), .fixed(a.imageSize)]
        inputs = [Value(name: Self.images, element: normalizes ? .uint8 : .float32, shape: size)]
        outputs = [Value(name: Self.logits, element: .float32, shape: [.named("batch"), .fixed(a.classes)])]
        constants = trained.weights.map {
            Constant(name: $0.name, element: .float32, shape: $0.tensor.shape, bytes: $0.tensor.bytes)
        }
        var x = Self.images
        if normalizes { x = addNormalization(trained.preprocessing, of: x) }
        x = addFeatures(trained.network, of: x)
        x = add("GlobalAveragePool", "pool", [x])
        x = add("Flatten", "flatten", [x], ["axis": .int(1)])
        nodes.append(
            Node(
                operation: "Gemm", name: "classifier", inputs: [x, "classifier.weight", "classifier.bias"],
                outputs: [Self.logits], attributes: ["transB": .int(1)]))
    }

    /// Adds an operation; its value is called as it is.
    private mutating func add(
        _ operation: String, _ name: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]
    ) -> String {
        nodes.append(
            Node(operation: operation, name: name, inputs: inputs, outputs: [name], attributes: attributes))
        return name
    }

    /// Bytes to normalised images, in the very operations that training has.
    private mutating func addNormalization(_ preprocessing: Preprocessing, of x: String) -> String {
        let shape = [1, preprocessing.mean.count, 1, 1]
        for (name, values) in [("mean", preprocessing.mean), ("deviation", preprocessing.deviation)] {
            constants.append(
                Constant(name: name, element: .float32, shape: shape, bytes: values.littleEndianBytes))
        }
        let float = add("Cast", "float", [x], ["to": .int(Element.float32.rawValue)])
        return add("Div", "normalized", [add("Sub", "centred", [float, "mean"]), "deviation"])
    }
}

extension ONNXModel: GraphBuilder {
    mutating func addConcat(_ name: String, _ sources: [String]) -> String {
        add("Concat", name, sources, ["axis": .int(1)])
    }

    mutating func addConvolution(_ name: String, of x: String, kernel: Int, stride: Int, padding: Int) -> String {
        add(
            "Conv", name, [x, name + ".weight"],
            [
                "kernel_shape": .ints([kernel, kernel]), "strides": .ints([stride, stride]),
                "pads": .ints([padding, padding, padding, padding]),
            ])
    }

    mutating func addPool(_ pool: GraphPool, _ name: String, of x: String) -> String {
        switch pool {
        case .largest:
            add(
                "MaxPool", name, [x],
                ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
        case .mean: add("AveragePool", name, [x], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
        }
    }

    mutating func addNorm(_ name: String, of x: String) -> String {
        let parts = [".weight", ".bias", ".running_mean", ".running_var"].map { name + $0 }
        let y = add("BatchNormalization", name, [x] + parts, ["epsilon": .float(1e-5)])
        return add("Relu", name + ".relu", [y])
    }
}
