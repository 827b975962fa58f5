import Files
import Foundation
import ImageDecoding
import ImageResizing
import Synchronization

/// Reads a folder's images, each once, on all cores.
struct FolderReader: Sendable {
    /// The folder that paths begin at.
    let root: String
    /// What is made of them.
    let preparation: ImagePreparation

    /// An image that cannot be read.
    struct Failure: Sendable {
        /// Its place among the files that were to be read.
        let index: Int
        let file: FolderLayout.File
        /// One sentence that begins with its path.
        let sentence: String
    }

    /// What was read.
    struct Images {
        /// The images that could be read, in the files' order.
        var set: ImageSet
        var failures: [Failure]
        /// How many were not upright in their files.
        var turned: Int
        /// How many were not opaque.
        var alphasDropped: Int
    }

    private struct Counts {
        var failures: [Failure] = []
        var turned = 0
        var alphasDropped = 0
    }

    /// Reads files as squares `[N, 3, size, size]`; the same bytes at any number of threads.
    /// - Throws: `DataError` where they are more than memory holds.
    func read(_ files: [FolderLayout.File]) throws -> Images {
        let size = preparation.size
        let imageBytes = 3 * size * size
        let memory = ProcessInfo.processInfo.physicalMemory
        guard UInt64(files.count) <= memory / UInt64(imageBytes) else {
            throw DataError(
                "\(files.count) images of \(size)×\(size) take more than this machine's \(memory >> 30) GB of memory; choose a smaller --image-size"
            )
        }
        let counts = Mutex(Counts())
        var pixels = [UInt8](unsafeUninitializedCapacity: files.count * imageBytes) { out, count in
            out.initialize(repeating: 0)
            // Each index writes its own part, and all are done before the buffer is left.
            nonisolated(unsafe) let out = out
            DispatchQueue.concurrentPerform(iterations: files.count) { i in
                do {
                    let decoded = try decode(files[i])
                    try Self.separate(decoded.image.squared(size), into: out, from: i * imageBytes)
                    counts.withLock {
                        if decoded.orientation != .upright { $0.turned += 1 }
                        if decoded.isAlphaDropped { $0.alphasDropped += 1 }
                    }
                } catch {
                    let failure = Failure(index: i, file: files[i], sentence: "\(error)")
                    counts.withLock { $0.failures.append(failure) }
                }
            }
            count = out.count
        }
        let (failures, turned, alphasDropped) = counts.withLock {
            ($0.failures.sorted { $0.index < $1.index }, $0.turned, $0.alphasDropped)
        }
        var labels = files.map { Int32($0.label) }
        for failure in failures.reversed() {
            pixels.removeSubrange(failure.index * imageBytes..<(failure.index + 1) * imageBytes)
            labels.remove(at: failure.index)
        }
        return Images(
            set: ImageSet(pixels: pixels, labels: labels, channels: 3, size: size), failures: failures, turned: turned,
            alphasDropped: alphasDropped)
    }

    private func decode(_ file: FolderLayout.File) throws -> DecodedImage {
        let path = root + "/" + file.path
        let bytes = [UInt8](try AtomicFile.read(path, atMost: DecodingLimits().bytes))
        return try ImageDecoder.decode(
            bytes,
            named: path.split(separator: "/", omittingEmptySubsequences: false).map(\.inSentence)
                .joined(separator: "/"), ignoresOrientation: preparation.ignoresOrientation)
    }

    /// Writes an image's channels `[3, size, size]`, one after the other.
    private static func separate(
        _ image: RGBImage, into out: UnsafeMutableBufferPointer<UInt8>, from start: Int
    ) {
        let plane = image.width * image.height
        image.pixels.withUnsafeBufferPointer { pixels in
            for p in 0..<plane {
                for c in 0..<3 { out[start + c * plane + p] = pixels[3 * p + c] }
            }
        }
    }

    /// What is said of images that cannot be read.
    /// - Throws: `DataError` where they are not under one in a hundred.
    static func judge(_ failures: [Failure], of count: Int, _ classNames: [String]) throws -> [String] {
        guard let first = failures.first else { return [] }
        let classes = Dictionary(grouping: failures, by: \.file.label).sorted { $0.key < $1.key }
        let counted = classes.prefix(5).map { "\(classNames[$0.key].inSentence) \($0.value.count)" }
        let which = "\(counted.joined(separator: ", "))\(classes.count > 5 ? ", …" : "")"
        let sentence = "\(failures.count) of \(count) images cannot be read (\(which)); the first: \(first.sentence)"
        guard failures.count * 100 < count else {
            throw DataError("\(sentence); under 1% may be left out: repair or remove them")
        }
        return ["left out: \(sentence)"]
    }

    /// What is said of orientations.
    static func notes(turned: Int, _ preparation: ImagePreparation) -> [String] {
        guard turned > 0 else { return [] }
        let images = turned == 1 ? "1 image" : "\(turned) images"
        return [
            preparation.ignoresOrientation
                ? "\(images) lie otherwise than EXIF says they are seen, and stay so (--no-exif)"
                : "turned \(images) as EXIF says; --no-exif leaves them as they lie"
        ]
    }

    /// What is said of alpha.
    static func notes(alphasDropped: Int) -> [String] {
        guard alphasDropped > 0 else { return [] }
        return ["dropped the transparency of \(alphasDropped == 1 ? "1 image" : "\(alphasDropped) images")"]
    }
}
