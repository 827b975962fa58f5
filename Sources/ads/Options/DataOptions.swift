import ArgumentParser
import ImageData

/// Which images: `--data`, `--data-dir`.
struct DataOptions: ParsableArguments {
    @Option(
        help:
            "cifar10, cifar100, mnist, fashion-mnist, shapes (generated, built in), folder (JPEG and PNG in class folders), or npz (a file of numpy's arrays).",
        completion: .list(DataSources.all.map { $0.name }))
    var data: String?

    @Option(
        help: "The folder of the data, or its parent; with npz the file; else $ADS_DATA, else ~/.cache/ads-data.",
        completion: .directory)
    var dataDir: String?

    @Flag(help: "With --data folder: leave images as they lie in their files, whatever EXIF says.")
    var noExif = false

    @OptionGroup var cache: CacheOptions

    /// The names there are, for sentences.
    static var known: String {
        let names = DataSources.all.map { $0.name }
        return "\(names.dropLast().joined(separator: ", ")) or \(names.last ?? "")"
    }

    /// Loads the data; `nil` when no `--data` was given.
    /// - Parameter size: height and width of images, asked for where the data have none of their own.
    func load(ignoringExif: Bool = false, size: () throws -> Int) throws -> DataSet? {
        guard let data else { return nil }
        guard DataSources.all.contains(where: { $0.name == data }) else {
            throw UsageError(
                "unknown data set '\(data)'; known are \(DataSources.all.map { $0.name }.joined(separator: ", "))")
        }
        guard DataSources.isSized(data) else {
            guard !noExif else { throw UsageError("--no-exif is for --data folder; leave it out") }
            return try DataSources.load(data, from: dataDir)
        }
        guard dataDir != nil else { throw UsageError("--data \(data) needs --data-dir: a folder of class folders") }
        return try DataSources.load(
            data, from: dataDir, preparation: ImagePreparation(size: size(), ignoresOrientation: noExif || ignoringExif)
        )
    }
}
