import DenseNetArchitecture
import Foundation
import Testing

@testable import NetworkExport

/// What is written, literally; what is read of it; what is refused.
@Suite struct ONNXModelTests {
    /// Operation, value and what it reads, a line each.
    private func lines(_ model: ONNXModel) -> [String] {
        model.nodes.map { node in
            let read = node.inputs.filter { name in !model.constants.contains { $0.name == name } }
            return "\(node.operation) \(node.outputs.joined(separator: " ")): \(read.joined(separator: " "))"
        }
    }

    @Test func theGraphOfAPrunedNetwork() throws {
        let network = try #require(try TrainedExamples.all().first { $0.name == "a chain of one channel" }).network
        let model = try ONNXModel(TrainedExamples.trained(network), normalizes: true)
        let (one, two) = ("features.denseblock1.denselayer", "features.denseblock2.denselayer")
        let expected: [String] = [
            "Cast float: images", "Sub centred: float", "Div normalized: centred",
            "Conv features.conv0: normalized",
            // Nothing reads layer 1: it is not there. Layer 2 reads one node, without a Concat.
            "BatchNormalization \(one)2.norm1: features.conv0", "Relu \(one)2.norm1.relu: \(one)2.norm1",
            "Conv \(one)2.conv1: \(one)2.norm1.relu",
            "Concat \(one)3.concat: features.conv0 \(one)2.conv1",
            "BatchNormalization \(one)3.norm1: \(one)3.concat", "Relu \(one)3.norm1.relu: \(one)3.norm1",
            "Conv \(one)3.conv1: \(one)3.norm1.relu",
            "BatchNormalization features.transition1.norm: \(one)3.conv1",
            "Relu features.transition1.norm.relu: features.transition1.norm",
            "AveragePool features.transition1.pool: features.transition1.norm.relu",
            "Conv features.transition1.conv: features.transition1.pool",
            "BatchNormalization \(two)1.norm1: features.transition1.conv",
            "Relu \(two)1.norm1.relu: \(two)1.norm1", "Conv \(two)1.conv1: \(two)1.norm1.relu",
            "Concat \(two)2.concat: features.transition1.conv \(two)1.conv1",
            "BatchNormalization \(two)2.norm1: \(two)2.concat", "Relu \(two)2.norm1.relu: \(two)2.norm1",
            "Conv \(two)2.conv1: \(two)2.norm1.relu",
            "Concat features.denseblock2.concat: features.transition1.conv \(two)2.conv1",
            "BatchNormalization features.norm5: features.denseblock2.concat",
            "Relu features.norm5.relu: features.norm5", "GlobalAveragePool pool: features.norm5.relu",
            "Flatten flatten: pool", "Gemm logits: flatten",
        ]
        #expect(lines(model) == expected)
        #expect(model.irVersion == 7 && model.opset == 13)
        let input = ONNXModel.Value(
            name: "images", element: .uint8, shape: [.named("batch"), .fixed(1), .fixed(9), .fixed(9)])
        let output = ONNXModel.Value(name: "logits", element: .float32, shape: [.named("batch"), .fixed(3)])
        #expect(model.inputs == [input] && model.outputs == [output])
    }

    @Test func withoutNormalizationItTakesFloats() throws {
        let trained = try TrainedExamples.trained(TrainedExamples.network("densenet-10-4"))
        let with = try ONNXModel(trained, normalizes: true)
        let without = try ONNXModel(trained, normalizes: false)
        #expect(without.inputs[0].element == .float32)
        #expect(lines(without) == ["Conv features.conv0: images"] + lines(with).dropFirst(4))
        #expect(with.constants.count == without.constants.count + 2)
    }

    /// One Concat for each layer that reads more than one node, one for each end; layers as in the tables of CostTests.
    @Test(arguments: [("dense", 36 + 3 - 3), ("log", 36 + 3 - 3), ("nearest", 3)])
    func operationsOfDenseNet40(pattern: String, concats: Int) throws {
        let network = try TrainedExamples.network("densenet-40-12", pattern)
        let model = try ONNXModel(TrainedExamples.trained(network), normalizes: true)
        let counts = Dictionary(grouping: model.nodes, by: \.operation).mapValues(\.count)
        #expect(counts["Conv"] == 39 && counts["BatchNormalization"] == 39 && counts["Relu"] == 39)
        #expect(counts["Concat"] == concats && counts["Gather"] == nil && counts["AveragePool"] == 2)
        let parameters = model.constants.filter { !$0.name.contains("running") && $0.name.contains(".") }
        #expect(parameters.reduce(0) { $0 + $1.bytes.count / 4 } == network.cost.parameters)
    }

