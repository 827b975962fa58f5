import DenseNetArchitecture
import Foundation
import ImageResizing
import Randomness
import TestSupport
import Testing
import Torch

@testable import DenseNetRuntime

/// An exported network without libtorch against the model by libtorch's operations.
@Suite(.oneThread) struct ClassifierTests {
    enum Shape: String, CaseIterable {
        case plain, bottleneck, imageNet, endsPruned, grey, oneBlock

        /// A small network of this kind; the pruned one has layers that nothing reads.
        func folder() throws -> RuntimeFolder {
            let a = try Architecture(
                blocks: self == .oneBlock ? [3] : [4, 3], growthRate: 5, bottleneck: self == .bottleneck,
                compression: self == .bottleneck ? 0.5 : 1,
                stem: .init(self == .imageNet ? .imageNet : .cifar, channels: 6), inputChannels: self == .grey ? 1 : 3,
                imageSize: self == .imageNet ? 37 : 13, classes: 7)
            guard self == .endsPruned else { return try RuntimeFolder(a) }
            let on = true
            let off = false
            return try RuntimeFolder(
                a,
                Connectivity(blocks: [
                    [[on], [on, off], [off, on, off], [on, off, on, off], [off, on, off, on, on]],
                    [[on], [off, on], [on, on, off], [off, off, on, off]],
                ]))
        }
    }

    @Test(arguments: Shape.allCases, [1, 3, 37])
    func logitsAreTheModels(shape: Shape, count: Int) throws {
        let folder = try shape.folder()
        let images = try folder.images(count)
        let found = try folder.classifier().logits(images.floats(), count: count)
        #expect(found.count == count * 7)
        #expect(relativeError(found.map(Double.init), try folder.expected(images)) < 1e-5)
    }

    @Test(arguments: [Shape.bottleneck, .endsPruned])
    func theSameBitsAtAnyThreadsAndBesideAnyImages(shape: Shape) throws {
        let folder = try shape.folder()
        let images = try folder.images(37).floats()
        let one = try folder.classifier(threads: 1)
        let all = try one.logits(images, count: 37)
        for threads in [2, 3] { #expect(try folder.classifier(threads: threads).logits(images, count: 37) == all) }
        let size = images.count / 37
        #expect(try one.logits(Array(images[(9 * size)..<(14 * size)]), count: 5) == Array(all[63..<98]))
        // Alone, by rounding.
        let alone = try one.logits(Array(images[..<size]), count: 1)
        #expect(relativeError(alone.map(Double.init), all[..<7].map(Double.init)) < 1e-5)
    }

    /// Whatever a folder may describe, down to maps of one pixel: no length that the kernels check is another's.
    @Test(arguments: 0..<24) func anyNetworkAFolderMayHold(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed, stream: 7)
        let blocks = (0..<1 + random.index(below: 3)).map { _ in 1 + random.index(below: 4) }
        let isImageNet = seed % 3 == 0
        let least = (1 << (blocks.count - 1)) * (isImageNet ? 4 : 1)
        let a = try Architecture(
            blocks: blocks, growthRate: 1 + random.index(below: 14), bottleneck: seed % 2 == 0,
            compression: [1, 0.5, 0.3][random.index(below: 3)],
            stem: .init(isImageNet ? .imageNet : .cifar, channels: 4 + random.index(below: 20)),
            inputChannels: 1 + random.index(below: 4), imageSize: least + random.index(below: 9),
            classes: 2 + random.index(below: 40))
        func row(_ n: Int) -> [Bool] {
            var row = (0..<n).map { _ in random.uniform() < 0.5 }
            row[random.index(below: n)] = true
            return row
        }
        let folder = try RuntimeFolder(
            a, Connectivity(blocks: blocks.map { layers in (1...layers + Int(seed & 1)).map(row) }), seed: seed)
        let classifier = try folder.classifier(threads: 1 + random.index(below: 3))
        for count in [1, 1 + random.index(below: 9)] {
            let images = try folder.images(count, seed: seed)
            let found = try classifier.logits(images.floats(), count: count)
            #expect(relativeError(found.map(Double.init), try folder.expected(images)) < 1e-4)
        }
    }

    @Test func manyTasksAtATime() async throws {
        let folder = try Shape.bottleneck.folder()
        let classifier = try folder.classifier(threads: 2)
        let images = try folder.images(6).floats()
        let one = Array(images[..<(images.count / 6)])
        let (several, single) = (try classifier.logits(images, count: 6), try classifier.logits(one, count: 1))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<40 {
                group.addTask {
                    task % 2 == 0
                        ? try classifier.logits(images, count: 6) == several
                        : try classifier.logits(one, count: 1) == single
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }

    @Test(arguments: [(13, 13), (40, 25), (9, 30)])
    func anImageOfAnySizeIsClassified(width: Int, height: Int) throws {
        let folder = try Shape.plain.folder()
        var random = SeededGenerator(seed: 4)
        let rgb = (0..<width * height * 3).map { _ in UInt8(random.index(below: 256)) }
        let classifier = try folder.classifier()
        let found = try classifier.classify(rgb: rgb, width: width, height: height)
        // By hand.
        let square = try RGBImage(width: width, height: height, pixels: rgb).squared(13).pixels
        let p = classifier.preprocessing
        let planes = (0..<3).flatMap { c in
            (0..<169).map { (Float(square[$0 * 3 + c]) - p.mean[c]) / p.deviation[c] }
        }
        let logits = try folder.expected(Tensor(planes, [1, 3, 13, 13]))
        let sum = logits.reduce(0) { $0 + exp($1) }
        let order = logits.indices.sorted { logits[$0] > logits[$1] }
        #expect(found.map(\.index) == order && found.map(\.label) == order.map { "class \($0)" })
        #expect(zip(found, order).allSatisfy { abs(Double($0.probability) - exp(logits[$1]) / sum) < 1e-5 })
        #expect(classifier.labels == folder.labels)
        #expect(p == RuntimeFolder.preprocessing(folder.net.network.architecture))
    }

    @Test func calls() throws {
        let classifier = try Shape.plain.folder().classifier(threads: nil)
        for (numbers, count, sentence) in [
            (507, 2, "507 numbers for 2 images; each has 507, [3, 13, 13]"), (506, 1, "506 numbers for 1 images"),
            (0, 0, "0 numbers for 0 images"), (507, -1, "507 numbers for -1 images"),
            (507, .max, "507 numbers for \(Int.max) images"),
        ] {
            let error = #expect(throws: ClassifierError.self) {
                try classifier.logits([Float](repeating: 0, count: numbers), count: count)
            }
            #expect(error?.description.hasPrefix(sentence) == true, "\(String(describing: error))")
        }
        for (bytes, width, height) in [(12, 2, 3), (0, 0, 0), (3, -1, -1), (3, .max, .max)] {
            #expect(throws: ClassifierError.self) {
                try classifier.classify(rgb: [UInt8](repeating: 0, count: bytes), width: width, height: height)
            }
        }
        let grey = try Shape.grey.folder().classifier()
        let error = #expect(throws: ClassifierError.self) { try grey.classify(rgb: [0, 0, 0], width: 1, height: 1) }
        #expect(error?.description == "the network takes images of 1 channels, not of 3")
    }
}
