import Files
import Foundation
import ImageDecoding
import Randomness

/// Which image files of a folder are trained on, validated on and tested on, and of which classes they are.
///
/// The order is of plain text, as torchvision and Keras have it: by code points, classes first.
struct FolderLayout {
    /// An image file.
    struct File: Sendable {
        /// Its path from the folder.
        let path: String
        let label: Int
    }

    /// Names of the classes, by label.
    private(set) var classNames: [String]
    private(set) var train: [File] = []
    /// What a folder of its own holds to validate on; empty where it is to be held out of `train`.
    private(set) var validation: [File] = []
    private(set) var test: [File] = []
    /// What the user may want to know, a line each.
    private(set) var notes: [String] = []

    private let root: String
    private var strays: [String] = []

    /// Folders of what is validated on, as they are commonly named.
    private static let validationNames = ["val", "validation", "valid"]

    /// Looks through a folder.
    /// - Throws: `DataError` where classes or images are missing.
    init(_ root: String) throws {
        self.root = root
        classNames = []
        let (folders, files) = try Self.list(root)
        strays = files
        if folders.contains("train") {
            try readSplits(folders)
        } else {
            if let split = (Self.validationNames + ["test"]).first(where: folders.contains) {
                throw DataError("\(root) has a folder '\(split)' and none named 'train'")
            }
            try refuseSplits(folders)
            classNames = folders
            try checkClasses(in: root)
            train = try images(in: "")
            try holdOutTest()
        }
        // One image at least is held out to validate, and one stays.
        let counts = train.reduce(into: [Int](repeating: 0, count: classNames.count)) { $0[$1.label] += 1 }
        if validation.isEmpty, let few = counts.firstIndex(where: { $0 < 2 }) {
            throw DataError(
                "\(root): class '\(classNames[few].inSentence)' has too few images to hold some out; add images of it")
        }
        if !strays.isEmpty {
            notes.append(
                "\(strays.count) \(strays.count == 1 ? "file is no image" : "files are no images") in \(root) and left out: "
                    + strays.prefix(3).map(\.inSentence).joined(separator: ", ") + (strays.count > 3 ? ", …" : ""))
        }
    }

    /// Splits of other names would be taken for classes, and their classes for one; or left out.
    private func refuseSplits(_ folders: [String]) throws {
        let meant = ["train": "train", "training": "train", "test": "test", "testing": "test"]
        for name in folders {
            let word = name.lowercased()
            guard let own = meant[word] ?? (Self.validationNames.contains(word) ? word : nil) else { continue }
            let (inner, files) = try Self.list(root + "/" + name)
            if !inner.isEmpty, !files.contains(where: { Self.isImage("\(root)/\(name)/\($0)") }) {
                throw DataError("\(root)/\(name) holds folders and no images, as a split does; rename it '\(own)'")
            }
        }
    }

    private mutating func readSplits(_ folders: [String]) throws {
        let validations = Self.validationNames.filter(folders.contains)
        guard validations.count <= 1 else {
            throw DataError("\(root) has both '\(validations[0])' and '\(validations[1])'; remove one")
        }
        let others = folders.filter { !(["train", "test"] + validations).contains($0) }
        try refuseSplits(others)
        if !others.isEmpty {
            notes.append(
                "beside 'train' \(root) has what is not read: \(others.prefix(3).map(\.inSentence).joined(separator: ", "))"
                    + (others.count > 3 ? ", …" : ""))
        }
        let (classes, files) = try Self.list(root + "/train")
        (classNames, strays) = (classes, strays + files.map { "train/" + $0 })
        try checkClasses(in: root + "/train")
        train = try images(in: "train/")
        if let name = validations.first { validation = try images(ofSplit: name) }
        if folders.contains("test") { test = try images(ofSplit: "test") } else { try holdOutTest() }
    }

