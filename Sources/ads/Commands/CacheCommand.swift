import ArgumentParser
import Foundation
import ImageData
import Reporting

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Which decoded images are kept; --clear removes them.",
        discussion: """
            What is removed is decoded again when it is needed. Runs that use it now keep what they have.

            EXAMPLE
              ads cache --clear
            """)

    @OptionGroup var cache: CacheOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Remove everything that is kept.")
    var clear = false

    /// What `--json` prints.
    struct Result: Encodable {
        var folder: String
        var limit: Int
        var bytes: Int
        var kept: [Kept]
        var removed: Int?
    }
    struct Kept: Encodable {
        var path: String
        var bytes: Int
        /// Seconds since 1970.
        var used: Double
    }

    func run() throws {
        try cache.apply()
        guard let cache = try ImageCache.standard() else {
            throw UsageError("decoded images are kept nowhere (--no-image-cache, or ADS_IMAGE_CACHE is none)")
        }
        let removed = clear ? cache.clear() : nil
        let kept = cache.kept
        let bytes = kept.reduce(0) { $0 + $1.bytes }
        if output.json {
            return try printJSON(
                Result(
                    folder: cache.folder, limit: cache.limit, bytes: bytes,
                    kept: kept.map { Kept(path: $0.path, bytes: $0.bytes, used: $0.used.timeIntervalSince1970) },
                    removed: removed))
        }
        if let removed { print("removed \(plural(removed, "file")) of \(cache.folder)") }
        for file in kept {
            print("\(file.used.ISO8601Format())  \(file.bytes >> 20) MB  \(file.path)")
        }
        print("\(plural(kept.count, "file")), \(bytes >> 20) of at most \(cache.limit >> 20) MB in \(cache.folder)")
    }
}
