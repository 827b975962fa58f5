import DenseNetArchitecture
import Files
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
///   - dense: a run whose network it is then.
/// - Throws: `UsageError` when one is not named; `DataError`, `FileError`.
func chosen(
    _ data: DataOptions, _ network: NetworkOptions, seed: UInt64 = 0, refusing refusal: String? = nil,
    recognizing weights: String? = nil, of dense: String? = nil
) throws -> (set: DataSet, network: Network) {
    if let refusal, network.connectivity != nil { throw UsageError("\(refusal); leave --connectivity out") }
    let weights = try weights ?? (network.arch == nil ? dense : nil).map(weightsOfRun)
    let noArchitecture = UsageError(
        "--arch is needed, such as densenet-40-12, where neither --weights of a training nor --dense of a search tells the network"
    )
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
        let own = try recognized(weights)
        var architecture = own.architecture
        (architecture.imageSize, architecture.classes) = (set.train.size, set.classNames.count)
        // Parts of a network are of its images and classes; a training may be of others.
        if let dense, architecture != own.architecture || set.train.channels != own.architecture.inputChannels {
            func text(_ size: Int, _ channels: Int, _ classes: Int) -> String {
                "\(size)×\(size) images of \(plural(channels, "channel")) and \(classes) classes"
            }
            let a = own.architecture
            throw UsageError(
                "\(dense) is for \(text(a.imageSize, a.inputChannels, a.classes)), and --data gives \(text(set.train.size, set.train.channels, set.classNames.count))"
            )
        }
        return (set, try Network(architecture, own.connectivity))
    }
    return (set, value)
}

/// The weights of a run, whose network is meant.
private func weightsOfRun(_ path: String) throws -> String {
    let run = RunFolder(path)
    guard run.exists else { throw FileError("\(path) holds no run: there is no \(run.configuration)") }
    return run.weights
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
