import ArgumentParser
import Foundation
import ImageData

/// Where decoded images are kept: `--image-cache`, `--image-cache-limit`, `--no-image-cache`.
struct CacheOptions: ParsableArguments {
    @Option(
        help:
            "The folder that decoded images are kept in, for --data folder; else $ADS_IMAGE_CACHE, else images in $ADS_CACHE or ~/.cache/densenet-ads.",
        transform: WrittenPath.parse)
    var imageCache: String?

    @Option(
        help: "The most GB of decoded images that are kept; those not used for longest give way. (default: 50)",
        transform: Real(from: 0.001, upTo: 1_000_000).parse)
    var imageCacheLimit: Double?

    @Flag(help: "Keep no decoded images: read and decode all of them each time.")
    var noImageCache = false

    /// Has this process use the cache, and the workers it starts, whichever way data are loaded then: as options say,
    /// or as a run's configuration does.
    /// - Throws: `UsageError` for options that do nothing.
    func apply() throws {
        if noImageCache {
            guard imageCache == nil, imageCacheLimit == nil else {
                throw UsageError("--no-image-cache keeps nothing; leave the cache's other options out")
            }
            return ImageCache.use(nil)
        }
        guard imageCache != nil || imageCacheLimit != nil else { return }
        guard var cache = try imageCache.map({ ImageCache(folder: Self.absolute($0)) }) ?? ImageCache.standard() else {
            throw UsageError("ADS_IMAGE_CACHE is none, so that --image-cache-limit limits nothing; leave it out")
        }
        if imageCache != nil, let standard = try ImageCache.standard() { cache.limit = standard.limit }
        if let imageCacheLimit { cache.limit = Int(imageCacheLimit * 0x1p30) }
        ImageCache.use(cache)
    }

    private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
