import Files
import Foundation
import PickleFiles

/// The files of a layout, each read whole and checked before anything of it is used.
extension CIFARLayout {
    /// Bytes of one image.
    static let imageBytes = 3072
    /// The most bytes of a file of class names.
    private static let namesBytes = 1 << 20

    // MARK: Binary

    func binaryImages(_ path: String, count: Int) throws -> ImageSet {
        try images(binary: contents(path, mapped: true), named: path, count: count)
    }

    /// The images of a binary file's bytes.
    /// - Throws: `DataError` that begins with `name`.
    package func images(binary data: Data, named name: String, count: Int) throws -> ImageSet {
        let record = labelBytes + Self.imageBytes
        guard data.count == count * record else {
            throw DataError(
                "\(name) has \(data.count) bytes; \(count * record) were expected (\(count) records of \(record)); fetch it again"
            )
        }
        var pixels = [UInt8](repeating: 0, count: count * Self.imageBytes)
        var labels = [UInt8](repeating: 0, count: count)
        data.withUnsafeBytes { bytes in
            pixels.withUnsafeMutableBytes { out in
                for i in 0..<count {
                    labels[i] = bytes[i * record + labelBytes - 1]
                    out[i * Self.imageBytes..<(i + 1) * Self.imageBytes].copyBytes(
                        from: bytes[i * record + labelBytes..<(i + 1) * record])
                }
            }
        }
        try check(labels, name)
        return ImageSet(pixels: pixels, labels: labels.map(Int32.init), channels: 3, size: 32)
    }

    func binaryClassNames(_ folder: String) throws -> [String] {
        let path = folder + "/" + binaryNames
        // The names are a comfort: the images are complete without them.
        guard FileManager.default.fileExists(atPath: path) else { return knownNames }
        return try classNames(text: contents(path, atMost: Self.namesBytes), named: path)
    }

    /// The class names of a text file's bytes, one a line.
    /// - Throws: `DataError` that begins with `name`.
    package func classNames(text: Data, named name: String) throws -> [String] {
        let names = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map(\.inSentence)
        guard names.count == classes else {
            throw DataError("\(name) has \(names.count) names; \(classes) were expected; fetch it again")
        }
        return names
    }

    // MARK: Pickles

    func pickledImages(_ path: String, count: Int) throws -> ImageSet {
        // Twice the pixels leaves room for labels and file names.
        try images(
            pickle: contents(path, atMost: 2 * count * Self.imageBytes + Self.namesBytes), named: path, count: count)
    }

    /// The images of a pickle's bytes.
    /// - Throws: `DataError` that begins with `name`.
    package func images(pickle data: Data, named name: String, count: Int) throws -> ImageSet {
        let values = try dictionary(data, name)
        guard case .array("u1", [count, Self.imageBytes], let bytes)? = value("data", in: values) else {
            throw DataError(
                "\(name): 'data' is not a uint8 array of \(count) × \(Self.imageBytes), as \(self.name)'s is; fetch it again"
            )
        }
        guard case .list(let list)? = value(labelsKey, in: values), list.count == count else {
            throw DataError(
                "\(name): '\(labelsKey)' is not a list of \(count) labels, as \(self.name)'s is; fetch it again")
        }
        let labels = try list.enumerated().map { i, item -> UInt8 in
            guard case .int(let label) = item, let byte = UInt8(exactly: label) else {
                throw DataError(
                    "\(name), image \(i): its label is no number from 0 to \(classes - 1); the file is damaged, fetch it again"
                )
            }
            return byte
        }
        try check(labels, name)
        return ImageSet(pixels: Array(bytes), labels: labels.map(Int32.init), channels: 3, size: 32)
    }

    func pickledClassNames(_ folder: String) throws -> [String] {
        let path = folder + "/" + pickleNames
        guard FileManager.default.fileExists(atPath: path) else { return knownNames }
        return try classNames(pickle: contents(path, atMost: Self.namesBytes), named: path)
    }

    /// The class names of a pickle's bytes.
    /// - Throws: `DataError` that begins with `name`.
    package func classNames(pickle data: Data, named name: String) throws -> [String] {
        guard case .list(let list)? = value(namesKey, in: try dictionary(data, name)), list.count == classes else {
            throw DataError("\(name): '\(namesKey)' is not a list of \(classes) names; fetch it again")
        }
        return try list.map { item in
            switch item {
            case .bytes(let data): return String(decoding: data, as: UTF8.self).inSentence
            case .string(let text): return text.inSentence
            default: throw DataError("\(name): a class name is no text; fetch it again")
            }
        }
    }

    // MARK: Both

    private func contents(_ path: String, mapped: Bool = false, atMost limit: Int = .max) throws -> Data {
        do {
            return try AtomicFile.read(path, mapped: mapped, atMost: limit)
        } catch {
            throw DataError("\(error); \(name) needs all of \((trainFiles + [testFile]).joined(separator: ", "))")
        }
    }

    private func check(_ labels: [UInt8], _ path: String) throws {
        if let wrong = labels.firstIndex(where: { Int($0) >= classes }) {
            throw DataError(
                "\(path), image \(wrong): label \(labels[wrong]); labels of \(name) are 0 to \(classes - 1); the file is damaged, fetch it again"
            )
        }
    }

    private func dictionary(_ data: Data, _ name: String) throws -> [PickleValue: PickleValue] {
        do {
            guard case .dictionary(let values) = try PickleReader.read(data) else {
                throw PickleError("a dictionary was expected")
            }
            return values
        } catch let error as PickleError {
            throw DataError("\(name): \(error)")
        }
    }

    private func value(_ key: String, in values: [PickleValue: PickleValue]) -> PickleValue? {
        values[.bytes(Data(key.utf8))] ?? values[.string(key)]
    }
}
