import Digests
import Files
import Foundation

/// A file of a cache is not what it should be.
struct CacheDamage: Error {
    /// A clause about it.
    let reason: String
}

/// One data set's images in a cache: the pixels of what is trained on and of what is tested on, then a JSON that says
/// what they are, its length and SHA-256, and the format's name.
struct CacheEntry {
    let folder: String
    let key: String
    let images: FolderImages

    var path: String { "\(folder)/\(key)\(ImageCache.suffix)" }

    /// What is said of the pixels.
    private struct Description: Codable {
        var key: String
        var train: FolderReader.Outcome
        var test: FolderReader.Outcome
        /// `DataSet.digest`, which all pixels are in.
        var digest: String
    }

    private static let name = Data("ADSIMG01".utf8)
    /// Bytes behind the JSON: its length, its SHA-256, the name.
    private static let endBytes = 8 + 32 + 8

    /// The data set that is kept, whole and checked; `nil` where there is none.
    /// - Throws: `CacheDamage`; `DataError` where too many images could not be read.
    func stored() throws -> DataSet? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        // What others can write they can also shorten, which would end this program.
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw CacheDamage(reason: "is not this user's own file")
        }
        guard let data = try? AtomicFile.read(path, mapped: true) else {
            throw CacheDamage(reason: "cannot be read")
        }
        let cut = CacheDamage(reason: "is damaged")
        guard data.count >= Self.endBytes, data.suffix(Self.name.count) == Self.name else { throw cut }
        let end = data.suffix(Self.endBytes)
        let length = end.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(data.count - Self.endBytes) else { throw cut }
        let pixelBytes = data.count - Self.endBytes - Int(length)
        let json = data[data.startIndex + pixelBytes..<data.startIndex + pixelBytes + Int(length)]
        guard Self.digest(json) == end.dropFirst(8).prefix(32),
            let description = try? JSONFile.decode(Description.self, from: Data(json), named: path, JSONDecoder()),
            description.key == key, let train = count(of: description.train, images.train),
            let test = count(of: description.test, images.layout.test),
            pixelBytes == (train + test) * images.reader.imageBytes
        else { throw cut }
        let found = try dataSet(data, train: train, test: test, description.train, description.test)
        guard found.digest == description.digest else { throw cut }
        // Used now: what is not used for longest gives way first.
        utimes(path, nil)
        return found
    }

    /// The number of images that were read of some files; `nil` where an outcome is none of theirs.
    private func count(of outcome: FolderReader.Outcome, _ files: [FolderLayout.File]) -> Int? {
        let failures = outcome.failures
        guard zip(failures, failures.dropFirst()).allSatisfy({ $0 < $1 }), (failures.first ?? 0) >= 0,
            (failures.last ?? -1) < files.count
        else { return nil }
        return files.count - failures.count
    }

    private func dataSet(
        _ data: Data, train: Int, test: Int, _ trained: FolderReader.Outcome, _ tested: FolderReader.Outcome,
        notes: [String] = []
    ) throws -> DataSet {
        let (first, middle) = (data.startIndex, data.startIndex + train * images.reader.imageBytes)
        return try images.dataSet(
            PixelStorage(mapped: data[first..<middle]), trained,
            PixelStorage(mapped: data[middle..<middle + test * images.reader.imageBytes]), tested, notes: notes)
    }

    private static func digest(_ data: Data) -> Data { Data(SHA256.digest(of: data)) }

    /// Decodes the images into the file; whoever calls it holds the entry's lock.
    /// - Parameter trainDigests: of the files' contents that the key is of; they must still be what is read.
    /// - Throws: `FileError` where it cannot be written; `DataError`.
    func make(_ trainDigests: [String?], _ testDigests: [String?], notes: [String]) throws -> DataSet {
        removeLeftOvers()
        var (train, test) = (FolderReader.Outcome(), FolderReader.Outcome())
        var made: DataSet?
        try AtomicFile.stream(to: path, permissions: 0o600) { file in
            train = try images.reader.read(images.train, digests: trainDigests) { try file.write($0) }
            test = try images.reader.read(images.layout.test, digests: testDigests) { try file.write($0) }
            // Mapped under its temporary name; the new one changes nothing of that.
            let data = try AtomicFile.read(file.temporary, mapped: true)
            let found = try dataSet(
                data, train: images.train.count - train.failures.count,
                test: images.layout.test.count - test.failures.count, train, test, notes: notes)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let json = try encoder.encode(Description(key: key, train: train, test: test, digest: found.digest))
            let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) }
            try file.write([UInt8](json + length + Self.digest(json) + Self.name))
            made = found
        }
        guard let made else { throw FileError("\(path) was not made") }
        return made
    }

    /// Removes what a process that was killed had begun: nobody else makes this file now.
    private func removeLeftOvers() {
        let name = "\(key)\(ImageCache.suffix).part-"
        for other in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where other.hasPrefix(name) {
            unlink(folder + "/" + other)
        }
    }
}
