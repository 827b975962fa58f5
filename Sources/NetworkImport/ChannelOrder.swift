import DenseNetArchitecture
import Foundation
import WeightFiles

/// In which order a file's layers read their inputs: torchvision puts a layer's new maps behind the old ones, other
/// code, kuangliu's for instance, in front of them, and no name says so.
///
/// The running statistics tell. A map has the same mean and variance for whoever reads it, so that those of one layer
/// stand again in the next one's, at the start where new maps come last, at the end where they come first.
enum ChannelOrder {
    case newLast
    case newFirst
    /// The statistics are those of neither, or of both, as before any training.
    case unknown

    /// Shares of channels above which statistics are said to agree, and below which to disagree: a few maps that are
    /// always zero agree with one another.
    private static let (agrees, disagrees) = (0.95, 0.5)

    /// The order that float32 weights of a dense network are in.
    init(_ weights: [String: StoredTensor], _ network: Network) {
        var (last, first, all) = (0, 0, 0)
        for (b, block) in network.blocks.enumerated() {
            let norms = block.layers.map { "features.denseblock\(b + 1).denselayer\($0.index).norm1" }
            let readers = norms + [network.endNorm(b)]
            for (one, next) in zip(readers, readers.dropFirst()) {
                let statistics = ["running_mean", "running_var"].map { part in
                    (weights["\(one).\(part)"]?.floats ?? [], weights["\(next).\(part)"]?.floats ?? [])
                }
                guard statistics.allSatisfy({ $0.0.count <= $0.1.count }) else { continue }
                for channel in 0..<(statistics[0].0.count) {
                    let shift = statistics[0].1.count - statistics[0].0.count
                    all += 1
                    if statistics.allSatisfy({ Self.close($0.0[channel], $0.1[channel]) }) { last += 1 }
                    if statistics.allSatisfy({ Self.close($0.0[channel], $0.1[channel + shift]) }) { first += 1 }
                }
            }
        }
        let (lastShare, firstShare) = (Double(last) / Double(max(all, 1)), Double(first) / Double(max(all, 1)))
        if lastShare >= Self.agrees, firstShare < Self.disagrees {
            self = .newLast
        } else if firstShare >= Self.agrees, lastShare < Self.disagrees {
            self = .newFirst
        } else {
            self = .unknown
        }
    }

    private static func close(_ a: Float, _ b: Float) -> Bool { abs(a - b) <= 1e-3 * (abs(a) + abs(b)) }

    /// Weights whose new maps come first, in torchvision's order.
    static func reversed(_ weights: [String: StoredTensor], _ network: Network) -> [String: StoredTensor] {
        var weights = weights
        func reorder(_ norm: String, _ reader: String, _ block: Network.Block, layers: Int) {
            // In the file: the last layer's maps, ..., the first layer's, the block's input.
            let growth = network.architecture.growthRate
            let channels =
                (0..<block.nodeChannels[0]).map { layers * growth + $0 }
                + (0..<layers).flatMap { layer in (0..<growth).map { (layers - 1 - layer) * growth + $0 } }
            for part in ["weight", "bias", "running_mean", "running_var"] {
                weights["\(norm).\(part)"] = weights["\(norm).\(part)"]?.selecting(channels, dimension: 0)
            }
            weights[reader] = weights[reader]?.selecting(channels, dimension: 1)
        }
        for (b, block) in network.blocks.enumerated() {
            for layer in block.layers {
                let name = "features.denseblock\(b + 1).denselayer\(layer.index)"
                reorder(name + ".norm1", name + ".conv1.weight", block, layers: layer.index - 1)
            }
            let isLast = block.transitionChannels == nil
            let reader = isLast ? "classifier.weight" : "features.transition\(b + 1).conv.weight"
            reorder(network.endNorm(b), reader, block, layers: block.layers.count)
        }
        return weights
    }
}

extension Network {
    /// The BN at a block's end.
    fileprivate func endNorm(_ block: Int) -> String {
        blocks[block].transitionChannels == nil ? "features.norm5" : "features.transition\(block + 1).norm"
    }
}

extension StoredTensor {
    /// Some entries of a dimension of a float32 array, in their order.
    fileprivate func selecting(_ entries: [Int], dimension: Int) -> StoredTensor {
        let inner = shape[(dimension + 1)...].reduce(4, *)
        let outer = shape[..<dimension].reduce(1, *)
        var out = Data(capacity: outer * entries.count * inner)
        for row in 0..<outer {
            for entry in entries {
                let start = bytes.startIndex + (row * shape[dimension] + entry) * inner
                out.append(bytes[start..<start + inner])
            }
        }
        var sizes = shape
        sizes[dimension] = entries.count
        return StoredTensor(type: type, shape: sizes, bytes: out)
    }
}
