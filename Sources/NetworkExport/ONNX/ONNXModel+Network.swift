import DenseNetArchitecture
import DenseNetRuntime
import Foundation
import WeightFiles

extension ONNXModel {
    /// The names of what a network is given and gives.
    static let (images, logits) = ("images", "logits")

    /// A network as an ONNX graph: one Concat for each layer of the maps it reads, as a Gather of channels keeps
    /// runtimes from skipping what is pruned; BN stays BatchNormalization, which they fold where they can, so that
    /// names stay torchvision's.
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
        x = addStem(a.stem, of: x)
        for (b, block) in trained.network.blocks.enumerated() {
            x = addBlock(block, "features.denseblock\(b + 1)", bottleneck: a.bottleneck, of: x)
            if block.transitionChannels != nil {
                let name = "features.transition\(b + 1)"
                x = addNorm(name + ".norm", of: x)
                // Average pooling and a 1×1 convolution commute; pooling first is a quarter of the work.
                x = add(
                    "AveragePool", name + ".pool", [x], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
                x = addConvolution(name + ".conv", of: x, kernel: 1)
            }
        }
        x = addNorm("features.norm5", of: x)
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

    private mutating func addStem(_ stem: Architecture.Stem, of x: String) -> String {
        let (kernel, stride, padding) = stem.geometry
        let x = addConvolution("features.conv0", of: x, kernel: kernel, stride: stride, padding: padding)
        guard stem.kind == .imageNet else { return x }
        return add(
            "MaxPool", "features.pool0", [addNorm("features.norm0", of: x)],
            ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
    }

    /// A dense block; what its end reads.
    private mutating func addBlock(
        _ block: Network.Block, _ name: String, bottleneck: Bool, of x: String
    ) -> String {
        var maps = [0: x]
        for layer in block.layers {
            let name = name + ".denselayer\(layer.index)"
            var y = addNorm(name + ".norm1", of: addConcat(name + ".concat", layer.sources.compactMap { maps[$0] }))
            y = addConvolution(name + ".conv1", of: y, kernel: bottleneck ? 1 : 3, padding: bottleneck ? 0 : 1)
            if bottleneck {
                y = addConvolution(name + ".conv2", of: addNorm(name + ".norm2", of: y), kernel: 3, padding: 1)
            }
            maps[layer.index] = y
        }
        return addConcat(name + ".concat", block.endSources.compactMap { maps[$0] })
    }

    private mutating func addConcat(_ name: String, _ sources: [String]) -> String {
        sources.count == 1 ? sources[0] : add("Concat", name, sources, ["axis": .int(1)])
    }

    private mutating func addConvolution(
        _ name: String, of x: String, kernel: Int, stride: Int = 1, padding: Int = 0
    ) -> String {
        add(
            "Conv", name, [x, name + ".weight"],
            [
                "kernel_shape": .ints([kernel, kernel]), "strides": .ints([stride, stride]),
                "pads": .ints([padding, padding, padding, padding]),
            ])
    }

    /// Batch normalisation and ReLU.
    private mutating func addNorm(_ name: String, of x: String) -> String {
        let parts = [".weight", ".bias", ".running_mean", ".running_var"].map { name + $0 }
        let y = add("BatchNormalization", name, [x] + parts, ["epsilon": .float(1e-5)])
        return add("Relu", name + ".relu", [y])
    }
}