    private func checkClasses(in folder: String) throws {
        guard classNames.count >= 2 else {
            throw DataError(
                classNames.isEmpty
                    ? "\(folder) has no class folders; expected a folder of images for each class"
                    : "\(folder) has one class folder, '\(classNames[0].inSentence)'; two classes are the least")
        }
    }

    /// The images of a split, whose classes must be those of `train`: labels would be shifted.
    private mutating func images(ofSplit name: String) throws -> [File] {
        let (classes, files) = try Self.list(root + "/" + name)
        if let missing = classNames.first(where: { !classes.contains($0) }) {
            throw DataError("\(root)/\(name) has no class '\(missing.inSentence)', which train has")
        }
        if let extra = classes.first(where: { !classNames.contains($0) }) {
            throw DataError("\(root)/\(name) has a class '\(extra.inSentence)', which train has not")
        }
        strays += files.map { name + "/" + $0 }
        return try images(in: name + "/")
    }

    /// The images of all classes whose folders begin with `prefix`.
    private mutating func images(in prefix: String) throws -> [File] {
        var found: [File] = []
        for (label, name) in classNames.enumerated() {
            let count = found.count
            try collect(prefix + name, label, depth: 0, &found)
            guard found.count > count else {
                throw DataError("\(root)/\(prefix)\(name.inSentence) has no images; add some or remove the folder")
            }
        }
        return found
    }

    /// The images of a folder and of those within, as torchvision's.
    private mutating func collect(_ folder: String, _ label: Int, depth: Int, _ found: inout [File]) throws {
        guard depth < 16 else { throw DataError("\(root)/\(folder.inSentence) lies too deep; a class has images") }
        let (folders, files) = try Self.list(root + "/" + folder)
        for file in files.map({ folder + "/" + $0 }) {
            if Self.isImage(root + "/" + file) {
                found.append(File(path: file, label: label))
            } else {
                strays.append(file)
            }
        }
        for name in folders { try collect(folder + "/" + name, label, depth: depth + 1, &found) }
    }

    /// Whether a file is meant to be an image: by its name or, where that says nothing, by how it begins.
    private static func isImage(_ path: String) -> Bool {
        if ImageDecoder.isImage(named: path) { return true }
        // Regular files alone: a pipe may never give a byte.
        guard let data = try? AtomicFile.read(path, mapped: true) else { return false }
        return ImageDecoder.isImage(startingWith: [UInt8](data.prefix(16)))
    }

    /// Holds out a tenth of each class to test on. Not by the run's seed: a network that was trained with another must
    /// not have seen what it is tested on.
    private mutating func holdOutTest() throws {
        var random = SeededGenerator(seed: 0, stream: 0x5D)
        var isTest: Set<Int> = []
        var start = 0
        for label in classNames.indices {
            let count = train[start...].prefix { $0.label == label }.count
            guard count >= 2 else {
                throw DataError(
                    "\(root): class '\(classNames[label].inSentence)' has one image; add some, or a folder 'test' beside 'train'"
                )
            }
            isTest.formUnion(random.permutation(count).prefix(max(1, count / 10)).map { start + $0 })
            start += count
        }
        test = train.indices.filter(isTest.contains).map { train[$0] }
        train = train.indices.filter { !isTest.contains($0) }.map { train[$0] }
        notes.append(
            "\(root) has no folder 'test': \(test.count) images, a tenth of each class, are held out to test on")
    }

    /// Names of the folders and files in a folder, hidden ones left out, in order.
    private static func list(_ folder: String) throws -> (folders: [String], files: [String]) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw DataError("cannot list \(folder): check that it is a folder and that you may read it")
        }
        var (folders, files): ([String], [String]) = ([], [])
        for name in names.sorted(by: { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) })
        where !name.hasPrefix(".") {
            var isFolder: ObjCBool = false
            // A link to a folder counts as one; one to nowhere is a file, which will say so.
            let isThere = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
            if isThere, isFolder.boolValue { folders.append(name) } else { files.append(name) }
        }
        return (folders, files)
    }
}
