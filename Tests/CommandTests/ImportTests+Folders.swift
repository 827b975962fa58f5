import DenseNetArchitecture
import Foundation
import Runs
import TestSupport
import Testing
import Training
import WeightFiles

/// Where an import's data lie, and what lies where its run shall be.
extension ImportTests {
    @Test(arguments: ["weights.safetensors", "architecture.json"]) func somebodysFilesStay(name: String) throws {
        let own = scratch("own")
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let (file, bytes) = ("\(own)/\(name)", Data("mine".utf8))
        try bytes.write(to: URL(fileURLWithPath: file))
        func stays() throws -> Bool {
            try FileManager.default.contentsOfDirectory(atPath: own) == [name]
                && Data(contentsOf: URL(fileURLWithPath: file)) == bytes
        }
        let sentence =
            "ads: \(file) is of no run, and a new one would write over it; choose another folder with --out\n"
        let refused = try ads("import", file, "--data", "shapes", "--out", own)
        #expect(refused.status == 1 && refused.errors == sentence, "\(refused.errors)")
        #expect(try stays())
        // A training writes its weights there, too. An architecture is what it may have been given.
        guard name == "weights.safetensors" else { return }
        let trained = try run(
            Program.folder + "/ads", ["train", "--out", own, "--epochs", "1"] + SmallNetwork.options(in: scratch))
        #expect(trained.status == 1 && trained.errors == sentence, "\(trained.errors)")
        #expect(try stays())
    }

    /// Weights of a network of grey images that was never trained: zeros.
    private func untrained() throws -> String {
        let network = try Network(
            Architecture(
                blocks: [2, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8),
                inputChannels: 1, imageSize: 28))
        let tensors = network.weights.map { weight in
            let zeros = Data(count: weight.shape.reduce(4, *))
            return (weight.name, StoredTensor(type: "F32", shape: weight.shape, bytes: zeros))
        }
        try Safetensors(tensors: Dictionary(uniqueKeysWithValues: tensors)).write(to: scratch("grey.safetensors"))
        return scratch("grey.safetensors")
    }

    /// MNIST's four files of twenty black or white images of 28×28 each.
    private func digits() throws -> String {
        let folder = scratch("digits")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let pixels = (0..<20).flatMap { [UInt8](repeating: $0 % 2 == 0 ? 0 : 255, count: 28 * 28) }
        let labels = (0..<20).map { UInt8($0 % 10) }
        for part in ["train", "t10k"] {
            let images = Data([0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 28, 0, 0, 0, 28]) + Data(pixels)
            try images.write(to: URL(fileURLWithPath: "\(folder)/\(part)-images-idx3-ubyte"))
            let classes = Data([0, 0, 8, 1, 0, 0, 0, 20]) + Data(labels)
            try classes.write(to: URL(fileURLWithPath: "\(folder)/\(part)-labels-idx1-ubyte"))
        }
        return folder
    }

    @Test func aDataSetsNormalizationIsThatOfItsFolder() throws {
        let data = ["--data", "mnist", "--data-dir", try digits(), "--normalization", "mnist"]
        let imported = try run(
            Program.folder + "/ads", ["import", untrained()] + data + ["--out", scratch("imported")])
        #expect(imported.status == 0, "\(imported.errors)")
        let lines = imported.output.split(separator: "\n").map(String.init)
        #expect(lines.contains("images are normalised by mean 0.500, deviation 0.500"), "\(imported.output)")
        // Of zeros nothing can be read.
        #expect(
            lines.contains(
                "BN's statistics do not tell the order of its layers' inputs; torchvision's is assumed, which 'ads evaluate --split test' of its import shows to be right or wrong"
            ), "\(imported.output)")

        try SmallNetwork.architecture.write(toFile: scratch("a.json"), atomically: true, encoding: .utf8)
        let trained = try run(
            Program.folder + "/ads",
            ["train"] + data + [
                "--arch", scratch("a.json"), "--epochs", "1", "--batch-size", "4", "--no-augment", "--quiet", "--out",
                scratch("trained"),
            ])
        #expect(trained.status == 0, "\(trained.errors)")
        let c = try RunFolder(scratch("trained")).read(
            TrainingConfiguration.self, from: scratch("trained/config.json"))
        #expect(c.normalization?.mean == [127.5] && c.normalization?.deviation == [127.5])
    }
}
