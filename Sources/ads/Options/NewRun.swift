import DenseNetArchitecture
import ImageData
import NetworkImport
import Reporting
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
/// - Parameters:
///   - refusal: why the command takes no --connectivity, where it takes none.
///   - weights: a file whose network it is where none is named.
/// - Throws: `UsageError` when one is not named; `DataError`, `FileError`.
func chosen(
    _ data: DataOptions, _ network: NetworkOptions, seed: UInt64 = 0, refusing refusal: String? = nil,
    recognizing weights: String? = nil
) throws -> (set: DataSet, network: Network) {
    if let refusal, network.connectivity != nil { throw UsageError("\(refusal); leave --connectivity out") }
    let noArchitecture = UsageError("--arch is needed, such as densenet-40-12")
    let loaded = try data.load {
        if let own = try network.network(isRecognized: weights != nil) { return own.architecture.imageSize }
        guard let weights else { throw noArchitecture }
        return try network.imageSize ?? recognized(weights).architecture.imageSize
    }
    guard let set = loaded else {
        throw UsageError("--data is needed: \(DataOptions.known)")
    }
    guard
        let value = try network.network(
            classes: set.classNames.count, channels: set.train.channels, size: set.train.size, seed: seed,
            isRecognized: weights != nil)
    else {
        guard let weights else { throw noArchitecture }
        var own = try recognized(weights)
        var architecture = own.architecture
        (architecture.imageSize, architecture.classes) = (set.train.size, set.classNames.count)
        own = try Network(architecture, own.connectivity)
        return (set, own)
    }
    return (set, value)
}

/// Says that a file's connections are left aside, where it holds a pruned network's. The folder of a search does, whose
/// report names it for the architecture.
func tellOfConnections(_ value: Network, _ options: NetworkOptions, _ console: Console) {
    guard let arch = options.arch, value.connectivity != .dense(value.architecture) else { return }
    console.line("the connections in \(arch) are left aside: all of its architecture's are decided anew")
}

/// The network of a file of weights: its run's, or the one that its tensors tell.
private func recognized(_ weights: String) throws -> Network {
    try RunFolder(ofWeights: weights)?.network() ?? NetworkImport(contentsOf: weights).network
}
