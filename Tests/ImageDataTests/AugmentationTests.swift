import Foundation
import ImageResizing
import Randomness
import TestSupport
import Testing

@testable import ImageData

@Suite struct AugmentationTests {
    /// Six images whose bytes nobody else has.
    private static func set(channels: Int = 3, size: Int = 32) -> ImageSet {
        var random = SeededGenerator(seed: 3)
        return ImageSet(
            pixels: (0..<6 * channels * size * size).map { _ in UInt8(truncatingIfNeeded: random.next()) },
            labels: [0, 1, 2, 0, 1, 2], channels: channels, size: size)
    }
    private func maker(_ set: ImageSet) -> BatchMaker { BatchMaker(set, Normalization(of: set, indices: [0, 1, 2])) }

    private func windows(_ count: Int, size: Int, seed: UInt64 = 1) -> [Window] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Window(of: size, by: .resizedCrop, &random) }
    }

    /// torchvision's `RandomResizedCrop.get_params`, line by line, with our draws.
    @Test(arguments: [1, 2, 7, 32, 224]) func partsAreTorchvisions(size: Int) {
        var (mine, other) = (SeededGenerator(seed: 11), SeededGenerator(seed: 11))
        for _ in 0..<2000 {
            var expected = (top: 0, left: 0, height: size, width: size)
            for _ in 0..<10 {
                let targetArea = Double(size) * Double(size) * (0.08 + (1 - 0.08) * other.uniform())
                let (low, high) = (log(3.0 / 4.0), log(4.0 / 3.0))
                let aspectRatio = exp(low + (high - low) * other.uniform())
                let w = Int((targetArea * aspectRatio).squareRoot().rounded(.toNearestOrEven))
                let h = Int((targetArea / aspectRatio).squareRoot().rounded(.toNearestOrEven))
                if 0 < w, w <= size, 0 < h, h <= size {
                    expected = (
                        Int(other.next() % UInt64(size - h + 1)), Int(other.next() % UInt64(size - w + 1)), h, w
                    )
                    break
                }
            }
            let isMirrored = other.next() % 2 == 1
            let window = Window(of: size, by: .resizedCrop, &mine)
            #expect((window.top, window.left) == (expected.top, expected.left))
            #expect((window.height, window.width) == (expected.height, expected.width))
            #expect(window.isMirrored == isMirrored)
        }
    }

    /// Of 32 pixels: areas from 8% to all, all over the image, of both ratios and both hands.
    @Test func partsAreSpread() {
        let drawn = windows(4000, size: 32)
        let areas = drawn.map { Double($0.width * $0.height) / 1024 }
        #expect(areas.allSatisfy { 0.07...1 ~= $0 } && areas.contains { $0 < 0.1 } && areas.contains { $0 > 0.9 })
        // Uniform from 0.08 to 1, but for the large ones that do not fit.
        let mean = areas.reduce(0, +) / 4000
        #expect(0.45...0.56 ~= mean, "\(mean)")
        #expect(
            drawn.allSatisfy { $0.left >= 0 && $0.top >= 0 && $0.left + $0.width <= 32 && $0.top + $0.height <= 32 })
        let wide = drawn.count { $0.width > $0.height }, high = drawn.count { $0.width < $0.height }
        #expect(abs(wide - high) < 250 && wide > 1500)
        #expect(1800...2200 ~= drawn.count { $0.isMirrored })
        #expect(Set(drawn.map(\.left)).count > 20 && Set(drawn.map(\.top)).count > 20)
    }

    /// A batch has the parts that were drawn, each cropped, resized and mirrored, channel by channel.
    @Test(arguments: [1, 3, 4]) func batchesHoldTheParts(channels: Int) throws {
        let set = Self.set(channels: channels)
        let maker = maker(set)
        let (indices, random) = ([5, 0, 3, 3, 1, 2, 4, 5], SeededGenerator(seed: 2, stream: 4))
        let batch = try maker.batch(indices[...], augmentation: random, by: .resizedCrop).images.floats()
        var again = random
        for (n, index) in indices.enumerated() {
            let window = Window(of: 32, by: .resizedCrop, &again)
            for c in 0..<channels {
                var rgb: [UInt8] = []
                for y in window.top..<window.top + window.height {
                    for x in window.left..<window.left + window.width {
                        let byte = set.pixels[((index * channels + c) * 32 + y) * 32 + x]
                        rgb += [byte, byte, byte]
                    }
                }
                let part = try RGBImage(width: window.width, height: window.height, pixels: rgb)
                    .resized(width: 32, height: 32)
                for p in 0..<1024 {
                    let from = window.isMirrored ? p / 32 * 32 + 31 - p % 32 : p
                    let value =
                        (Float(part.pixels[3 * from]) - maker.normalization.mean[c]) / maker.normalization.deviation[c]
                    if batch[((n * channels) + c) * 1024 + p] != value {
                        Issue.record("image \(n), channel \(c), pixel \(p)")
                        return
                    }
                }
            }
        }
    }

    /// Against Pillow's own crop and resize.
    @Test(.enabled(if: pillowPython != nil, "Pillow is needed: this test compares with it"))
    func partsArePillows() throws {
        let set = Self.set(size: 48)
        let (folder, maker) = (TemporaryFolder(), maker(set))
        try Data(set.pixels).write(to: URL(fileURLWithPath: folder("pixels")))
        var random = SeededGenerator(seed: 9)
        let indices = (0..<40).map { $0 % 6 }
        let boxes = indices.map { ($0, Window(of: 48, by: .resizedCrop, &random)) }
        let lines = boxes.map { "\($0) \($1.left) \($1.top) \($1.width) \($1.height) \($1.isMirrored ? 1 : 0)" }
        try lines.joined(separator: "\n").write(toFile: folder("boxes"), atomically: true, encoding: .utf8)
        let finished = try run(
            try #require(pillowPython),
            [packageRoot + "/Tests/Peers/images.py", "parts", folder("out"), folder("pixels"), folder("boxes"), "48"])
        #expect(finished.status == 0, "\(finished.errors)")
        let expected = try Data(contentsOf: URL(fileURLWithPath: folder("out")))
        let batch = try maker.batch(indices[...], augmentation: SeededGenerator(seed: 9), by: .resizedCrop).images
            .floats()
        #expect(expected.count == batch.count)
        let n = maker.normalization
        let wrong = zip(batch, expected).enumerated().first { place, pair in
            let c = place / (48 * 48) % 3
            return pair.0 != (Float(pair.1) - n.mean[c]) / n.deviation[c]
        }
        #expect(wrong == nil, "\(wrong.debugDescription)")
    }

    /// An image of fewer pixels than it may be moved by is out of the window now and then.
    @Test(arguments: 1...5) func smallImagesAreMovedOut(size: Int) throws {
        let set = Self.set(channels: 1, size: size)
        let maker = maker(set)
        let indices = (0..<120).map { $0 % 6 }
        let plain = try maker.batch(indices[...]).images.floats()
        let moved = try maker.batch(indices[...], augmentation: SeededGenerator(seed: 4), by: .crop).images.floats()
        let pixels = size * size
        var (empty, own) = (0, Set(plain))
        own.insert(0)
        for image in stride(from: 0, to: moved.count, by: pixels) {
            #expect(moved[image..<image + pixels].allSatisfy(own.contains))
            empty += moved[image..<image + pixels].allSatisfy { $0 == 0 } ? 1 : 0
        }
        // 1 - (2·min(size, 5) - 1)² / 81 of them, but that of 5 pixels one is always left.
        #expect(size < 5 ? empty > 10 : empty == 0, "\(empty)")
    }

    @Test func noneLeavesImagesAsTheyAre() throws {
        let maker = maker(Self.set())
        let plain = try maker.batch([1, 4]).images.floats()
        let random = SeededGenerator(seed: 5)
        #expect(try maker.batch([1, 4], augmentation: random, by: .off).images.floats() == plain)
        #expect(try maker.batch([1, 4], augmentation: random, by: .crop).images.floats() != plain)
        #expect(
            try maker.batch([1, 4], augmentation: random).images.floats()
                == maker.batch([1, 4], augmentation: random, by: .crop).images.floats())
    }

    /// Files of earlier builds have a truth value, and those that can be read by them get one.
    @Test func words() throws {
        struct File: Codable, Equatable { var augment: Augmentation }
        let decoder = JSONDecoder()
        func read(_ text: String) throws -> Augmentation {
            let file = try decoder.decode(File.self, from: Data(#"{"augment":\#(text)}"#.utf8))
            return file.augment
        }
        #expect(try read("true") == .crop && read("false") == .off)
        for known in Augmentation.allCases { #expect(try read("\"\(known.rawValue)\"") == known) }
        #expect(throws: DecodingError.self) { try read("\"other\"") }
        #expect(throws: DecodingError.self) { try read("1") }
        let written = try Augmentation.allCases.map {
            String(decoding: try JSONEncoder().encode(File(augment: $0)), as: UTF8.self)
        }
        #expect(written == [#"{"augment":false}"#, #"{"augment":true}"#, #"{"augment":"resized-crop"}"#])
        #expect(Augmentation.allCases.map(\.rawValue) == ["none", "crop", "resized-crop"])
    }

    @Test func whatIsUsual() {
        let set = Self.set()
        func data(_ preparation: ImagePreparation?) -> DataSet {
            DataSet(name: "x", train: set, test: set, classNames: ["a", "b", "c"], preparation: preparation)
        }
        #expect(data(nil).usualAugmentation == .crop)
        #expect(data(ImagePreparation(size: 32)).usualAugmentation == .resizedCrop)
    }
}
