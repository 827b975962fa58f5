import ArrayFiles
import Files
import Foundation

/// MNIST (LeCun, Cortes, Burges): grey handwritten digits of 28×28, from its four IDX files, plain or `.gz`.
public enum MNIST: DataSource {
    public static let name = "mnist"
    public static let help = "MNIST's IDX files, plain or .gz"
    public static var knownClasses: [String]? { layout.classNames }
    public static func load(from folder: String?) throws -> DataSet { try layout.load(from: folder) }

    static let layout = IDXLayout(
        name: name, folders: ["mnist", "MNIST/raw", "MNIST"], classNames: (0..<10).map(String.init))
}

/// Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv 1708.07747): grey pictures of clothes, in files as MNIST's.
public enum FashionMNIST: DataSource {
    public static let name = "fashion-mnist"
    public static let help = "Fashion-MNIST's IDX files, plain or .gz"
    public static var knownClasses: [String]? { layout.classNames }
    public static func load(from folder: String?) throws -> DataSet { try layout.load(from: folder) }

    static let layout = IDXLayout(
        name: name, folders: ["fashion-mnist", "FashionMNIST/raw", "FashionMNIST"],
        classNames: [
            "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
        ])
}

/// How a set of four IDX files lies on disk.
struct IDXLayout {
    let name: String
    /// Folders below the one that is given or looked in, torchvision's among them.
    let folders: [String]
    let classNames: [String]

    /// The beginnings of the files' names.
    private static let (train, test) = ("train", "t10k")

    func load(from given: String?) throws -> DataSet {
        let parents = DataSources.candidates(given)
        for parent in parents {
            // Both sets' files have the same names: only the folder that is given may hold them itself.
            for folder in (given == nil ? [] : [parent]) + folders.map({ parent + "/" + $0 })
            where Self.path(folder, Self.train, "images", 3) != nil {
                return try load(folder)
            }
        }
        throw DataError(
            "no \(name) in \(parents.joined(separator: " or ")): expected train-images-idx3-ubyte or train-images-idx3-ubyte.gz there or in \(folders[0]); say where it is with --data-dir"
        )
    }

    private func load(_ folder: String) throws -> DataSet {
        let (train, test) = (try images(folder, Self.train), try images(folder, Self.test))
        guard train.size == test.size else {
            throw DataError(
                "\(folder) has images of \(train.size)×\(train.size) to train on and of \(test.size)×\(test.size) to test on"
            )
        }
        guard train.count >= 2, test.count >= 1 else {
            throw DataError("\(folder) has \(train.count) images to train on and \(test.count) to test on; too few")
        }
        return DataSet(name: name, train: train, test: test, classNames: classNames)
    }

    /// The file of a kind, in any of its names; `nil` where it is not there.
    private static func path(_ folder: String, _ part: String, _ what: String, _ dimensions: Int) -> String? {
        ["-", "."].flatMap { separator in
            ["", ".gz"].map { "\(folder)/\(part)-\(what)\(separator)idx\(dimensions)-ubyte\($0)" }
        }.first { FileManager.default.fileExists(atPath: $0) }
    }

    private func images(_ folder: String, _ part: String) throws -> ImageSet {
        func file(
            _ what: String, _ dimensions: Int, atMost limit: Int, _ check: (String, [Int]) throws -> Void
        ) throws -> (path: String, file: IDXFile) {
            guard let path = Self.path(folder, part, what, dimensions) else {
                throw DataError(
                    "\(folder) has no \(part)-\(what)-idx\(dimensions)-ubyte or \(part)-\(what)-idx\(dimensions)-ubyte.gz; \(name) needs all four files"
                )
            }
            do {
                return (
                    path,
                    try IDXFile(AtomicFile.read(path, mapped: true), named: path, atMost: limit) { try check(path, $0) }
                )
            } catch let error as FileError { throw DataError("\(error)") }
        }
        func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
        // The labels are few bytes, and say how many images there may be.
        let labels = try file("labels", 1, atMost: Self.mostLabels) { path, shape in
            guard shape.count == 1 else {
                throw DataError("\(path) is an array of \(text(shape)); one label after the other was expected")
            }
        }
        let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let images = try file("images", 3, atMost: memory / 2) { path, shape in
            guard shape.count == 3, shape[1] == shape[2], 1...4096 ~= shape[1] else {
                throw DataError(
                    "\(path) is an array of \(text(shape)); square images of 1 to 4096 pixels, one after the other, were expected"
                )
            }
            guard labels.file.shape == [shape[0]] else {
                throw DataError(
                    "\(labels.path) is an array of \(text(labels.file.shape)); \(shape[0]) labels were expected, one for each image"
                )
            }
        }
        if let wrong = labels.file.bytes.firstIndex(where: { Int($0) >= classNames.count }) {
            throw DataError(
                "\(labels.path), image \(wrong): label \(labels.file.bytes[wrong]); labels of \(name) are 0 to \(classNames.count - 1)"
            )
        }
        return ImageSet(
            pixels: images.file.bytes, labels: labels.file.bytes.map(Int32.init), channels: 1,
            size: images.file.shape[1])
    }

    /// A hundred million.
    private static let mostLabels = 100_000_000
}
