import DenseNetArchitecture
import Foundation
import Testing

@testable import NetworkExport

/// What is written, literally; what is read of it; what is refused.
@Suite struct CoreMLModelTests {
    private func described(
        _ network: Network, normalizes: Bool = true, classNames: [String]? = nil
    ) throws -> (model: CoreMLModel, weights: Data) {
        let trained = try TrainedExamples.trained(network, classNames: classNames)
        let (model, blobs) = try CoreMLModel.described(trained, normalizes: normalizes)
        return (model, blobs.file.reduce(Data(), +))
    }

    private func network(_ name: String) throws -> Network {
        try #require(try TrainedExamples.all().first { $0.name == name }).network
    }

    /// Operation, value and what it reads that is no constant, a line each.
    private func lines(_ program: MILProgram) -> [String] {
        let constants = Set(program.operations.filter { $0.type == "const" }.map(\.name))
        return program.operations.filter { $0.type != "const" }.map { operation in
            let read = operation.inputs.sorted { $0.key < $1.key }.flatMap(\.value).compactMap { argument in
                if case .variable(let name) = argument, !constants.contains(name) { name } else { nil }
            }
            return
                "\(operation.type) \(operation.outputs.map(\.name).joined(separator: " ")): \(read.joined(separator: " "))"
        }
    }

    @Test func theProgramOfAPrunedNetwork() throws {
        let (model, _) = try described(network("a chain of one channel"), classNames: ["a", "b", "c"])
        let (one, two) = ("features_denseblock1_denselayer", "features_denseblock2_denselayer")
        let expected: [String] = [
            "sub centred: image", "real_div normalized: centred", "conv features_conv0: normalized",
            // Nothing reads layer 1: it is not there. Layer 2 reads one node, without a concat.
            "batch_norm \(one)2_norm1: features_conv0", "relu \(one)2_norm1_relu: \(one)2_norm1",
            "conv \(one)2_conv1: \(one)2_norm1_relu",
            "concat \(one)3_concat: features_conv0 \(one)2_conv1",
            "batch_norm \(one)3_norm1: \(one)3_concat", "relu \(one)3_norm1_relu: \(one)3_norm1",
            "conv \(one)3_conv1: \(one)3_norm1_relu",
            "batch_norm features_transition1_norm: \(one)3_conv1",
            "relu features_transition1_norm_relu: features_transition1_norm",
            "avg_pool features_transition1_pool: features_transition1_norm_relu",
            "conv features_transition1_conv: features_transition1_pool",
            "batch_norm \(two)1_norm1: features_transition1_conv", "relu \(two)1_norm1_relu: \(two)1_norm1",
            "conv \(two)1_conv1: \(two)1_norm1_relu",
            "concat \(two)2_concat: features_transition1_conv \(two)1_conv1",
            "batch_norm \(two)2_norm1: \(two)2_concat", "relu \(two)2_norm1_relu: \(two)2_norm1",
            "conv \(two)2_conv1: \(two)2_norm1_relu",
            "concat features_denseblock2_concat: features_transition1_conv \(two)2_conv1",
            "batch_norm features_norm5: features_denseblock2_concat", "relu features_norm5_relu: features_norm5",
            "reduce_mean pool: features_norm5_relu", "linear logits: pool", "softmax probabilities: logits",
            "classify classLabel classLabel_probs: probabilities",
        ]
        #expect(lines(model.program) == expected)
        #expect(model.specificationVersion == 6 && model.program.opset == "CoreML5")
        let image = CoreMLModel.Feature(
            name: "image", summary: "grey image, normalised by the model", kind: .image(width: 9, height: 9, .grey))
        #expect(model.inputs == [image])
        #expect(model.program.inputs == [.init(name: "image", kind: .tensor(.float32, [1, 1, 9, 9]))])
        #expect(model.outputs.map(\.name) == ["classLabel", "classLabel_probs"])
        #expect(model.outputs.map(\.kind) == [.text, .dictionary])
        #expect(model.program.outputs == ["classLabel", "classLabel_probs"])
        #expect(model.predictedFeature == "classLabel" && model.predictedProbabilities == "classLabel_probs")
        let classes = model.program.operations.last?.inputs["classes"]
        #expect(classes == [.constant(.init(kind: .texts(3), contents: .texts(["a", "b", "c"])))])
    }

