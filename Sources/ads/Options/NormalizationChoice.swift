import DenseNetArchitecture
import ImageData
import Reporting
import Training

/// What pixels are normalised with, as it is typed.
enum NormalizationChoice: Sendable, Equatable {
    case values(Normalization)
    /// The statistics of a data set's training images.
    case set(String)

    /// Those everybody types; torchvision's for ImageNet, and of all training images of CIFAR.
    private static let named: [String: Normalization?] = [
        "imagenet": Normalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225]),
        "cifar10": Normalization(mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616]),
        "cifar100": Normalization(mean: [0.5071, 0.4865, 0.4409], deviation: [0.2673, 0.2564, 0.2762]),
    ]

    /// torchvision's and timm's, for networks with an ImageNet stem.
    static var imageNet: Normalization? { named["imagenet"] ?? nil }

    /// What weights of others are taken to know images by, where nobody says; `nil` where nothing tells.
    static func known(for architecture: Architecture) -> Normalization? {
        architecture.stem.kind == .imageNet && architecture.inputChannels == 3 ? imageNet : nil
    }

    /// Why those, behind them.
    static let whyKnown = ", as torchvision's networks are; --normalization says otherwise"

    /// The data sets that are loaded by their names alone.
    private static var sets: [String] {
        DataSources.all.map { $0.name }.filter { !DataSources.isSized($0) && $0 != NPZImages.name }
    }

    /// For `transform:` of an option.
    @Sendable static func parse(_ text: String) throws -> NormalizationChoice {
        if let known = named[text] ?? nil { return .values(known) }
        if sets.contains(text) { return .set(text) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
        }
        guard parts.count == 2, let values = Normalization(mean: parts[0], deviation: parts[1]) else {
            let names = Set(named.keys).union(sets).sorted().joined(separator: ", ")
            throw RangeError(
                "\(names), or means and deviations of each channel from 0 to 1, as 0.49,0.48,0.45/0.2,0.2,0.2, are needed"
            )
        }
        return .values(values)
    }

    /// The numbers, for images of so many channels.
    /// - Throws: `UsageError` where they are for others; `DataError`, as below.
    func resolved(channels: Int, with data: DataIdentity? = nil) throws -> Normalization {
        let values = try resolved(with: data)
        guard values.mean.count == channels else {
            throw UsageError("--normalization has \(values.mean.count) channels; the network's images have \(channels)")
        }
        return values
    }

    /// The numbers.
    /// - Parameter data: the data set the command is about; one of the same name is where it is.
    /// - Throws: `DataError` when they are those of a data set that is not there.
    func resolved(with data: DataIdentity? = nil) throws -> Normalization {
        switch self {
        case .values(let values): return values
        case .set(let name):
            let set = if let data, data.name == name { try data.load() } else { try DataSources.load(name) }
            let train = set.train
            return Normalization(of: train, indices: Array(0..<train.count))
        }
    }
}

extension Normalization {
    /// For people, in three digits.
    var rounded: String {
        func text(_ values: [Float]) -> String { values.map { fixed(Double($0) / 255, 3) }.joined(separator: ", ") }
        return "mean \(text(mean)), deviation \(text(deviation))"
    }
}
