import ArrayFiles
import Files
import Foundation

/// A `.npz` file of numpy's with images and labels, as Keras' `mnist.npz` and MedMNIST's files are.
///
/// Images are bytes `[N, H, W]` or `[N, H, W, C]`, squares of 1 to 4 channels; labels are whole numbers `[N]` or
/// `[N, 1]` from 0. Where the file has images to validate on, those are held out.
public enum NPZImages: DataSource {
    public static let name = "npz"
    public static let help = "a .npz file of numpy's: x_train, y_train, x_test, y_test or MedMNIST's names"

    public static func load(from folder: String?) throws -> DataSet {
        guard let path = folder else { throw DataError("--data npz needs --data-dir: a .npz file") }
        do {
            let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
            return try NPZReader(
                path: path, file: NPZFile(AtomicFile.read(path, mapped: true), named: path, atMost: memory / 4)
            ).dataSet()
        } catch let error as FileError { throw DataError("\(error)") }
    }
}

/// Reads a file's arrays as a data set.
struct NPZReader {
    let path: String
    let file: NPZFile

    /// What arrays are called: images and labels of a part, the parts being these.
    private struct Names: Sendable {
        let parts: (train: String, validation: String, test: String)
        let images: @Sendable (String) -> String
        let labels: @Sendable (String) -> String
    }
    private static let known = [
        Names(parts: ("train", "val", "test"), images: { "x_" + $0 }, labels: { "y_" + $0 }),
        Names(parts: ("train", "val", "test"), images: { $0 + "_images" }, labels: { $0 + "_labels" }),
    ]
    /// Labels are counted from 0, and every class has a name.
    private static let mostClasses = 65_536

    func dataSet() throws -> DataSet {
        let present = Set(file.names)
        guard let names = Self.known.first(where: { present.contains($0.images($0.parts.train)) }) else {
            let has = file.names.prefix(8).map(\.inSentence).joined(separator: ", ")
            throw DataError(
                "\(path) has no array x_train or train_images; it has \(has.isEmpty ? "none" : has)")
        }
        var train = try part(names.parts.train, names)
        let learned = Set(train.labels)
        let test = try part(names.parts.test, names)
        var heldOut = DataSet.HeldOut.drawn
        if present.contains(names.images(names.parts.validation)) {
            let validation = try part(names.parts.validation, names)
            try check(validation, like: train, names.parts.validation)
            guard validation.count > 0 else { throw DataError("\(path): no images to validate on") }
            heldOut = .last(validation.count)
            train = ImageSet(
                pixels: Array(train.pixels) + validation.pixels, labels: train.labels + validation.labels,
                channels: train.channels, size: train.size)
        }
        try check(test, like: train, names.parts.test)
        guard train.count >= 2, test.count >= 1 else {
            throw DataError("\(path) has \(train.count) images to train on and \(test.count) to test on; too few")
        }
        let classes = Int((train.labels + test.labels).max() ?? 0) + 1
        guard classes >= 2 else { throw DataError("\(path): all labels are 0; two classes are the least") }
        if let missing = (0..<classes).first(where: { !learned.contains(Int32($0)) }) {
            throw DataError(
                "\(path): no image to train on has the label \(missing), and the largest label is \(classes - 1); number the classes from 0 without gaps"
            )
        }
        return DataSet(
            name: NPZImages.name, train: train, test: test, classNames: (0..<classes).map(String.init),
            heldOut: heldOut)
    }

    private func check(_ other: ImageSet, like train: ImageSet, _ part: String) throws {
        guard (other.size, other.channels) == (train.size, train.channels) else {
            throw DataError(
                "\(path): images of \(part) are \(other.size)×\(other.size) of \(other.channels) channels, those of train \(train.size)×\(train.size) of \(train.channels)"
            )
        }
    }

    private func array(_ name: String) throws -> NPYArray {
        guard let array = try file.array(name) else { throw DataError("\(path) has no array '\(name)'") }
        return array
    }

    private func part(_ part: String, _ names: Names) throws -> ImageSet {
        let (imagesName, labelsName) = (names.images(part), names.labels(part))
        func text(_ shape: [Int]) -> String { "(\(shape.map(String.init).joined(separator: ", ")))" }
        func header(_ name: String) throws -> NPYHeader {
            guard let header = try file.header(of: name) else { throw DataError("\(path) has no array '\(name)'") }
            return header
        }
        // What are no images, or no labels for them, is not inflated: it may be any number of bytes.
        let (images, own) = (try header(imagesName), try header(labelsName))
        let shape = images.shape
        guard 3...4 ~= shape.count, shape[1] == shape[2], 1...4096 ~= shape[1],
            1...4 ~= (shape.count == 4 ? shape[3] : 1)
        else {
            throw DataError(
                "\(path): '\(imagesName)' has the shape \(text(shape)); (N, H, W) or (N, H, W, C) of squares of 1 to 4096 pixels and 1 to 4 channels was expected"
            )
        }
        let wrongLabels = DataError(
            "\(path): '\(labelsName)' has the shape \(text(own.shape)) and type '\(own.type)'; a whole number for each of \(shape[0]) images was expected"
        )
        guard own.shape == [shape[0]] || own.shape == [shape[0], 1], NPYHeader.isWhole(own.type) else {
            throw wrongLabels
        }
        guard images.type == NPYHeader.bytes else {
            throw DataError("\(path): '\(imagesName)' has elements of type '\(images.type)'; uint8 was expected")
        }
        guard let numbers = try array(labelsName).integers else { throw wrongLabels }
        let bytes = try array(imagesName).bytes ?? []
        if let wrong = numbers.firstIndex(where: { !(0..<Self.mostClasses ~= $0) }) {
            throw DataError(
                "\(path): '\(labelsName)', image \(wrong): label \(numbers[wrong]); labels are 0 to \(Self.mostClasses - 1)"
            )
        }
        let channels = shape.count == 4 ? shape[3] : 1
        return ImageSet(
            pixels: Self.planes(bytes, channels: channels, plane: shape[1] * shape[2]),
            labels: numbers.map { Int32($0) }, channels: channels, size: shape[1])
    }

    /// Pixels `[N, C, H, W]` of `[N, H, W, C]`.
    private static func planes(_ bytes: [UInt8], channels: Int, plane: Int) -> [UInt8] {
        guard channels > 1 else { return bytes }
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { out, count in
            for start in stride(from: 0, to: bytes.count, by: channels * plane) {
                for c in 0..<channels {
                    for p in 0..<plane { out[start + c * plane + p] = bytes[start + p * channels + c] }
                }
            }
            count = bytes.count
        }
    }
}
