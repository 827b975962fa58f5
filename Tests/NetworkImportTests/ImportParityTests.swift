import DenseNetArchitecture
import DenseNetModel
import Files
import Foundation
import Runs
import TestSupport
import Testing
import Torch
import Training
import WeightFiles

@testable import NetworkImport

/// Files that PyTorch wrote in every way people do: the network that is read answers as PyTorch's does.
@Suite(.serialized, .enabled(if: peerPython != nil, "PyTorch for Python is needed: it writes the files of these tests"))
struct ImportParityTests {
    // Unsafe: tensors are no Sendable. These are made once, and then only read, by one test after the other.
    nonisolated(unsafe) private static let small = Result {
        try Written(
            Architecture(
                blocks: [3, 2, 4], growthRate: 4, bottleneck: true, compression: 0.5, stem: .init(.cifar, channels: 10),
                imageSize: 16, classes: 7))
    }
    nonisolated(unsafe) private static let imageNet = Result {
        try Written(
            Architecture(
                blocks: [2, 3, 2, 1], growthRate: 8, bottleneck: true, compression: 0.5,
                stem: .init(.imageNet, channels: 16), imageSize: 64, classes: 11))
    }
    nonisolated(unsafe) private static let plain = Result {
        try Written(
            Architecture(
                blocks: [2, 3], growthRate: 6, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 9),
                imageSize: 12, classes: 3))
    }

    /// A network and the folder of its files.
    struct Written {
        let architecture: Architecture
        let folder = TemporaryFolder()
        let images: Tensor
        let logits: [String: [Double]]

        init(_ architecture: Architecture) throws {
            self.architecture = architecture
            let network = try Network(architecture)
            let generator = try Generator(seed: 5)
            let size = architecture.imageSize
            images = try Tensor.zeros([8, 3, size, size]).fillNormal(generator)
            var stored = try DenseNet(network, generator: generator, initialization: .fanIn).state.mapValues { tensor in
                // BN's scales and shifts of 1 and 0 would hide which is whose.
                try StoredTensor(
                    tensor.shape.count == 1
                        ? Tensor.zeros(tensor.shape).fillUniform(0.5, 1.5, generator) : tensor.detached())
            }
            stored["images"] = try StoredTensor(images)
            let json = String(decoding: try RunFolder.encoder(pretty: false).encode(network), as: UTF8.self)
            try Safetensors(tensors: stored, metadata: ["network": json]).write(to: folder("in"))
            let script = packageRoot + "/Tests/Peers/torch_files.py"
            let finished = try run(try #require(peerPython), [script, folder("in"), folder.path])
            try #require(finished.status == 0, "\(finished.errors)")
            logits = try Safetensors(contentsOf: folder("logits")).torchTensors().mapValues { try $0.doubles() }
        }

        /// The largest difference of our logits from PyTorch's, relative to the largest logit.
        func difference(_ file: String) throws -> Double {
            let read = try NetworkImport(contentsOf: folder(file), imageSize: architecture.imageSize)
            #expect(read.network == (try Network(architecture)), "\(file): \(read.network.architecture)")
            let state = try Safetensors(tensors: read.weights).torchTensors()
            let net = try DenseNet(read.network, state: state)
            let ours = try withoutGrad { try net(images, training: false).doubles() }
            let kind = ["half", "bfloat16"].first { file.hasPrefix($0) } ?? "whole"
            return relativeError(ours, try #require(logits[kind]))
        }
    }

    static let files =
        (2...5).flatMap { ["zip-\($0)", "legacy-\($0)"] }
        + [
            "channels-last", "channels-last-legacy", "half", "half-legacy", "bfloat16", "double", "parameters",
            "old-names",
            "old-names-legacy", "views", "views-legacy", "module", "module-legacy", "model",
        ]

    @Test(arguments: files + ["kuangliu"]) func bottlenecks(file: String) throws {
        let difference = try Self.small.get().difference(file)
        print("logits, \(file): \(difference)")
        #expect(difference < 1e-5)
    }

    @Test(arguments: files) func imageNetStem(file: String) throws {
        #expect(try Self.imageNet.get().difference(file) < 1e-5)
    }

    @Test(arguments: files) func plainLayers(file: String) throws {
        #expect(try Self.plain.get().difference(file) < 1e-5)
    }

    @Test func narrowTypesAreReadAsTheyAre() throws {
        // Half rounds: were it not read as half, its logits would be the others'.
        let logits = try Self.small.get().logits
        let (whole, half) = (try #require(logits["whole"]), try #require(logits["half"]))
        #expect(1e-5..<1e-2 ~= relativeError(half, whole))
        #expect(1e-4..<1e-1 ~= relativeError(try #require(logits["bfloat16"]), whole))
    }

    @Test func everyWayIsTheSameWeights() throws {
        let written = try Self.small.get()
        func weights(_ file: String) throws -> [String: StoredTensor] {
            try NetworkImport(contentsOf: written.folder(file)).weights
        }
        let first = try weights("zip-2")
        for file in Self.files + ["kuangliu"] where !file.hasPrefix("half") && file != "bfloat16" {
            #expect(try weights(file) == first, "\(file)")
        }
    }

    @Test func whatWasChangedIsSaid() throws {
        let folder = try Self.small.get().folder
        func changes(_ file: String) throws -> [String] { try NetworkImport(contentsOf: folder(file)).changes }
        let norms = 2 * 9 + 3
        let counts = "left out: \(norms) counts of BN's batches, which change nothing"
        #expect(try changes("zip-2") == [counts])
        #expect(
            try changes("module") == [
                "of the checkpoint its 'state_dict' was taken", "'module.' was taken off every name",
                "left out: 'epoch', 'best', 'optimizer', 'schedule', 'counter'", counts,
            ])
        #expect(try changes("model").prefix(2).last == "'_orig_mod.module.' was taken off every name")
        #expect(try changes("half").last == "F16 became float32")
        let old = try NetworkImport(contentsOf: folder("old-names"))
        // Of a layer two norms of four tensors and two convolutions.
        #expect(old.renamed == 9 * 10)
        #expect(
            old.changes.first
                == "90 names became torchvision's: 'features.denseblock1.denselayer1.conv.1.weight' is 'features.denseblock1.denselayer1.conv1.weight'"
        )
        let other = try NetworkImport(contentsOf: folder("kuangliu"))
        #expect(other.readsNewMapsFirst == true && old.readsNewMapsFirst == false)
        #expect(
            other.changes.contains(
                "its layers read the newest maps first, as BN's statistics show; the inputs were put in torchvision's order"
            ))
    }

    @Test(arguments: [
        (
            "whole", "it wants 'torch.nn.modules.container.Sequential', which is refused",
            "weights_only=False).state_dict()"
        ),
        ("whole-legacy", "it wants 'torch.nn.modules.container.Sequential'", "weights_only=False).state_dict()"),
        (
            "namespace", "it wants 'argparse.Namespace', which is refused",
            "weights_only=False)['state_dict'], 'weights.pth')"
        ),
        (
            "whole-in-a-dictionary", "it wants 'torch.nn.modules.container.Sequential'",
            "weights_only=False)['model'].state_dict()"
        ),
        ("script", "it wants '__torch__.torch.nn.modules.", "it is TorchScript, a program; where you trust it"),
        ("list", "it holds no dictionary of tensors", "write one with torch.save"),
        ("compressed", "is compressed, which PyTorch never does", "torch.save"),
    ]) func whatRunsIsRefusedWithWhatToDo(name: String, reason: String, advice: String) throws {
        let folder = try Self.small.get().folder
        let file = "refused-\(name)"
        let error = #expect(throws: FileError.self) { try NetworkImport(contentsOf: folder(file)) }
        let sentence = error?.description ?? ""
        #expect(sentence.hasPrefix(folder(file) + " is not read: "), "\(sentence)")
        #expect(sentence.contains(reason) && sentence.contains(advice), "\(sentence)")
        #expect(name == "list" || name == "compressed" || sentence.contains(file + "'"), "\(sentence)")
        #expect(!sentence.contains("\n"))
    }

    @Test(arguments: ["zip-4", "legacy-2", "module", "views-legacy"]) func damageIsRefused(file: String) throws {
        let folder = try Self.small.get().folder
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder(file)))
        let clock = ContinuousClock()
        func refused(_ data: Data) throws -> Bool {
            try data.write(to: URL(fileURLWithPath: folder("damaged")))
            var refused = true
            let time = clock.measure {
                do {
                    _ = try NetworkImport(contentsOf: folder("damaged"))
                    refused = false
                } catch {
                    #expect(error is FileError && !"\(error)".contains("\n"), "\(error)")
                }
            }
            // Hangs are found here; how long refusals take is measured by Tests/Peers/hostile.py.
            #expect(time < .seconds(30), "\(time)")
            return refused
        }
        #expect(try !refused(whole))
        for quarter in 0..<4 { #expect(try refused(whole.prefix(whole.count * quarter / 4)), "\(quarter)") }
        #expect(try refused(whole.dropLast()))
        // In a zip file a checksum covers every weight: what is not noticed changes none. Of the legacy container only
        // what is no weight can be known.
        let own = try NetworkImport(contentsOf: folder(file))
        var noticed = 0
        for step in 0..<120 {
            var data = whole
            data[whole.startIndex + (whole.count - 1) * step / 119] ^= 0x10
            guard try !refused(data) else {
                noticed += 1
                continue
            }
            guard !file.contains("legacy") else { continue }
            let read = try NetworkImport(contentsOf: folder("damaged"))
            #expect(read.network == own.network && read.weights == own.weights, "byte \(step) of 120")
        }
        #expect(noticed > 0)
    }
}