    /// One concat for each layer that reads more than one node, one for each end; no other operation joins or picks.
    @Test(arguments: [("dense", 36 + 3 - 3), ("log", 36 + 3 - 3), ("nearest", 3)])
    func operationsOfDenseNet40(pattern: String, concats: Int) throws {
        let network = try TrainedExamples.network("densenet-40-12", pattern)
        let (model, weights) = try described(network)
        let counts = Dictionary(grouping: model.program.operations, by: \.type).mapValues(\.count)
        #expect(counts["conv"] == 39 && counts["batch_norm"] == 39 && counts["relu"] == 39)
        #expect(counts["concat"] == concats && counts["avg_pool"] == 2 && counts["gather"] == nil)
        #expect(model.summary.contains(" \(network.cost.parameters) parameters "))
        #expect(weights.count > 4 * network.cost.parameters)
    }

    @Test func whatItIsGiven() throws {
        let colour = try described(TrainedExamples.network("densenet-10-4", size: 24)).model
        #expect(colour.inputs[0].kind == .image(width: 24, height: 24, .rgb))
        #expect(colour.metadata["imgsz"] == "[24, 24]" && colour.author == "densenet-ads test")
        let preprocessing = try #require(colour.metadata["preprocessing"])
        #expect(preprocessing.contains("\"RGB image, normalised by the model\""))
        // Core ML has no images of two channels.
        let two = try described(TrainedExamples.network("densenet-10-4", size: 8, channels: 2)).model
        #expect(two.inputs[0].kind == .floats([1, 2, 8, 8]))
        #expect(two.inputs[0].summary == "float32, 0 to 255, normalised by the model")
        let without = try described(TrainedExamples.network("densenet-10-4", size: 8), normalizes: false).model
        #expect(without.inputs[0].kind == .floats([1, 3, 8, 8]))
        #expect(without.inputs[0].summary == "float32, normalised: (value / 255 - mean) / std")
        #expect(lines(without.program)[0] == "conv features_conv0: image")
    }

    @Test func isReadBackAsItWasWritten() throws {
        for (name, network) in try TrainedExamples.all() {
            for normalizes in [true, false] {
                let (model, _) = try described(network, normalizes: normalizes)
                #expect(try CoreMLModel(model.encoded(), named: "x") == model, "\(name)")
            }
        }
    }

