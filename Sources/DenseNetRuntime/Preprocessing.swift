import ImageResizing

/// What becomes of an image before the network sees it: its middle as a square of `size` pixels (`RGBImage.squared`),
/// minus the mean, over the deviation, channel by channel. The same operations as in training, so the same bits.
public struct Preprocessing: Codable, Hashable, Sendable {
    /// Height and width of what the network takes, in pixels.
    public let size: Int
    /// Mean of each channel, in units of 0...255.
    public let mean: [Float]
    /// Standard deviation of each channel, in units of 0...255.
    public let deviation: [Float]

    /// What images go through; what no network takes is refused where a network is made with it.
    public init(size: Int, mean: [Float], deviation: [Float]) {
        (self.size, self.mean, self.deviation) = (size, mean, deviation)
    }

    func check(channels: Int) throws {
        guard mean.count == channels, deviation.count == channels else {
            throw ClassifierError(
                "\(mean.count) means and \(deviation.count) deviations normalise no images of \(channels) channels")
        }
        guard mean.allSatisfy(\.isFinite), deviation.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw ClassifierError("images are normalised by \(mean) and \(deviation); deviations are over 0")
        }
    }

    /// An image as the network takes it: `[3, size, size]`.
    func planes(of image: RGBImage) throws -> [Float] {
        let (square, plane) = (try image.squared(size).pixels, size * size)
        return [Float](unsafeUninitializedCapacity: 3 * plane) { out, count in
            for c in 0..<3 {
                let values = (0..<256).map { (Float($0) - mean[c]) / deviation[c] }
                for pixel in 0..<plane { out[c * plane + pixel] = values[Int(square[pixel * 3 + c])] }
            }
            count = 3 * plane
        }
    }
}
