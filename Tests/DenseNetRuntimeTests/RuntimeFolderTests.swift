import DenseNetArchitecture
import Files
import Foundation
import TestSupport
import Testing
import WeightFiles

@testable import DenseNetRuntime

/// Folders that no export wrote.
@Suite struct RuntimeFolderTests {
    private func folder() throws -> RuntimeFolder {
        try RuntimeFolder(
            Architecture(
                blocks: [2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8, classes: 3))
    }

    private func refusal(_ folder: RuntimeFolder, threads: Int? = 1) -> String {
        do {
            _ = try folder.classifier(threads: threads)
            return "taken"
        } catch {
            return error is ClassifierError ? "\(error)".replacingOccurrences(of: folder.path(""), with: "") : "other"
        }
    }

    @Test func weights() throws {
        let bias = "classifier.bias"
        func floats(_ numbers: [Float]) -> Data { numbers.withUnsafeBytes { Data($0) } }
        let cases: [(String, (inout [String: StoredTensor]) -> Void, String)] = [
            (
                "a missing tensor", { $0[bias] = nil },
                "model.safetensors has no 'classifier.bias'; export the network again"
            ),
            (
                "another shape", { $0[bias] = StoredTensor(type: "F32", shape: [2], bytes: floats([0, 0])) },
                "model.safetensors has 'classifier.bias' as F32 [2]; the network needs F32 [3]; export the network again"
            ),
            (
                "another type", { $0[bias] = StoredTensor(type: "I32", shape: [3], bytes: Data(count: 12)) },
                "model.safetensors has 'classifier.bias' as I32 [3]; the network needs F32 [3]; export the network again"
            ),
            (
                "a tensor more", { $0["more"] = StoredTensor(type: "F32", shape: [1], bytes: floats([0])) },
                "model.safetensors has 'more', which the network has no place for; export the network again"
            ),
            (
                "no number", { $0[bias] = StoredTensor(type: "F32", shape: [3], bytes: floats([0, .nan, 0])) },
                "model.safetensors has a number in 'classifier.bias' that no network has; export the network again"
            ),
            (
                "a variance below 0",
                {
                    $0["features.norm5.running_var"] = StoredTensor(
                        type: "F32", shape: [12], bytes: floats([Float](repeating: -0.1, count: 12)))
                },
                "model.safetensors has a number in 'features.norm5.running_var' that no network has; export the network again"
            ),
            (
                "odd places", { $0["a"] = StoredTensor(type: "U8", shape: [1], bytes: Data([1])) },
                "model.safetensors has 'features.conv0.weight' at byte "
            ),
        ]
        for (name, change, sentence) in cases {
            let folder = try folder()
            var tensors = try folder.tensors()
            change(&tensors)
            try folder.write(tensors)
            let found = refusal(folder)
            #expect(found.hasPrefix(sentence), "\(name): \(found)")
        }
        let cut = try folder()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: cut.path(RuntimeNetwork.weights)))
        for length in [0, 7, bytes.count / 2, bytes.count - 1] {
            try bytes.prefix(length).write(to: URL(fileURLWithPath: cut.path(RuntimeNetwork.weights)))
            let found = refusal(cut)
            #expect(found.hasPrefix("model.safetensors is not a whole safetensors file: "), "\(found)")
        }
        try FileManager.default.removeItem(atPath: cut.path(RuntimeNetwork.weights))
        #expect(refusal(cut) == "there is no file model.safetensors")
    }

    @Test(arguments: [
        (
            #""densenet-ads runtime 1""#, #""densenet-ads runtime 2""#,
            "network.json is 'densenet-ads runtime 2', and this runtime reads 'densenet-ads runtime 1'; export the network again"
        ),
        (#""class 0","#, "", "network.json: there are 2 labels for 3 classes"),
        (#""size":8"#, #""size":9"#, "network.json: images become 9 pixels wide, and the network takes 8"),
        (#""mean":[102,"#, #""mean":["#, "network.json: 2 means and 3 deviations normalise no images of 3 channels"),
        (#""deviation":[51,"#, #""deviation":[0,"#, "network.json: images are normalised by [102.0, "),
        (#""growth_rate":4"#, #""growth_rate":0"#, "network.json: "),
        (#""classes":3"#, #""classes":4"#, "network.json: there are 3 labels for 4 classes"),
        ("{", "[", "network.json: "), ("}", "", "network.json: "),
    ])
    func descriptions(part: String, replacement: String, sentence: String) throws {
        let folder = try folder()
        let path = folder.path(RuntimeNetwork.file)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let range = try #require(text.range(of: part), "\(text)")
        try Data(text.replacingCharacters(in: range, with: replacement).utf8).write(to: URL(fileURLWithPath: path))
        let found = refusal(folder)
        #expect(found.hasPrefix(sentence), "\(found)")
    }

    /// A small file may stand for maps that no memory holds.
    @Test func mapsBeyondTheMemory() throws {
        let folder = try RuntimeFolder(
            Architecture(
                blocks: [1], growthRate: 1, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4096),
                imageSize: 4096, classes: 2))
        let found = refusal(folder)
        #expect(
            found.hasPrefix("the network of ") && found.contains(" takes 1024 GB for one image, and this machine has "),
            "\(found)")
    }

    /// One image's maps may fit where those of all threads together do not.
    @Test func imagesTogether() {
        func images(_ threads: Int, _ bytes: Int, _ memory: Int) -> Int {
            PreparedNetwork.imagesAtOnce(threads: threads, bytesForAnImage: bytes, memory: memory)
        }
        #expect(images(2, 1 << 20, 16 << 30) == 8 && images(64, 0, 1 << 40) == 256)
        #expect(
            images(2, 1 << 30, 8 << 30) == 4 && images(2, 5 << 30, 8 << 30) == 1 && images(1, 9 << 30, 8 << 30) == 1)
    }

    @Test func threadsAndFolders() throws {
        let folder = try folder()
        #expect(refusal(folder, threads: 0) == "0 threads; 1 to 1024 can be had")
        #expect(refusal(folder, threads: 1025) == "1025 threads; 1 to 1024 can be had")
        #expect(refusal(folder, threads: nil) == "taken")
        try FileManager.default.removeItem(atPath: folder.path(RuntimeNetwork.file))
        #expect(refusal(folder) == "there is no file network.json")
    }
}
