import DenseNetArchitecture

/// What the run's own network says of a few images: what everything that is exported is compared with.
public struct ReferenceLogits: Sendable {
    /// The images `[N, C, H, W]`.
    public let pixels: [UInt8]
    /// The logits `[N, classes]`.
    public let logits: [Float]
    /// The number of images.
    public let count: Int
    /// How much a logit may differ, of the largest one's size: hundreds of roundings of float32, far below any mistake.
    static let tolerance = 1e-4
    /// What counts as the largest where all are smaller, as sums of larger terms are not rounded to their own size.
    static let smallestSize = 0.01

    /// Some images with their logits.
    /// - Throws: `ExportError` when the logits are no finite numbers.
    public init(pixels: [UInt8], logits: [Float], count: Int) throws {
        guard logits.allSatisfy(\.isFinite) else {
            throw ExportError("the network's logits are no finite numbers: its training diverged; export another run")
        }
        self.pixels = pixels
        self.logits = logits
        self.count = count
    }

    /// How many images are compared: at least two, so that a batch is one; more where they cost little.
    public static func count(for network: Network) -> Int { max(2, min(4, 2_000_000_000 / max(1, network.cost.macs))) }

    /// So many images `[N, C, H, W]`: pixel k of all is (k² + 7k) mod 65521 mod 256, which any language computes.
    public static func pixels(count: Int, for architecture: Architecture) -> [UInt8] {
        let pixels = count * architecture.inputChannels * architecture.imageSize * architecture.imageSize
        return (0..<pixels).map { UInt8(truncatingIfNeeded: ($0 * $0 + 7 * $0) % 65_521) }
    }

    /// The largest difference of logits that should be these.
    /// - Throws: `ExportError` where they are others.
    func difference(from other: [Float], of what: String) throws -> Double {
        guard other.count == logits.count else {
            throw ExportError("\(what) gives \(other.count) logits, the network \(logits.count); nothing is kept")
        }
        let largest = zip(logits, other).reduce(0.0) { max($0, $1.0 == $1.1 ? 0 : abs(Double($1.0) - Double($1.1))) }
        let size = logits.reduce(Self.smallestSize) { max($0, abs(Double($1))) }
        guard other.allSatisfy(\.isFinite), largest <= Self.tolerance * size else {
            throw ExportError(
                "\(what) disagrees with the network: logits differ by up to \(largest); nothing is kept, please report it"
            )
        }
        return largest
    }
}
