import Foundation
import ImageDecoding
import TestSupport
import Testing

@testable import DenseNetRuntime
@testable import ImageData

@Suite struct FolderTests {
    /// Images of 17×9, from the fuzzers' corpus.
    private static let whole = ["jpeg/valid-cmyk", "jpeg/valid-progressive", "png/valid-alpha", "png/valid-grey-1-bit"]

    private func seed(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: packageRoot + "/Tests/Fuzz/corpus/" + name))
    }

    private func write(_ data: Data, _ folder: TemporaryFolder, _ path: String) throws {
        let url = URL(fileURLWithPath: folder(path))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    /// So many images in a class folder, each another than its neighbours.
    private func fill(_ folder: TemporaryFolder, _ path: String, _ count: Int) throws {
        for i in 0..<count { try write(seed(Self.whole[i % 4]), folder, "\(path)/\(i)") }
    }

    private func load(_ folder: TemporaryFolder, size: Int = 4) throws -> DataSet {
        try ImageFolder.load(from: folder.path, ImagePreparation(size: size), cache: nil)
    }

    private func message(_ folder: TemporaryFolder) -> String {
        do {
            return "read \(try load(folder).train.count)"
        } catch { return "\(error)" }
    }

    @Test(arguments: ["val", "validation", "valid"]) func threeSplits(validation: String) throws {
        let folder = TemporaryFolder()
        for (split, count) in [("train", 5), (validation, 2), ("test", 3)] {
            for name in ["b", "Zebra", "a10", "a9"] { try fill(folder, "\(split)/\(name)", count) }
        }
        try fill(folder, "train/.hidden", 1)
        try write(Data("free".utf8), folder, "LICENSE")
        try write(Data("notes".utf8), folder, "train/b/notes.txt")
        try write(seed("jpeg/valid-cmyk"), folder, "train/b/deep/within/last.jpg")
        let data = try load(folder)
        // By code points: capitals first, 10 before 9.
        #expect(data.classNames == ["Zebra", "a10", "a9", "b"])
        #expect(
            data.train.labels == [0, 1, 2, 3].flatMap { [Int32](repeating: $0, count: $0 == 3 ? 6 : 5) } + [
                0, 0, 1, 1, 2, 2, 3, 3,
            ])
        #expect(data.test.labels == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
        #expect(data.heldOut == .last(8) && data.train.size == 4 && data.train.channels == 3)
        #expect(
            Split(of: data, seed: 5).validation == Array(21..<29) && Split(of: data, seed: 5).train == Array(0..<21))
        #expect(Split(of: data, seed: 5, holdOut: false).train == Array(0..<29))
        #expect(Split(of: data, seed: 5, limit: 3, limitValidation: 2).train.count == 3)
        #expect(data.notes.count == 2, "\(data.notes)")
        #expect(data.notes[0] == "2 files are no images in \(folder.path) and left out: LICENSE, train/b/notes.txt")
        #expect(data.notes[1] == "dropped the transparency of 8 images")
    }

    /// The bytes are those of decoding, resizing and cutting, channel by channel.
    @Test func pixelsAreDecodedResizedAndCut() throws {
        let folder = TemporaryFolder()
        for name in ["a", "b"] { try fill(folder, "train/\(name)", 4) }
        let data = try load(folder, size: 6)
        #expect(data.train.count == 6 && data.test.count == 2)
        let decoded = try ImageDecoder.decode([UInt8](seed("jpeg/valid-progressive")), named: "x").image.squared(6)
        let planes = (0..<3).flatMap { c in (0..<36).map { decoded.pixels[3 * $0 + c] } }
        let images = [data.train, data.test].flatMap { set in
            (0..<set.count).map { Array(set.pixels[$0 * 108..<($0 + 1) * 108]) }
        }
        #expect(images.count { $0 == planes } == 2)
        #expect(try load(folder, size: 6).digest == data.digest && load(folder, size: 5).digest != data.digest)
    }

    /// What is evaluated is what an exported network makes of the same file, to the bit: kept or not.
    @Test func servingSeesTheSameNumbers() throws {
        let (folder, size) = (TemporaryFolder(), 8)
        for name in ["a", "b"] { try fill(folder, "train/\(name)", 8) }
        let cache = ImageCache(folder: folder("cache"))
        let files = try FolderLayout(folder.path).train
        for _ in 0..<2 {
            let data = try ImageFolder.load(from: folder.path, ImagePreparation(size: size), cache: cache)
            let n = Normalization(of: data.train, indices: Array(0..<data.train.count))
            let serving = Preprocessing(size: size, mean: n.mean, deviation: n.deviation)
            let batch = try BatchMaker(data.train, n).batch(Array(files.indices)[...]).images.floats()
            let served = try files.flatMap { file in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: folder(file.path)))
                return try serving.planes(of: ImageDecoder.decode([UInt8](bytes), named: "x").image)
            }
            #expect(files.count == 14 && batch == served)
        }
    }

    /// A tenth of each class is held out, to test on always the same, to validate by the seed.
    @Test func classFoldersAlone() throws {
        let folder = TemporaryFolder()
        for (name, count) in [("a", 40), ("b", 20), ("c", 3)] { try fill(folder, name, count) }
        let data = try load(folder)
        #expect(data.test.labels == [0, 0, 0, 0, 1, 1, 2] && data.train.count == 56)
        #expect(data.heldOut == .drawnFromEachClass && data.notes.contains { $0.hasSuffix("are held out to test on") })
        func held(_ seed: UInt64) -> [Int32] { Split(of: data, seed: seed).validation.map { data.train.labels[$0] } }
        for seed in 0..<5 { #expect(held(UInt64(seed)) == [0, 0, 0, 1, 2]) }
        let (a, b) = (Split(of: data, seed: 1), Split(of: data, seed: 2))
        #expect(a != b && a == Split(of: data, seed: 1) && Set(a.train + a.validation) == Set(0..<56))
        #expect(try load(folder).digest == data.digest)
    }

    @Test func whatIsMissingByName() throws {
        let folder = TemporaryFolder()
        let path = folder.path
        #expect(message(folder) == "\(path) has no class folders; expected a folder of images for each class")
        try fill(folder, "test/a", 2)
        #expect(message(folder) == "\(path) has a folder 'test' and none named 'train'")
        try fill(folder, "train/a", 2)
        #expect(message(folder) == "\(path)/train has one class folder, 'a'; two classes are the least")
        try fill(folder, "train/b", 2)
        #expect(message(folder) == "\(path)/test has no class 'b', which train has")
        try fill(folder, "test/b", 1)
        try fill(folder, "test/c", 1)
        #expect(message(folder) == "\(path)/test has a class 'c', which train has not")
        try FileManager.default.removeItem(atPath: folder("test/c"))
        #expect(message(folder) == "read 4")
        try fill(folder, "val/a", 1)
        try FileManager.default.createDirectory(atPath: folder("val/b"), withIntermediateDirectories: true)
        #expect(message(folder) == "\(path)/val/b has no images; add some or remove the folder")
        try fill(folder, "valid/a", 1)
        #expect(message(folder) == "\(path) has both 'val' and 'valid'; remove one")
        #expect(throws: DataError("cannot list \(path)/x: check that it is a folder and that you may read it")) {
            try DataSources.load("folder", from: folder("x"), preparation: ImagePreparation(size: 4))
        }
        #expect(throws: DataError("folder has images of any size; say which size the network takes")) {
            try DataSources.load("folder", from: path)
        }
        #expect(throws: DataError("images of 5000 pixels; 1 to 4096 are possible")) {
            try DataSources.load("folder", from: path, preparation: ImagePreparation(size: 5000))
        }
    }

    @Test func moreThan256Classes() throws {
        let folder = TemporaryFolder()
        for i in 0..<300 { try fill(folder, "\(i + 1000)", 3) }
        let data = try load(folder, size: 2)
        #expect(data.classNames.count == 300 && data.classNames[299] == "1299")
        #expect(data.test.labels == (0..<300).map { Int32($0) })
        let batch = try BatchMaker(data.test, Normalization(of: data.test, indices: [0])).batch([256, 299])
        #expect(try batch.labels.ints() == [256, 299])
    }

    /// Under one in a hundred of all may be every image of a small split, of which nothing could be said.
    @Test(arguments: [("test", "test"), ("val", "validate")]) func aSplitOfNoImages(part: String, verb: String) throws {
        let folder = TemporaryFolder()
        for name in ["a", "b"] {
            for split in ["train", "val", "test"] { try fill(folder, "\(split)/\(name)", split == "train" ? 101 : 1) }
        }
        #expect(message(folder) == "read 204")
        for name in ["a", "b"] {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder("\(part)/\(name)"))
            for file in files {
                try write(seed("jpeg/valid-progressive").dropLast(9), folder, "\(part)/\(name)/\(file)")
            }
        }
        #expect(
            message(folder).hasPrefix(
                "none of the images to \(verb) on can be read; the first: \(folder.path)/\(part)/a/"))
    }

    /// Under one in a hundred is left out and said; one in a hundred is refused.
    @Test func filesThatCannotBeRead() throws {
        let folder = TemporaryFolder()
        for name in ["a", "b"] { try fill(folder, name, 50) }
        try write(seed("jpeg/valid-progressive").dropLast(9), folder, "b/7")
        let first = "\(folder.path)/b/7 is cut off after 529 bytes; fetch it again"
        #expect(
            message(folder)
                == "1 of 100 images cannot be read (b 1); the first: \(first); under 1% may be left out: repair or remove them"
        )
        try write(seed("jpeg/valid-progressive"), folder, "b/one-more")
        let data = try load(folder)
        #expect(data.train.count + data.test.count == 100)
        #expect(data.notes.contains("left out: 1 of 101 images cannot be read (b 1); the first: \(first)"))
        // A name says that this is an image, whatever it is.
        try write(Data("RIFF\0\0\0\0WEBPVP8 ".utf8), folder, "a/photo.webp")
        try write(Data("no image".utf8), folder, "a/thumbs.db")
        // Nobody writes into it: to look for an image there would never end.
        #expect(mkfifo(folder("a/pipe"), 0o600) == 0)
        #expect(message(folder).hasPrefix("2 of 102 images cannot be read (a 1, b 1); the first: "))
        #expect(message(folder).contains("; the others: b/7; under 1% may be left out"))
        for i in 0..<40 { try write(Data("RIFF\0\0\0\0WEBPVP8 ".utf8), folder, "a/z\(10 + i).webp") }
        let many = message(folder)
        let others = try #require(many.firstMatch(of: /; the others: (.*), …; under 1%/)).1
        #expect(others.hasPrefix("a/z1") && Set(others.components(separatedBy: ", ")).count == 20)
    }

    /// Splits in other words are no classes; a class may have such a name, when it holds images.
    @Test func splitsInOtherWords() throws {
        for (name, own) in [
            ("Train", "train"), ("TEST", "test"), ("Validation", "validation"), ("training", "train"),
            ("testing", "test"),
        ] {
            let folder = TemporaryFolder()
            // A file that is no image changes nothing.
            try write(Data("no image".utf8), folder, "\(name)/notes.txt")
            for part in [name, "other"] {
                for label in ["a", "b"] { try fill(folder, "\(part)/\(label)", 3) }
            }
            #expect(
                message(folder)
                    == "\(folder.path)/\(name) holds folders and no images, as a split does; rename it '\(own)'")
        }
        let beside = TemporaryFolder()
        for part in ["train", "Test", "notes"] {
            for label in ["a", "b"] { try fill(beside, "\(part)/\(label)", 3) }
        }
        #expect(
            message(beside) == "\(beside.path)/Test holds folders and no images, as a split does; rename it 'test'")
        let folder = TemporaryFolder()
        for label in ["Car", "Train"] { try fill(folder, label, 3) }
        // Images lie in the class's own folder, and some deeper.
        try fill(folder, "Train/more", 1)
        #expect(message(folder) == "read 5")
    }

    /// Said of what is trained and validated on, where a class has over twice as many images as another.
    @Test func unbalancedClasses() throws {
        let folder = TemporaryFolder()
        for (split, counts) in [("train", [4, 9, 5]), ("val", [1, 2, 1]), ("test", [1, 1, 1])] {
            for (label, count) in zip(["a", "b", "c"], counts) { try fill(folder, "\(split)/\(label)", count) }
        }
        let sentence =
            "classes are unbalanced, from 5 images of 'a' to 11 of 'b': balanced accuracy and macro F1 tell what accuracy hides"
        #expect(try load(folder).notes.contains(sentence))
        try FileManager.default.removeItem(atPath: folder("val/b/1"))
        #expect(try !load(folder).notes.contains { $0.hasPrefix("classes are unbalanced") })
    }

    @Test func orientations() throws {
        let folder = TemporaryFolder()
        for name in ["a", "b"] { try fill(folder, name, 3) }
        try write(seed("jpeg/valid-turned"), folder, "a/0")
        let upright = try load(folder)
        #expect(upright.notes.contains("turned 1 image as EXIF says; --no-exif leaves them as they lie"))
        let plain = try ImageFolder.load(
            from: folder.path, ImagePreparation(size: 4, ignoresOrientation: true), cache: nil)
        #expect(plain.digest != upright.digest)
        #expect(plain.notes.contains { $0.hasSuffix("and stay so (--no-exif)") })
    }

    @Test(.enabled(if: realData("clothing-128") != nil, "real data needed: unpack clothing-128"))
    func realPhotographs() throws {
        let folder = try #require(realData("clothing-128")) + "/clothing-128"
        let data = try ImageFolder.load(from: folder, ImagePreparation(size: 32), cache: nil)
        #expect(data.classNames.count == 10 && data.classNames[0] == "dress" && data.classNames[9] == "t-shirt")
        #expect(data.train.count + data.test.count == 3781 && data.test.count == 372)
        #expect(data.heldOut == .last(341))
        #expect(
            data.notes == [
                "2 files are no images in \(folder) and left out: LICENSE, README.md",
                "classes are unbalanced, from 124 images of 'skirt' to 876 of 't-shirt': balanced accuracy and macro F1 tell what accuracy hides",
            ])
    }
}
