import DenseNetArchitecture
import Foundation
import Testing
import WeightFiles

@testable import NetworkExport

@Suite struct SafetensorsFormatTests {
    private func files(_ trained: TrainedNetwork) throws -> [String: Data] {
        let reference = try TrainedExamples.reference(trained)
        let files = try SafetensorsFormat.files(trained, normalizes: false, against: reference)
        return Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.pieces.reduce(Data(), +)) })
    }

    private func config(_ trained: TrainedNetwork) throws -> [String: Any] {
        let data = try #require(try files(trained)["config.json"])
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func theConfigurationIsTimms() throws {
        let network = try TrainedExamples.network("densenet-bc-22-8", "log", size: 16)
        let config = try config(TrainedExamples.trained(network, classNames: (0..<10).map { "class \($0)" }))
        #expect(config["architecture"] as? String == "densenet_ads" && config["num_classes"] as? Int == 10)
        #expect(config["num_features"] as? Int == network.blocks.last?.endChannels)
        #expect((config["label_names"] as? [String])?[9] == "class 9")
        let fields = try #require(config["pretrained_cfg"] as? [String: Any])
        #expect(
            Set(fields.keys) == [
                "input_size", "mean", "std", "interpolation", "crop_pct", "crop_mode", "num_classes", "pool_size",
                "fixed_input_size", "custom_load", "first_conv", "classifier",
            ])
        #expect(fields["input_size"] as? [Int] == [3, 16, 16] && fields["pool_size"] as? [Int] == [4, 4])
        let own = try #require(config["ads"] as? [String: Any])
        #expect((own["logits"] as? [[Double]])?.map(\.count) == [10, 10])
    }

    /// timm's name only where its network is this one: there it would be loaded into another.
    @Test func theArchitecturesName() throws {
        func name(_ network: Network) throws -> String? {
            try config(TrainedExamples.trained(network))["architecture"] as? String
        }
        var small = try Architecture(named: "densenet121")
        (small.imageSize, small.classes) = (32, 3)
        #expect(try name(Network(small)) == "densenet121")
        let pruned = Connectivity(try ConnectivityPatterns.parse("log"), for: small)
        #expect(try name(Network(small, pruned)) == "densenet_ads")
    }

    @Test func theWeightsAreTorchvisions() throws {
        let trained = try TrainedExamples.trained(TrainedExamples.network("densenet-10-4", "log", size: 8))
        let data = try #require(try files(trained)["model.safetensors"])
        let file = try Safetensors(data, named: "x")
        #expect(file.metadata == ["format": "pt"])
        #expect(Set(file.tensors.keys) == Set(trained.weights.map(\.name)))
        // Block 3 begins with 32 channels; its second layer reads them and the first layer's 4.
        #expect(file.tensors["features.denseblock3.denselayer2.conv1.weight"]?.shape == [4, 36, 3, 3])
    }
}