    @Test func theMetadata() throws {
        let network = try TrainedExamples.network("densenet-10-4", size: 24)
        let names = ["it's", "a \"b\"", "c\\d", "snö", "line\nbreak", "f/g", "😀", "7", "8", "9"]
        let metadata = try ONNXModel(TrainedExamples.trained(network, classNames: names), normalizes: true).metadata
        #expect(
            metadata["names"]
                == #"{0: "it's", 1: "a \"b\"", 2: "c\\d", 3: "snö", 4: "line\nbreak", 5: "f/g", 6: "😀", 7: "7", 8: "8", 9: "9"}"#
        )
        #expect(metadata["imgsz"] == "[24, 24]")
        let text = try #require(metadata["preprocessing"])
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(fields["input_size"] as? [Int] == [3, 24, 24])
        for (key, values) in [("mean", [110.0, 119, 128]), ("std", [50.0, 57, 64])] {
            let written = try #require(fields[key] as? [Double])
            #expect(zip(written, values).allSatisfy { abs(255 * $0 - $1) < 1e-12 } && written.count == 3)
        }
        #expect(fields["crop_pct"] as? Double == 1 && fields["interpolation"] as? String == "bilinear")
        #expect(fields["label_names"] as? [String] == names)
        #expect(fields["input"] as? String == "uint8, 0 to 255, normalised by the model")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(Network.self, from: Data(try #require(metadata["network"]).utf8)) == network)
    }

    @Test func isReadBackAsItWasWritten() throws {
        for (name, network) in try TrainedExamples.all() {
            for normalizes in [true, false] {
                let model = try ONNXModel(TrainedExamples.trained(network), normalizes: normalizes)
                #expect(try ONNXModel(model.encoded(), named: "x") == model, "\(name)")
            }
        }
    }

    /// Wherever it is cut off, a model is refused: by its bytes, or as what is left makes no logits.
    @Test func everyTruncationIsRefused() throws {
        let network = try Network(
            Architecture(
                blocks: [1], growthRate: 1, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 1),
                inputChannels: 1, imageSize: 1, classes: 2))
        let model = try ONNXModel(TrainedExamples.trained(network), normalizes: true)
        let file = model.encoded()
        let graphEnds = try #require(file.range(of: Data([0x42, 0x04, 0x0a, 0x00, 0x10, 0x0d]))).upperBound
        for count in 0..<graphEnds {
            #expect(throws: ExportError.self, "\(count) bytes") {
                _ = try ONNXInterpreter(ONNXModel(file.prefix(count), named: "x"))
            }
        }
    }

    @Test func whatIsRefusedSaysWhy() throws {
        let model = try ONNXModel(TrainedExamples.trained(TrainedExamples.network("densenet-10-4")), normalizes: false)
        func message(_ change: (inout ONNXModel) -> Void) -> String {
            var model = model
            change(&model)
            do {
                let interpreter = try ONNXInterpreter(ONNXModel(model.encoded(), named: "x"))
                _ = try interpreter(ONNXArray(.float32, [1, 3, 32, 32], [Float](repeating: 0, count: 3072)))
                return ""
            } catch { return "\(error)" }
        }
        #expect(message { _ in } == "")
        #expect(message { $0.opset = 12 } == "a model of IR 7, opset 12; 7 and 13 are computed here")
        #expect(message { $0.inputs = [] } == "a model of 0 inputs and 1 outputs; one of each is computed here")
        #expect(message { $0.constants.append($0.constants[0]) } == "the model names 'features.conv0.weight' twice")
        #expect(
            message { $0.nodes.swapAt(0, 1) }
                == "'features.denseblock1.denselayer1.norm1' reads 'features.conv0', which nothing before it makes")
        #expect(message { $0.nodes[1].outputs = ["features.conv0"] }.hasSuffix("does not make one value of a new name"))
        #expect(message { $0.outputs[0].name = "y" } == "nothing makes the output 'y'")
        #expect(
            message { $0.nodes[0].attributes["group"] = .int(1) }
                == "'features.conv0', Conv: the attribute 'group' is not computed here")
        #expect(
            message { $0.nodes[2].operation = "Elu" }.hasSuffix(".relu', Elu: no such operator is computed here"))
        #expect(
            message { $0.inputs[0].shape[1] = .fixed(4) }
                == "'images' is float32 of [1, 3, 32, 32], which the model does not say"
        )
        #expect(
            message { $0.outputs[0].shape[1] = .fixed(9) }
                == "'logits' is float32 of [1, 10], which the model does not say"
        )
        #expect(
            message { $0.constants[0].shape[0] = 15 }
                == "x is no ONNX model as it is written here: 'features.conv0.weight' has 1728 bytes; its shape [15, 3, 3, 3] takes 1620"
        )
    }
}
