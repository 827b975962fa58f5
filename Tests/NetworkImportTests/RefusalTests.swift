import DenseNetArchitecture
import Foundation
import Testing
import WeightFiles

@testable import NetworkImport

/// What is no network of ours is refused with the first reason and how many there are.
@Suite struct RefusalTests {
    private func network(bottleneck: Bool = true, _ kind: Architecture.Stem.Kind = .cifar) throws -> Network {
        try Network(
            Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: bottleneck, compression: 0.5,
                stem: .init(kind, channels: 8), imageSize: 32, classes: 10))
    }

    private func refusal(
        bottleneck: Bool = true, _ kind: Architecture.Stem.Kind = .cifar, as given: Network? = nil,
        _ change: (inout [String: StoredTensor]) -> Void
    ) throws -> String {
        var tensors = RecognitionTests.tensors(try network(bottleneck: bottleneck, kind))
        change(&tensors)
        return RecognitionTests.refusal(tensors, as: given)
    }

    private func zeros(_ shape: [Int], _ type: String = "F32", _ width: Int = 4) -> StoredTensor {
        StoredTensor(type: type, shape: shape, bytes: Data(count: shape.reduce(width, *)))
    }

    private let whose =
        "the blocks of 3, 2 layers, growth rate 4, bottleneck, compression 0.5, stem 8, 3×32×32 images, 10 classes"

    @Test func missingSurplusAndMisshapen() throws {
        let first = "features.denseblock1.denselayer2"
        #expect(
            try refusal { $0[first + ".norm2.bias"] = nil }
                == "it has no '\(first).norm2.bias'; it is none of \(whose)")
        #expect(
            try refusal { tensors in
                for name in tensors.keys where name.hasPrefix(first + ".norm") { tensors[name] = nil }
            }
                == "it has no '\(first).norm1.weight' (and 7 more); it is none of \(whose)")
        #expect(
            try refusal { $0["extra.weight"] = zeros([1]) }
                == "it has 'extra.weight'; there is no place for that in \(whose)")
        #expect(
            try refusal { for i in 1...3 { $0["features.denseblock1.denselayer\(i).conv1.bias"] = zeros([16]) } }
                == "it has 'features.denseblock1.denselayer1.conv1.bias' (and 2 more); there is no place for that in \(whose)"
        )
        #expect(
            try refusal { $0[first + ".conv1.weight"] = zeros([16, 13, 1, 1]) }
                == "'\(first).conv1.weight' has shape [16, 13, 1, 1] where [16, 12, 1, 1] is needed; it is none of \(whose)"
        )
        #expect(try refusal { $0["classifier.weight"] = zeros([10, 99]) }.contains("has shape [10, 99] where [10, "))
        #expect(try refusal { $0["classifier.weight"] = nil } == "it has no 'classifier.weight'")
        #expect(
            try refusal { $0["features.conv0.weight"] = zeros([8, 27]) }
                == "'features.conv0.weight' has shape [8, 27]; 4 dimensions were expected")
        #expect(
            try refusal { $0["fc.bias"] = zeros([10]) } == "'classifier.bias' and 'fc.bias' are both classifier.bias")
    }

    @Test func valuesThatAreNone() throws {
        let name = "features.norm5.running_var"
        func with(_ value: Float) -> StoredTensor {
            let count = RecognitionTests.tensors((try? network()) ?? (try! network()))[name]?.shape ?? []
            return StoredTensor(
                type: "F32", shape: count,
                bytes: [Float](repeating: value, count: count.reduce(1, *)).withUnsafeBytes { Data($0) })
        }
        #expect(
            try refusal { $0[name] = with(.nan) }
                == "'\(name)' holds a value that is no finite number; it was damaged, or its training diverged")
        #expect(try refusal { $0[name] = with(-1) } == "'\(name)' holds a variance below 0; it was damaged")
        #expect(
            try refusal { $0["features.norm5.bias"] = zeros($0["features.norm5.bias"]?.shape ?? [], "I64", 8) }
                == "'features.norm5.bias' has the type I64, where weights are F32, F16, BF16 or F64")
    }

    @Test func networksThatAreNotBuiltHere() throws {
        for prefix in ["", "module."] {
            #expect(
                try refusal(.imageNet) { tensors in
                    tensors["features.conv1.weight"] = zeros([8, 8, 3, 3])
                    tensors["features.conv2.weight"] = zeros([8, 8, 3, 3])
                    tensors = Dictionary(uniqueKeysWithValues: tensors.map { (prefix + $0.key, $0.value) })
                }
                    == "it has 'features.conv2.weight', the deep stem of timm's densenetblur121d, densenet264d and densenet121d, which are not built here; densenet121, 161, 169 and 201 are"
            )
        }
        #expect(
            try refusal(.imageNet) { $0["features.transition1.pool.filt"] = zeros([8, 1, 3, 3]) }
                == "it has 'features.transition1.pool.filt', a blurring filter as in the pooling of timm's densenetblur networks, which are not built here; densenet121, 161, 169 and 201 are"
        )
        #expect(
            try refusal {
                $0["classifier.weight"] = nil
                $0["classifier.bias"] = nil
            }
                == "it has no classifier, neither 'classifier.weight' nor 'classifier.bias'; save the state dict of the whole network, whatever its number of classes"
        )
        // Where it may have another name there is a classifier.
        #expect(
            try refusal {
                $0["classifier.3.weight"] = $0.removeValue(forKey: "classifier.weight")
                $0["classifier.3.bias"] = $0.removeValue(forKey: "classifier.bias")
            } == "it has no 'classifier.weight'")
        let stems = "3×3 without, as for CIFAR, and 7×7 with it, as for ImageNet, are built here"
        #expect(
            try refusal(.imageNet) { $0["features.conv0.weight"] = zeros([8, 3, 3, 3]) }
                == "its stem is a 3×3 convolution with BN; \(stems)")
        #expect(
            try refusal { $0["features.conv0.weight"] = zeros([8, 3, 5, 5]) }
                == "its stem is a 5×5 convolution without BN; \(stems)")
        #expect(
            try refusal { tensors in
                tensors["features.denseblock1.denselayer1.conv1.weight"] = zeros([8, 8, 1, 1])
            } == "its bottlenecks have 8 maps; 4 times the growth rate, 4, are built here")
        #expect(
            try refusal { $0["features.transition1.conv.weight"] = zeros([21, 20, 1, 1]) }
                == "its transitions keep 21 of 20 maps, which is not the same share of each, rounded down; where it is a network that was pruned, give its architecture.json with --arch"
        )
        #expect(
            RecognitionTests.refusal(["layer1.0.conv1.weight": zeros([1]), "layer1.0.conv2.weight": zeros([1])])
                .hasPrefix(
                    "no dense block is known among its tensors' names, 'layer1.0.conv2.weight' for instance"))
        #expect(RecognitionTests.refusal([:]).hasPrefix("no dense block is known among its tensors' names, ''"))
    }

    /// Numbers and names that no DenseNet has are no places in one, and no sizes are computed with.
    @Test func numbersThatCannotBe() throws {
        // Beside a stem's name no part of theirs is what all begin with.
        let stem = zeros([4, 3, 3, 3])
        for layer in ["-5", "-9223372036854775808", "9223372036854775807", "10000", "", "+1", "1e3", "_1", "²"] {
            let said = RecognitionTests.refusal(["block1.layer.\(layer).bn1.weight": zeros([1]), "conv1.weight": stem])
            #expect(said.hasPrefix("no dense block is known among its tensors' names"), "\(layer): \(said)")
        }
        let far = RecognitionTests.refusal([
            "block1.layer.9999.bn1.weight": zeros([1]), "block1.layer.0.bn1.weight": zeros([1]), "conv1.weight": stem,
        ])
        #expect(far.hasPrefix("its block 1 has no layer 2; "), "\(far)")
        for size in [Int.max, 1 << 24 + 1, 0] {
            let empty = StoredTensor(type: "U8", shape: [0, size, 1, 1], bytes: Data())
            #expect(
                try refusal { $0["features.transition1.conv.weight"] = empty }
                    == "'features.transition1.conv.weight' has shape [0, \(size), 1, 1], which no network here has")
        }
        let long = String(repeating: "a.", count: 500) + "x"
        #expect(
            RecognitionTests.refusal([long: zeros([1]), "y": zeros([1])])
                == "the name of a tensor has 1001 bytes; up to 1000 are read: '\(long.prefix(40))…'")
        // What all names begin with is found however many words it has; names are bytes here.
        let prefix = String(repeating: "b.", count: 300) + "é.\u{301}."
        #expect(
            try refusal { tensors in tensors = Dictionary(uniqueKeysWithValues: tensors.map { (prefix + $0, $1) }) }
                .hasPrefix("read "))
    }

    @Test func gapsInTheNumbers() throws {
        #expect(
            try refusal { tensors in
                for name in tensors.keys where name.hasPrefix("features.denseblock1.denselayer2.") {
                    tensors[name] = nil
                }
            }
                == "its block 1 has no layer 2; where it is a network that was pruned, give its architecture.json with --arch"
        )
        #expect(
            try refusal { tensors in
                for name in tensors.keys where name.hasPrefix("features.denseblock1.") { tensors[name] = nil }
            } == "it has dense block 2 and no block 1")
    }

    /// Layers that all remain may read fewer maps, and so may a block's end.
    @Test(arguments: [
        (
            [[true], [false, true], [true, true, true], [true, true, true, true]],
            "'features.denseblock1.denselayer2.norm1.weight' has shape [4] where [12] is needed", 4
        ),
        (
            [[true], [true, true], [true, true, true], [false, true, true, true]],
            // Ten maps of twelve are another share, so that all of the second block is another, too.
            "'features.transition1.norm.weight' has shape [12] where [20] is needed", 19
        ),
    ]) func connectionsThatAreMissing(rows: [[Bool]], first: String, more: Int) throws {
        let dense = try network()
        var connectivity = dense.connectivity
        connectivity.blocks[0] = rows
        let part = try Network(dense.architecture, connectivity)
        #expect(part.blocks[0].layers.count == 3)
        let said = RecognitionTests.refusal(RecognitionTests.tensors(part))
        #expect(said.hasPrefix("\(first) (and \(more) more); it is none of the blocks of 3, 2 layers, "), "\(said)")
        let advice = "; where it is a network that was pruned, give its architecture.json with --arch"
        #expect(said.hasSuffix(" 10 classes" + advice), "\(said)")
        // Who gave an architecture is not told to.
        #expect(
            RecognitionTests.refusal(RecognitionTests.tensors(part), as: dense)
                == first + " (and 4 more); it is none of the network of --arch")
        #expect(try RecognitionTests.read(RecognitionTests.tensors(part), as: part).network == part)
    }

    @Test func aNetworkThatIsGivenDecides() throws {
        let other = try Network(Architecture(named: "densenet-22-12"))
        let found = try refusal(bottleneck: false, as: other) { _ in }
        #expect(
            found
                == "it has no 'features.denseblock1.denselayer4.norm1.weight' (and 69 more); it is none of the network of --arch"
        )
        // A part of a network is known by its matrices alone.
        let dense = try network()
        var connectivity = dense.connectivity
        connectivity.blocks[0] = [[true], [false, true], [true, false, false], [true, false, false, true]]
        let part = try Network(dense.architecture, connectivity)
        let tensors = RecognitionTests.tensors(part)
        #expect(part.blocks[0].layers.map(\.index) == [3])
        #expect(RecognitionTests.refusal(tensors).contains("its block 1 has no layer 1"))
        let read = try RecognitionTests.read(tensors, as: part)
        #expect(read.network == part && read.weights == tensors)
        // Whatever classes are given, those of the file are read.
        var wider = dense.architecture
        wider.classes = 7
        let seven = try RecognitionTests.read(RecognitionTests.tensors(dense), as: Network(wider))
        #expect(seven.network == dense)
    }
}
