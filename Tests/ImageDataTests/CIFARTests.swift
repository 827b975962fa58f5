import Foundation
import TestSupport
import Testing

@testable import ImageData

@Suite struct CIFARTests {
    /// Two training files of 3 images and a test file of 2, in the binary layout.
    private var small: CIFARLayout {
        var layout = CIFARLayout(
            name: "tiny", binaryFolder: "tiny-bin", pickleFolder: "tiny-py", trainFiles: ["a", "b"], testFile: "t",
            trainCount: 3, labelBytes: 1, classes: 10, binaryNames: "names.txt", pickleNames: "meta", namesKey: "label_names",
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
        #expect(message(small, folder).contains("expected tiny-bin/t.bin or tiny-py/t; say where it is with --data-dir"))
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
