import Digests
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

    /// What was read of some files, beside the pixels.
    struct Outcome: Codable, Hashable {
        /// Places of the files that could not be read, ascending.
        var failures: [Int] = []
        /// How many were not upright in their files.
        var turned = 0
        /// How many were not opaque.
        var alphasDropped = 0
    }

    /// Bytes of a square `[3, size, size]`.
    var imageBytes: Int { 3 * preparation.size * preparation.size }

    /// What becomes of a file.
    private enum Reading {
        case read(isTurned: Bool, isAlphaDropped: Bool)
        case failed
        case changed
    }

    /// Decoding an image may take half a gigabyte, so that no more are decoded at once than half of the memory has room
    /// for, however many processors there are.
    private static let decoders = DispatchSemaphore(
        value: max(1, Int(clamping: ProcessInfo.processInfo.physicalMemory / 2) / (512 << 20)))

    /// Reads files as squares `[3, size, size]`, which it gives on in order, some at a time; the same bytes at any
    /// number of threads.
    /// - Parameter digests: of what the files held when their names were given to what is read.
    /// - Throws: `DataError` where a file has changed since; what `append` throws, and who looks on.
    func read(
        _ files: [FolderLayout.File], digests: [String?]? = nil, append: ([UInt8]) throws -> Void
    ) throws -> Outcome {
        var outcome = Outcome()
        let watched = FolderReading.Count(.reading, of: files.count)
        let most = max(2 * ProcessInfo.processInfo.activeProcessorCount, min(1024, (64 << 20) / imageBytes))
        for start in stride(from: 0, to: files.count, by: most) {
            let chunk = start..<min(start + most, files.count)
            let readings = Mutex([Reading](repeating: .failed, count: chunk.count))
            var pixels = [UInt8](unsafeUninitializedCapacity: chunk.count * imageBytes) { out, count in
                out.initialize(repeating: 0)
                // Each index writes its own part, and all are done before the buffer is left.
                nonisolated(unsafe) let out = out
                DispatchQueue.concurrentPerform(iterations: chunk.count) { i in
                    Self.decoders.wait()
                    defer { Self.decoders.signal() }
                    watched.file {
                        let image = UnsafeMutableBufferPointer(rebasing: out[i * imageBytes..<(i + 1) * imageBytes])
                        let reading = read(files[start + i], digest: digests?[start + i], into: image)
                        readings.withLock { $0[i] = reading }
                    }
                }
                count = out.count
            }
            try watched.check()
            var kept = 0
            for (i, reading) in readings.withLock({ $0 }).enumerated() {
                switch reading {
                case .changed:
                    throw DataError(
                        "\(name(files[start + i])) changed while the folder was read; run the command again")
                case .failed: outcome.failures.append(start + i)
                case .read(let isTurned, let isAlphaDropped):
                    if kept < i {
                        pixels.withUnsafeMutableBytes {
                            $0[kept * imageBytes..<(kept + 1) * imageBytes].copyBytes(
                                from: Array($0[i * imageBytes..<(i + 1) * imageBytes]))
                        }
                    }
                    kept += 1
                    outcome.turned += isTurned ? 1 : 0
                    outcome.alphasDropped += isAlphaDropped ? 1 : 0
                }
            }
            pixels.removeLast((chunk.count - kept) * imageBytes)
            try append(pixels)
        }
        return outcome
    }

    private func read(
        _ file: FolderLayout.File, digest: String?, into out: UnsafeMutableBufferPointer<UInt8>
    ) -> Reading {
        do {
            let bytes = try contents(file)
            if let digest, digest != SHA256.hexadecimal(of: bytes) { return .changed }
            let decoded = try decode(bytes, file)
            Self.separate(try decoded.image.squared(preparation.size), into: out)
            return .read(isTurned: decoded.orientation != .upright, isAlphaDropped: decoded.isAlphaDropped)
        } catch {
            return .failed
        }
    }

    /// Why a file cannot be read: one sentence that begins with its path.
    func reason(_ file: FolderLayout.File) -> String {
        do {
            _ = try decode(contents(file), file).image.squared(preparation.size)
            return "\(name(file)) could not be read at first and now can; run the command again"
        } catch {
            return "\(error)"
        }
    }

    /// SHA-256 of each file's bytes; `nil` where they cannot be had.
    /// - Throws: what who looks on throws.
    func digests(_ files: [FolderLayout.File]) throws -> [String?] {
        let checking = FolderReading.Count(.checking, of: files.count)
        let digests = Mutex([String?](repeating: nil, count: files.count))
        DispatchQueue.concurrentPerform(iterations: files.count) { i in
            checking.file {
                guard let bytes = try? contents(files[i]) else { return }
                let digest = SHA256.hexadecimal(of: bytes)
                digests.withLock { $0[i] = digest }
            }
        }
        try checking.check()
        return digests.withLock { $0 }
    }

    private func contents(_ file: FolderLayout.File) throws -> [UInt8] {
        [UInt8](try AtomicFile.read(root + "/" + file.path, atMost: DecodingLimits().bytes))
    }

    private func decode(_ bytes: [UInt8], _ file: FolderLayout.File) throws -> DecodedImage {
        try ImageDecoder.decode(bytes, named: name(file), ignoresOrientation: preparation.ignoresOrientation)
    }

    /// A file's path as sentences have it.
    private func name(_ file: FolderLayout.File) -> String {
        (root + "/" + file.path).split(separator: "/", omittingEmptySubsequences: false).map(\.inSentence)
            .joined(separator: "/")
    }

    /// Writes an image's channels `[3, size, size]`, one after the other.
    private static func separate(_ image: RGBImage, into out: UnsafeMutableBufferPointer<UInt8>) {
        let plane = image.width * image.height
        image.pixels.withUnsafeBufferPointer { pixels in
            for p in 0..<plane {
                for c in 0..<3 { out[c * plane + p] = pixels[3 * p + c] }
            }
        }
    }
}
