import DenseNetArchitecture
import ImageData
import Runs
import Training

/// Whether a command with --resume goes on with what its folder holds: everything else may then be left out.
/// - Throws: `UsageError` when there is nothing to go on with.
func continues(_ resume: Bool, _ folder: RunFolder, _ data: DataOptions, _ what: String) throws -> Bool {
    guard resume else { return false }
    if folder.exists { return true }
    if data.data == nil {
        throw UsageError("there is no \(what) in \(folder.path) to continue; start one with --data and --arch")
    }
    return false
}

/// The data set and the network that a new run is about.
/// - Parameter refusal: why the command takes no --connectivity, where it takes none.
/// - Throws: `UsageError` when one is not named; `DataError`, `FileError`.
func chosen(
    _ data: DataOptions, _ network: NetworkOptions, seed: UInt64 = 0, refusing refusal: String? = nil
) throws -> (set: DataSet, network: Network) {
    if let refusal, network.connectivity != nil { throw UsageError("\(refusal); leave --connectivity out") }
    let noArchitecture = UsageError("--arch is needed, such as densenet-40-12")
    let loaded = try data.load {
        guard let own = try network.network() else { throw noArchitecture }
        return own.architecture.imageSize
    }
    guard let set = loaded else { throw UsageError("--data is needed: cifar10, cifar100, shapes or folder") }
    guard
        let value = try network.network(
            classes: set.classNames.count, channels: set.train.channels, size: set.train.size, seed: seed)
    else { throw noArchitecture }
    return (set, value)
}
