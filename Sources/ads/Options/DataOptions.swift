import ArgumentParser
import ImageData

/// Which images: `--data`, `--data-dir`.
struct DataOptions: ParsableArguments {
    @Option(help: "cifar10, cifar100, or shapes (generated, built in).")
    var data: String?

    @Option(help: "The folder of the data, or its parent; else $ADS_DATA, else ~/.cache/ads-data.")
    var dataDir: String?

    /// Loads the data; `nil` when no `--data` was given.
    func load() throws -> DataSet? {
        guard let data else { return nil }
        guard DataSources.all.contains(where: { $0.name == data }) else {
            throw UsageError(
                "unknown data set '\(data)'; known are \(DataSources.all.map { $0.name }.joined(separator: ", "))")
        }
        return try DataSources.load(data, from: dataDir)
    }
}
