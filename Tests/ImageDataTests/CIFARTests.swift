import Foundation
import TestSupport
import Testing

@testable import ImageData

@Suite struct CIFARTests {
    /// Two training files of 3 images and a test file of 2, in the binary layout.
    private var small: CIFARLayout {
        var layout = CIFARLayout(
            name: "tiny", binaryFolder: "tiny-bin", pickleFolder: "tiny-py", trainFiles: ["a", "b"], testFile: "t",
            trainCount: 3, labelBytes: 1, knownNames: (0..<10).map { "class \($0)" }, binaryNames: "names.txt",
            pickleNames: "meta",
            namesKey: "label_names",
            labelsKey: "labels")
        layout.testCount = 2
        return layout
    }

    private func write(_ folder: TemporaryFolder, _ name: String, _ labels: [UInt8]) throws {
        let bytes = labels.flatMap { label in [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 + Int(label)) } }
        try Data(bytes).write(to: URL(fileURLWithPath: folder(name)))
    }

    private func message(_ layout: CIFARLayout, _ folder: TemporaryFolder) -> String {
        do {
            _ = try layout.load(from: folder.path)
            return ""
        } catch { return "\(error)" }
    }

    @Test func binaryFilesAndWhatIsWrongWithThem() throws {
        let folder = TemporaryFolder()
        #expect(
            message(small, folder).contains("expected tiny-bin/t.bin or tiny-py/t; say where it is with --data-dir"))
        try write(folder, "a.bin", [0, 1, 2])
        #expect(message(small, folder).contains("there is no file \(folder("b.bin"))"))
        try write(folder, "b.bin", [3, 4, 5])
        try write(folder, "t.bin", [6, 9])
        let data = try small.load(from: folder.path)
        #expect(data.train.labels == [0, 1, 2, 3, 4, 5] && data.test.labels == [6, 9])
        #expect(data.train.pixels[3072 * 4 + 10] == 14)
        #expect(data.classNames[3] == "class 3")
        let digest = data.digest
        try write(folder, "b.bin", [3, 4, 11])
        #expect(message(small, folder).contains("image 2: label 11; labels of tiny are 0 to 9; the file is damaged"))
        try write(folder, "b.bin", [3, 4])
        #expect(message(small, folder).contains("has 6146 bytes; 9219 were expected (3 records of 3073)"))
        try write(folder, "b.bin", [3, 4, 6])
        #expect(try small.load(from: folder.path).digest != digest)
        // Names that are there are read, or refused, never passed over.
        try "one\ntwo\n".write(toFile: folder("names.txt"), atomically: true, encoding: .utf8)
        #expect(message(small, folder).contains("names.txt has 2 names; 10 were expected"))
        try (0..<10).map { "n\($0)\n" }.joined().write(toFile: folder("names.txt"), atomically: true, encoding: .utf8)
        #expect(try small.load(from: folder.path).classNames[9] == "n9")
    }

    @Test(arguments: [0, 1, 3072, 3073 * 3 - 1, 3073 * 3 + 1, 3073 * 4]) func sizesThatAreNoThreeRecords(bytes: Int) {
        #expect(throws: DataError("x has \(bytes) bytes; 9219 were expected (3 records of 3073); fetch it again")) {
            try small.images(binary: Data(count: bytes), named: "x", count: 3)
        }
    }

    /// `{'data': uint8 array, 'labels': [...]}` as protocol 2 has it.
    private func pickle(
        sizes: [UInt8] = [0x4B, 2, 0x4D, 0, 12], type: String = "u1", bytes: Int = 6144,
        labels: [UInt8] = [0x4B, 1, 0x4B, 9],
        key: String = "labels"
    ) -> Data {
        func text(_ text: String) -> [UInt8] { [0x55, UInt8(text.utf8.count)] + Array(text.utf8) }
        let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes >> (8 * $0)) }
        let array: [UInt8] =
            Array("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n".utf8) + [0x4B, 0, 0x85] + text("b") + [
                0x87, 0x52,
            ]
            + [0x28, 0x4B, 1, 0x28] + sizes + [0x74] + Array("cnumpy\ndtype\n".utf8) + text(type) + [
                0x4B, 0, 0x4B, 1, 0x87, 0x52,
            ]
            + [0x28, 0x4B, 3] + text("|") + [0x4E, 0x74, 0x62, 0x89, 0x54] + length
            + [UInt8](repeating: 5, count: bytes) + [0x74, 0x62]
        return Data(
            [0x80, 2, 0x7D, 0x28] + text("data") + array + text(key) + [0x5D, 0x28] + labels + [0x65, 0x75, 0x2E])
    }

    @Test func picklesAndWhatIsWrongWithThem() throws {
        func message(_ data: Data) -> String {
            do {
                return "read \(try small.images(pickle: data, named: "x", count: 2).labels)"
            } catch { return "\(error)" }
        }
        #expect(message(pickle()) == "read [1, 9]")
        let shape = "x: 'data' is not a uint8 array of 2 × 3072, as tiny's is; fetch it again"
        #expect(message(pickle(sizes: [0x4D, 0, 12, 0x4B, 2])) == shape)
        #expect(message(pickle(sizes: [0x4D, 0, 24])) == shape)
        #expect(message(pickle(type: "i1")) == shape)
        #expect(message(pickle(sizes: [0x4B, 3, 0x4D, 0, 12], bytes: 9216)) == shape)
        #expect(message(pickle(bytes: 6143)).contains("an array of [2, 3072] takes 6144 bytes; it has 6143"))
        for labels: [UInt8] in [[], [0x4B, 1], [0x4B, 1, 0x4B, 1, 0x4B, 1]] {
            #expect(
                message(pickle(labels: labels)) == "x: 'labels' is not a list of 2 labels, as tiny's is; fetch it again"
            )
        }
        #expect(message(pickle(key: "fine")).contains("'labels' is not a list of 2 labels"))
        #expect(
            message(pickle(labels: [0x4B, 1, 0x4B, 10])).contains("x, image 1: label 10; labels of tiny are 0 to 9"))
        for label: [UInt8] in [
            [0x4D, 0, 1], [0x4A, 255, 255, 255, 255], [0x4E], [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80],
        ] {
            #expect(
                message(pickle(labels: [0x4B, 1] + label)).hasPrefix("x, image 1: its label is no number from 0 to 9"))
        }
        #expect(message(Data([0x5D, 0x2E])) == "x: a dictionary was expected")
        for length in stride(from: 0, to: pickle().count, by: 7) {
            #expect(message(pickle().prefix(length)).hasPrefix("x: pickle, byte "))
        }
    }

    @Test(.enabled(if: realData("cifar-10-batches-bin") != nil, "real data needed: unpack CIFAR-10"))
    func realCIFAR10BothWays() throws {
        let folder = try #require(realData("cifar-10-batches-bin"))
        let binary = try CIFAR10.layout.load(from: folder + "/cifar-10-batches-bin")
        let pickles = try CIFAR10.layout.load(from: folder + "/cifar-10-batches-py")
        #expect(binary.digest == pickles.digest)
        #expect(binary.classNames == pickles.classNames && binary.classNames[0] == "airplane")
        #expect(binary.train.count == 50_000 && binary.test.count == 10_000)
        #expect((0..<10).allSatisfy { c in binary.test.labels.count { $0 == UInt8(c) } == 1000 })
        // The widely published statistics of CIFAR-10: 0.4914, 0.4822, 0.4465 and 0.2470, 0.2435, 0.2616.
        let n = Normalization(of: binary.train, indices: Array(0..<50_000))
        for (a, b) in zip(n.mean, [0.4914, 0.4822, 0.4465]) { #expect(abs(Double(a) / 255 - b) < 1e-4) }
        for (a, b) in zip(n.deviation, [0.2470, 0.2435, 0.2616]) { #expect(abs(Double(a) / 255 - b) < 1e-4) }
    }

    @Test(.enabled(if: realData("cifar-100-binary") != nil, "real data needed: unpack CIFAR-100"))
    func realCIFAR100BothWays() throws {
        let folder = try #require(realData("cifar-100-binary"))
        let binary = try CIFAR100.layout.load(from: folder + "/cifar-100-binary")
        let pickles = try CIFAR100.layout.load(from: folder + "/cifar-100-python")
        #expect(binary.digest == pickles.digest)
        #expect(binary.classNames == pickles.classNames && binary.classNames.count == 100)
        #expect((0..<100).allSatisfy { c in binary.test.labels.count { $0 == UInt8(c) } == 100 })
    }
}
