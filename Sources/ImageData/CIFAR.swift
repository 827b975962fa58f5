import Foundation

/// CIFAR-10 (Krizhevsky, 2009), from the official binary files or Python pickles.
public enum CIFAR10: DataSource {
    public static let name = "cifar10"
    public static var knownClasses: [String]? { layout.knownNames }
    public static let help = "CIFAR-10, from cifar-10-batches-bin or cifar-10-batches-py"
    public static func load(from folder: String?) throws -> DataSet { try layout.load(from: folder) }

    package static let layout = CIFARLayout(
        name: name, binaryFolder: "cifar-10-batches-bin", pickleFolder: "cifar-10-batches-py",
        trainFiles: (1...5).map { "data_batch_\($0)" }, testFile: "test_batch", trainCount: 10_000, labelBytes: 1,
        knownNames: CIFARLayout.names10, binaryNames: "batches.meta.txt", pickleNames: "batches.meta",
        namesKey: "label_names",
        labelsKey: "labels")
}

/// CIFAR-100 (Krizhevsky, 2009) with its 100 fine labels, from the official binary files or Python pickles.
public enum CIFAR100: DataSource {
    public static let name = "cifar100"
    public static var knownClasses: [String]? { layout.knownNames }
    public static let help = "CIFAR-100, from cifar-100-binary or cifar-100-python"
    public static func load(from folder: String?) throws -> DataSet { try layout.load(from: folder) }

    package static let layout = CIFARLayout(
        name: name, binaryFolder: "cifar-100-binary", pickleFolder: "cifar-100-python", trainFiles: ["train"],
        testFile: "test", trainCount: 50_000, labelBytes: 2, knownNames: CIFARLayout.names100,
        binaryNames: "fine_label_names.txt",
        pickleNames: "meta", namesKey: "fine_label_names", labelsKey: "fine_labels")
}

/// How one of the two sets is laid out on disk (https://www.cs.toronto.edu/~kriz/cifar.html).
package struct CIFARLayout {
    let name: String
    let binaryFolder: String
    let pickleFolder: String
    let trainFiles: [String]
    let testFile: String
    /// Images in each training file; tests use smaller ones.
    var trainCount: Int
    /// Images in the test file.
    var testCount = 10_000
    /// Label bytes before each image in the binary files; the last is the one used.
    let labelBytes: Int
    /// The classes' names, where the file of them is not there.
    let knownNames: [String]
    let binaryNames: String
    let pickleNames: String
    let namesKey: String
    let labelsKey: String

    var classes: Int { knownNames.count }

    func load(from given: String?) throws -> DataSet {
        let candidates = DataSources.candidates(given)
        for parent in candidates {
            for folder in [parent, parent + "/" + binaryFolder]
            where exists(folder, testFile + ".bin") || exists(folder, trainFiles[0] + ".bin") {
                return try load(folder, suffix: ".bin", images: binaryImages, names: binaryClassNames)
            }
            for folder in [parent, parent + "/" + pickleFolder]
            where exists(folder, testFile) || exists(folder, trainFiles[0]) {
                return try load(folder, suffix: "", images: pickledImages, names: pickledClassNames)
            }
        }
        throw DataError(
            "no \(name) in \(candidates.joined(separator: " or ")): expected \(binaryFolder)/\(testFile).bin or "
                + "\(pickleFolder)/\(testFile); say where it is with --data-dir")
    }

    private func exists(_ folder: String, _ file: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + file)
    }

    private func load(
        _ folder: String, suffix: String, images: (String, Int) throws -> ImageSet, names: (String) throws -> [String]
    ) throws -> DataSet {
        let parts = try trainFiles.map { try images(folder + "/" + $0 + suffix, trainCount) }
        let train = ImageSet(
            pixels: parts.reduce(into: []) { $0 += $1.pixels }, labels: Array(parts.map(\.labels).joined()),
            channels: 3,
            size: 32)
        return DataSet(
            name: name, train: train, test: try images(folder + "/" + testFile + suffix, testCount),
            classNames: try names(folder))
    }
}