    /// Arrays of fewer than ten numbers lie in the program, as coremltools has them; the others begin where they say.
    @Test func whereWeightsLie() throws {
        let trained = try TrainedExamples.trained(network("a chain of one channel"))
        let (model, blobs) = try CoreMLModel.described(trained, normalizes: true)
        let file = blobs.file.reduce(Data(), +)
        var reader = try WeightBlobs.Reader(file, named: "x")
        for (name, tensor) in trained.weights {
            let own = try #require(
                model.program.operations.first { $0.name == name.replacingOccurrences(of: ".", with: "_") })
            #expect(own.type == "const" && own.value?.kind == .tensor(.float32, tensor.shape))
            switch own.value?.contents {
            case .floats(let values): #expect(values == tensor.floats && values.count < 10)
            case .blob(let path, let offset):
                #expect(path == "@model_path/weights/weight.bin" && tensor.floats.count >= 10)
                #expect(try reader.floats(at: offset) == tensor.floats)
            default: Issue.record("\(name)")
            }
        }
    }

    /// Wherever it is cut off, a model is refused: by its bytes, or as what is left classifies nothing.
    @Test func everyTruncationIsRefused() throws {
        let network = try Network(
            Architecture(
                blocks: [1], growthRate: 1, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 1),
                inputChannels: 1, imageSize: 1, classes: 2))
        let (model, weights) = try described(network)
        let file = model.encoded()
        for count in 0..<file.count {
            #expect(throws: ExportError.self, "\(count) bytes") {
                let interpreter = try MILInterpreter(
                    CoreMLModel(file.prefix(count), named: "x").program, weights: weights)
                _ = try interpreter(Maps([1, 1, 1, 1], [0]), keeping: "logits")
            }
        }
    }

    @Test func whatIsRefusedSaysWhy() throws {
        let (model, weights) = try described(TrainedExamples.network("densenet-10-4", size: 8), normalizes: false)
        func message(_ change: (inout MILProgram) -> Void) -> String {
            var model = model
            change(&model.program)
            do {
                let interpreter = try MILInterpreter(
                    CoreMLModel(model.encoded(), named: "x").program, weights: weights)
                _ = try interpreter(Maps([1, 3, 8, 8], [Float](repeating: 0, count: 192)), keeping: "logits")
                return ""
            } catch { return "\(error)" }
        }
        func place(_ name: String) -> Int { model.program.operations.firstIndex { $0.name == name } ?? 0 }
        func changed(_ name: String, _ change: (inout MILProgram.Operation) -> Void) -> String {
            message { change(&$0.operations[place(name)]) }
        }
        #expect(message { _ in } == "")
        #expect(
            message { $0.opset = "CoreML6" }
                == "a program of CoreML6 with 1 inputs; CoreML5 and one are computed here")
        #expect(
            message { $0.inputs = [] } == "a program of CoreML5 with 0 inputs; CoreML5 and one are computed here")
        #expect(
            message { $0.operations.remove(at: place("features_conv0")) }
                == "'features_denseblock1_denselayer1_norm1' reads 'features_conv0', which nothing before it makes")
        #expect(
            changed("features_conv0_pad") { $0.outputs[0].name = "features_conv0_strides" }
                == "the program names 'features_conv0_strides' twice")
        #expect(
            changed("features_conv0_pad") { $0.value = .ints([1, 1]) } == "'features_conv0_pad' is no constant")
        #expect(
            changed("features_conv0_groups") { $0.value = .int(2) }
                == "'features_conv0', conv: 'groups' has another value than the one computed here")
        #expect(
            changed("features_conv0_pad") { $0.value = .ints([1, 1, 1, 0]) }
                == "'features_conv0', conv: its window is not square")
        #expect(
            changed("features_conv0") { $0.inputs["bias"] = [.variable("image")] }
                == "'features_conv0', conv: the input 'bias' is not computed here")
        #expect(
            changed("features_conv0") { $0.inputs["groups"] = nil }
                == "'features_conv0', conv: the input 'groups' is missing")
        #expect(changed("pool") { $0.type = "reduce_max" } == "'pool', reduce_max: no such operation is computed here")
        #expect(
            changed("pool_axes") { $0.value = .ints([1, 2]) }
                == "'pool', reduce_mean: 'axes' has another value than the one computed here")
        #expect(
            changed("features_conv0") { $0.outputs[0].kind = .tensor(.float32, [1, 16, 8, 7]) }
                == "'features_conv0', conv: it makes [1, 16, 8, 8], which the program does not say")
        #expect(
            changed("classify") { $0.inputs["classes"] = [.constant(.init(kind: .texts(1), contents: .texts(["a"])))] }
                == "'classify', classify: probabilities of shape [1, 10] do not fit the classes")
        #expect(
            message { $0.outputs = ["classLabel"] }
                == "'classify', classify: its values are not what the program gives")
        #expect(message { $0.operations.removeLast() } == "the program classifies nothing")
        #expect(changed("logits") { $0.outputs[0].name = "l" }.hasSuffix("which nothing before it makes"))
        #expect(
            changed("features_conv0_weight") {
                $0.value?.contents = .blob(file: "@model_path/other.bin", offset: 64)
            } == "'features_conv0_weight' lies in '@model_path/other.bin'")
        #expect(
            changed("features_conv0_weight") {
                let kind = MILProgram.Kind.tensor(.float32, [15, 3, 3, 3])
                $0.value?.kind = kind
                $0.outputs[0].kind = kind
            } == "'features_conv0_weight' of shape [15, 3, 3, 3] has 432 numbers")
        #expect(
            message { $0.operations.append($0.operations[place("features_conv0_groups")]) }
                == "the program names 'features_conv0_groups' twice")
        // An array that nothing names.
        let one = place("classifier_weight")
        let unnamed = message { program in
            program.operations[one].value?.contents = .floats([Float](repeating: 0, count: 10 * 29))
            program.operations[one].value?.kind = .tensor(.float32, [10, 29])
            program.operations[one].outputs[0].kind = .tensor(.float32, [10, 29])
        }
        #expect(unnamed.hasPrefix("the weights say that they are "))
    }

    @Test func bytesThatAreNoModel() throws {
        func message(_ bytes: [UInt8]) -> String {
            do {
                _ = try CoreMLModel(Data(bytes), named: "x")
                return ""
            } catch { return "\(error)" }
        }
        let prefix = "x is no Core ML model as it is written here: "
        #expect(message([0x08, 0x06]) == "")
        #expect(message([0x50, 0x01]) == prefix + "byte 2: field 10 of a model is not read here")
        #expect(
            message([0xb2, 0x1f, 0x02, 0x08, 0x02])
                == prefix + "a program of version 2 with 0 functions; 1 and one are read here")
        // Two metadata of one key.
        let entry: [UInt8] = [0xa2, 0x06, 0x03, 0x0a, 0x01, 0x61]
        let about = [0xa2, 0x06, UInt8(2 * entry.count)] + entry + entry
        #expect(message([0x12, UInt8(about.count)] + about) == prefix + "the metadata have 'a' twice")
        // An input of eight-bit floats.
        let array: [UInt8] = [0x2a, 0x02, 0x10, 0x05]
        let feature = [0x0a, UInt8(array.count + 2), 0x1a, UInt8(array.count)] + array
        #expect(
            message([0x12, UInt8(feature.count)] + feature)
                == prefix + "an array of type 5; 65568 (32-bit floats) is read here")
    }
}
