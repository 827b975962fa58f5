import Digests
import Files
import Foundation
import ImageDecoding

/// Where decoded images are kept: a folder of files, one for each data set and size, that are mapped instead of
/// decoding the images again.
///
/// A file's name is the SHA-256 of what it was made of: every image file's contents, its class and split, the
/// preparation, the decoder. So what has changed is decoded anew. It is whole or not there, and checked in full
/// whenever it is opened; one that is damaged is made again. Of several processes that need the same one decodes, and
/// the others wait for it. Files are their owner's alone and replaced by renaming only: nobody shortens one that is
/// mapped.
public struct ImageCache: Sendable, Hashable {
    /// The folder.
    public var folder: String
    /// The most bytes of all its files together; those not used for longest give way.
    public var limit: Int

    /// Bytes of all files where nothing else is said.
    public static let usualLimit = 50 << 30

    /// A cache in a folder, which is made when there is something to keep.
    public init(folder: String, limit: Int = usualLimit) { (self.folder, self.limit) = (folder, limit) }

    /// The cache that this process and those it starts use, `nil` for none: `$ADS_IMAGE_CACHE`, a folder or `none`;
    /// else `images` in `$ADS_CACHE`, else in `~/.cache/densenet-ads`. `$ADS_IMAGE_CACHE_GB` limits it.
    /// - Throws: `DataError` for a limit that is none.
    public static func standard() throws -> ImageCache? {
        try standard { name in getenv(name).map { String(cString: $0) } }
    }

    /// The same of other variables.
    static func standard(_ environment: (String) -> String?) throws -> ImageCache? {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        let limit = try value(Variable.gigabytes).map { text in
            guard let gigabytes = Double(text), gigabytes >= 0, gigabytes <= 1_000_000 else {
                throw DataError(
                    "$\(Variable.gigabytes) is '\(text.inSentence)'; a number of GB, up to 1000000, is needed")
            }
            return Int(gigabytes * 0x1p30)
        }
        let usual = (value("ADS_CACHE") ?? (value("HOME") ?? NSHomeDirectory()) + "/.cache/densenet-ads") + "/images"
        let folder = value(Variable.folder) ?? usual
        return folder == Variable.none ? nil : ImageCache(folder: folder, limit: limit ?? usualLimit)
    }

    /// Has this process, and those it starts, use a cache or none.
    public static func use(_ cache: ImageCache?) {
        setenv(Variable.folder, cache?.folder ?? Variable.none, 1)
        if let cache { setenv(Variable.gigabytes, "\(Double(cache.limit) * 0x1p-30)", 1) }
    }

    private enum Variable {
        static let folder = "ADS_IMAGE_CACHE"
        static let gigabytes = "ADS_IMAGE_CACHE_GB"
        static let none = "none"
    }

    /// The images of a folder: those that are kept, or decoded and then kept. Where nothing can be kept they are in
    /// memory, and a note says why.
    /// - Throws: `DataError`; what who looks on throws.
    func load(_ images: FolderImages) throws -> DataSet {
        // What they are made of is not worth looking at where there is no room for them.
        guard images.bytes <= limit else {
            return try images.inMemory(notes: [
                "decoded images of \(images.bytes >> 20) MB are not kept, as the cache holds up to \(limit >> 20) MB: --image-cache-limit"
            ])
        }
        let (train, test) = (try images.reader.digests(images.train), try images.reader.digests(images.layout.test))
        let entry = CacheEntry(folder: folder, key: Self.key(images, train, test), images: images)
        do {
            if let data = try entry.stored() { return data }
        } catch is CacheDamage {
            // Made again below, which says so.
        }
        do {
            try makeFolder()
            return try FileLock.with(entry.path + ".lock", waiting: FolderReading.tellOfWaiting) {
                var notes: [String] = []
                do {
                    // Another process may have made it while this one waited.
                    if let data = try entry.stored() { return data }
                } catch let damage as CacheDamage {
                    notes.append("\(entry.path) \(damage.reason) and is made again")
                }
                let data = try entry.make(train, test, notes: notes)
                prune(sparing: entry.path)
                return data
            }
        } catch let error as FileError {
            return try images.inMemory(notes: ["decoded images are not kept: \(error)"])
        }
    }

    /// What the images of a folder are called here.
    private static func key(_ images: FolderImages, _ train: [String?], _ test: [String?]) -> String {
        let preparation = images.reader.preparation
        let hash = SHA256()
        func add(_ text: String) { hash.update(Data(text.utf8)) }
        add("ads images 1, decoder \(ImageDecoder.revision)\n")
        add("size \(preparation.size), as they lie \(preparation.ignoresOrientation)\n")
        add("\(images.layout.train.count), \(images.layout.validation.count), \(images.layout.test.count)\n")
        for (file, digest) in zip(images.train + images.layout.test, train + test) {
            // A path may hold anything but a zero.
            add("\(digest ?? "unreadable") \(file.label) \(file.path)\0")
        }
        return hash.hexadecimal
    }

    /// The folder is its owner's alone.
    private func makeFolder() throws {
        guard !FileManager.default.fileExists(atPath: folder) else { return }
        try AtomicFile.makeFolder(folder)
        chmod(folder, 0o700)
    }
}

/// What is kept in a cache.
extension ImageCache {
    /// A file of decoded images.
    public struct Kept: Sendable, Hashable {
        /// Its path.
        public var path: String
        /// Its bytes.
        public var bytes: Int
        /// When it was used last.
        public var used: Date
    }

    static let suffix = ".images"

    /// The files, those used last first.
    public var kept: [Kept] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.compactMap { name -> Kept? in
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            #if canImport(Darwin)
            let seconds = status.st_mtimespec.tv_sec
            #else
            let seconds = status.st_mtim.tv_sec
            #endif
            return Kept(path: path, bytes: Int(status.st_size), used: Date(timeIntervalSince1970: Double(seconds)))
        }.sorted { ($1.used, $0.path) < ($0.used, $1.path) }
    }

    /// Removes all files that are kept, and what interrupted processes left; those that are in use stay with who uses
    /// them.
    /// - Returns: how many were kept.
    @discardableResult
    public func clear() -> Int {
        let count = kept.count
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasSuffix(Self.suffix) || name.contains(Self.suffix + ".") {
            unlink(folder + "/" + name)
        }
        return count
    }

    /// Removes what was not used for longest until the rest is within the limit.
    private func prune(sparing path: String) {
        let kept = kept
        var total = kept.first { $0.path == path }?.bytes ?? 0
        for file in kept where file.path != path {
            total += file.bytes
            if total > limit { unlink(file.path) }
        }
    }
}
