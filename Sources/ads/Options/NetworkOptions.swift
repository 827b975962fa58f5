import ArgumentParser
import DenseNetArchitecture
import Foundation
import Runs
import Training

/// Which network: `--arch`, `--stem`, `--image-size`, `--connectivity`.
struct NetworkOptions: ParsableArguments {
    @Option(
        help:
            "densenet-L-k (densenet-40-12), densenet-bc-L-k, densenet121, densenet161, densenet169, densenet201, or a JSON file.",
        completion: .list([
            "densenet-40-12", "densenet-bc-100-12", "densenet121", "densenet161", "densenet169", "densenet201",
        ]))
    var arch: String?

    @Option(help: "Channels of the stem, where not the architecture's own.", transform: Whole.channels.parse)
    var stem: Int?

    @Option(
        help: "Height and width of the network's images, where not the architecture's own.",
        transform: Whole(1...4096).parse)
    var imageSize: Int?

    @Option(
        help:
            "dense, log, harmonic, nearest[:N], far-near:N, random:P, or a JSON file of matrices; search and calibrate, which draw their own, take none.",
        completion: .list(["dense", "log", "harmonic", "nearest", "far-near:", "random:"]))
    var connectivity: String?

    /// The network, for images of the given classes; `nil` when no `--arch` was given.
    /// - Parameter isRecognized: whether a file tells the network then, whose images may have another size.
    func network(
        classes: Int? = nil, channels: Int? = nil, size: Int? = nil, seed: UInt64 = 0, isRecognized: Bool = false
    ) throws -> Network? {
        guard let arch else {
            if stem != nil || connectivity != nil { throw UsageError("--stem and --connectivity need --arch") }
            if imageSize != nil, !isRecognized { throw UsageError("--image-size needs --arch") }
            if let size { try check(size: size) }
            return nil
        }
        var architecture: Architecture
        var stored: Connectivity?
        do {
            if arch.hasSuffix(".json") {
                if let network = try? RunFolder.decode(Network.self, arch) {
                    (architecture, stored) = (network.architecture, network.connectivity)
                } else {
                    architecture = try RunFolder.decode(Architecture.self, arch)
                }
            } else {
                architecture = try Architecture(named: arch)
            }
            if let stem { architecture.stem.channels = stem }
            if let classes { architecture.classes = classes }
            if let channels { architecture.inputChannels = channels }
            if let imageSize { architecture.imageSize = imageSize }
            if let size {
                try check(size: size)
                architecture.imageSize = size
            }
            try architecture.validate()
            if let connectivity {
                stored =
                    try connectivity.hasSuffix(".json")
                    ? RunFolder.decode(Connectivity.self, connectivity)
                    : Connectivity(ConnectivityPatterns.parse(connectivity), for: architecture, seed: seed)
            }
            return try Network(architecture, stored)
        } catch let error as ArchitectureError {
            throw UsageError("\(error)")
        }
    }

    /// Refuses a size that the images have not.
    private func check(size: Int) throws {
        guard let imageSize, imageSize != size else { return }
        throw UsageError("--image-size is \(imageSize), but the images have \(size) pixels; leave it out")
    }

    /// What a comparison calls the network: its connectivity's name.
    func label(_ network: Network) -> String {
        if network.connectivity == .dense(network.architecture) { return "dense" }
        guard let connectivity else { return "given" }
        return connectivity.hasSuffix(".json")
            ? URL(fileURLWithPath: connectivity).deletingPathExtension().lastPathComponent : connectivity
    }
}
