import Files
import Foundation
import PickleFiles

/// CIFAR-10 (Krizhevsky, 2009), from the official binary files or Python pickles.
public enum CIFAR10: DataSource {
    public static let name = "cifar10"
    public static let help = "CIFAR-10, from cifar-10-batches-bin or cifar-10-batches-py"
    public static func load(from folder: String?) throws -> DataSet { try layout.load(from: folder) }

    static let layout = CIFARLayout(
        name: name, binaryFolder: "cifar-10-batches-bin", pickleFolder: "cifar-10-batches-py",
        trainFiles: (1...5).map { "data_batch_\($0)" }, testFile: "test_batch", trainCount: 10_000, labelBytes: 1,
        classes: 10, binaryNames: "batches.meta.txt", pickleNames: "batches.meta", namesKey: "label_names", labelsKey: "labels")
}

/// CIFAR-100 (Krizhevsky, 2009) with its 100 fine labels, from the official binary files or Python pickles.
public enum CIFAR100: DataSource {
    public static let name = "cifar100"
    public static let help = "CIFAR-100, from cifar-100-binary or cifar-100-python"
    public static func load(from folder: String?) throws -> DataSet { try layout.load(from: folder) }

    static let layout = CIFARLayout(
        name: name, binaryFolder: "cifar-100-binary", pickleFolder: "cifar-100-python", trainFiles: ["train"],
        testFile: "test", trainCount: 50_000, labelBytes: 2, classes: 100, binaryNames: "fine_label_names.txt",
        pickleNames: "meta", namesKey: "fine_label_names", labelsKey: "fine_labels")
}

/// How one of the two sets is laid out on disk (https://www.cs.toronto.edu/~kriz/cifar.html).
struct CIFARLayout {
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
    let classes: Int
    let binaryNames: String
    let pickleNames: String
    let namesKey: String
    let labelsKey: String

    func load(from given: String?) throws -> DataSet {
        let candidates = DataSources.candidates(given)
        for parent in candidates {
            for folder in [parent, parent + "/" + binaryFolder] where exists(folder, testFile + ".bin") || exists(folder, trainFiles[0] + ".bin") {
                return try load(folder, suffix: ".bin", images: binary, names: binaryClassNames)
            }
            for folder in [parent, parent + "/" + pickleFolder] where exists(folder, testFile) || exists(folder, trainFiles[0]) {
                return try load(folder, suffix: "", images: pickle, names: pickleClassNames)
            }
        }
        throw DataError(
            "no \(name) in \(candidates.joined(separator: " or ")): expected \(binaryFolder)/\(testFile).bin or "
                + "\(pickleFolder)/\(testFile); say where it is with --data-dir")
    }

    private func exists(_ folder: String, _ file: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + file) }

    private func load(
        _ folder: String, suffix: String, images: (String, Int) throws -> ImageSet, names: (String) throws -> [String]
    ) throws -> DataSet {
        let parts = try trainFiles.map { try images(folder + "/" + $0 + suffix, trainCount) }
        let train = ImageSet(
            pixels: Array(parts.map(\.pixels).joined()), labels: Array(parts.map(\.labels).joined()), channels: 3, size: 32)
        return DataSet(
            name: name, train: train, test: try images(folder + "/" + testFile + suffix, testCount), classNames: try names(folder))
    }

    private func contents(_ path: String) throws -> Data {
        do {
            return try AtomicFile.read(path)
        } catch {
            throw DataError("\(error); \(name) needs all of \((trainFiles + [testFile]).joined(separator: ", "))")
        }
    }

    private func check(_ labels: [UInt8], _ path: String) throws {
        if let wrong = labels.firstIndex(where: { Int($0) >= classes }) {
            throw DataError("\(path), image \(wrong): label \(labels[wrong]); labels of \(name) are 0 to \(classes - 1); the file is damaged")
        }
    }

    // MARK: Binary

    private func binary(_ path: String, count: Int) throws -> ImageSet {
        let data = try contents(path)
        let record = labelBytes + 3072
        guard data.count == count * record else {
            throw DataError(
                "\(path) has \(data.count) bytes; \(count * record) were expected (\(count) records of \(record)); fetch it again")
        }
        var pixels = [UInt8](repeating: 0, count: count * 3072)
        var labels = [UInt8](repeating: 0, count: count)
        data.withUnsafeBytes { bytes in
            pixels.withUnsafeMutableBytes { out in
                for i in 0..<count {
                    labels[i] = bytes[i * record + labelBytes - 1]
                    out[i * 3072..<(i + 1) * 3072].copyBytes(from: bytes[i * record + labelBytes..<(i + 1) * record])
                }
            }
        }
        try check(labels, path)
        return ImageSet(pixels: pixels, labels: labels, channels: 3, size: 32)
    }

    private func binaryClassNames(_ folder: String) throws -> [String] {
        // The names are a comfort: the images are complete without them.
        guard let text = try? AtomicFile.read(folder + "/" + binaryNames) else { return (0..<classes).map { "class \($0)" } }
        let names = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        guard names.count == classes else {
            throw DataError("\(folder)/\(binaryNames) has \(names.count) names; \(classes) were expected")
        }
        return names
    }

    // MARK: Pickles

    private func dictionary(_ path: String) throws -> [PickleValue: PickleValue] {
        do {
            guard case .dictionary(let values) = try PickleReader.read(contents(path)) else {
                throw PickleError("a dictionary was expected")
            }
            return values
        } catch let error as PickleError {
            throw DataError("\(path): \(error)")
        }
    }

    private func value(_ key: String, in values: [PickleValue: PickleValue]) -> PickleValue? {
        values[.bytes(Data(key.utf8))] ?? values[.string(key)]
    }

    private func pickle(_ path: String, count: Int) throws -> ImageSet {
        let values = try dictionary(path)
        guard case .array(let type, let shape, let bytes)? = value("data", in: values), type == "u1", shape == [count, 3072],
            bytes.count == count * 3072
        else { throw DataError("\(path): 'data' is not a uint8 array of \(count) × 3072, as \(name)'s is") }
        guard case .list(let list)? = value(labelsKey, in: values), list.count == count else {
            throw DataError("\(path): '\(labelsKey)' is not a list of \(count) labels, as \(name)'s is")
        }
        let labels = try list.map { item -> UInt8 in
            guard case .int(let label) = item, 0..<256 ~= label else { throw DataError("\(path): a label is no number from 0 to \(classes - 1)") }
            return UInt8(label)
        }
        try check(labels, path)
        return ImageSet(pixels: Array(bytes), labels: labels, channels: 3, size: 32)
    }

    private func pickleClassNames(_ folder: String) throws -> [String] {
        let path = folder + "/" + pickleNames
        guard FileManager.default.fileExists(atPath: path) else { return (0..<classes).map { "class \($0)" } }
        guard case .list(let list)? = value(namesKey, in: try dictionary(path)), list.count == classes else {
            throw DataError("\(path): '\(namesKey)' is not a list of \(classes) names")
        }
        return try list.map { item in
            switch item {
            case .bytes(let data): return String(decoding: data, as: UTF8.self)
            case .string(let text): return text
            default: throw DataError("\(path): a class name is no text")
            }
        }
    }
}
