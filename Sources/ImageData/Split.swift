import Randomness

/// Which training images are trained on and which are held out to validate.
public struct Split: Sendable, Equatable {
    /// Indices trained on, ascending.
    public let train: [Int]
    /// Indices held out, ascending.
    public let validation: [Int]

    /// Holds out a tenth of `count` images (5,000 of CIFAR's, as the DenseNet paper), drawn by `seed`.
    /// - Parameters:
    ///   - limit: keeps so many of the images to train on, drawn by the seed: the first ones of a set in class order
    ///     are of one class.
    ///   - limitValidation: keeps so many of those held out, in the same way.
    ///   - holdOut: `false` trains on everything, with nothing to validate on.
    public init(count: Int, seed: UInt64, limit: Int? = nil, limitValidation: Int? = nil, holdOut: Bool = true) {
        var generator = SeededGenerator(seed: seed, stream: 0x5B)
        let order = generator.permutation(count)
        let held = holdOut ? max(1, count / 10) : 0
        validation = order.prefix(held).prefix(limitValidation ?? .max).sorted()
        train = order.dropFirst(held).prefix(limit ?? .max).sorted()
    }

    /// Holds out what a data set has to validate on, else as above, where it says so from each class alike.
    public init(
        of data: DataSet, seed: UInt64, limit: Int? = nil, limitValidation: Int? = nil, holdOut: Bool = true
    ) {
        let count = data.train.count
        guard holdOut, data.heldOut != .drawn else {
            self.init(count: count, seed: seed, limit: limit, limitValidation: limitValidation, holdOut: holdOut)
            return
        }
        var generator = SeededGenerator(seed: seed, stream: 0x5B)
        let order = generator.permutation(count)
        var isHeld = [Bool](repeating: false, count: count)
        if case .last(let held) = data.heldOut {
            for i in count - held..<count { isHeld[i] = true }
        } else {
            // At least one of each class, and never the only one.
            let counts = data.train.labels.reduce(into: [Int32: Int]()) { $0[$1, default: 0] += 1 }
            var left = counts.mapValues { $0 < 2 ? 0 : max(1, $0 / 10) }
            for i in order where left[data.train.labels[i], default: 0] > 0 {
                left[data.train.labels[i], default: 0] -= 1
                isHeld[i] = true
            }
        }
        self.init(
            train: order.filter { !isHeld[$0] }.prefix(limit ?? .max).sorted(),
            validation: order.filter { isHeld[$0] }.prefix(limitValidation ?? .max).sorted())
    }

    private init(train: [Int], validation: [Int]) { (self.train, self.validation) = (train, validation) }

    /// So many of the images trained on, drawn by a seed and in the order they were drawn: each batch of them is of all
    /// classes.
    public func sample(_ count: Int, seed: UInt64) -> [Int] {
        var generator = SeededGenerator(seed: seed, stream: 0x5C)
        return generator.permutation(train.count).prefix(count).map { train[$0] }
    }
}

/// What makes pixels zero mean and unit deviation, per channel, in units of 0...255.
public struct Normalization: Codable, Hashable, Sendable {
    /// Mean per channel.
    public let mean: [Float]
    /// Standard deviation per channel.
    public let deviation: [Float]

    /// Decodes and checks: as many deviations as means, all finite, deviations over 0.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mean = try container.decode([Float].self, forKey: .mean)
        deviation = try container.decode([Float].self, forKey: .deviation)
        guard !mean.isEmpty, mean.count == deviation.count, mean.allSatisfy(\.isFinite),
            deviation.allSatisfy({ $0.isFinite && $0 > 0 })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .deviation, in: container,
                debugDescription: "a mean and a deviation over 0 are needed for each channel")
        }
    }

    /// Means and deviations per channel of pixels over 255; `nil` where they are none: means from 0 to 1, as many
    /// deviations, over 0 up to 1.
    public init?(mean: [Double], deviation: [Double]) {
        guard !mean.isEmpty, mean.count == deviation.count, mean.allSatisfy({ 0...1 ~= $0 }),
            deviation.allSatisfy({ $0 > 0 && $0 <= 1 })
        else { return nil }
        (self.mean, self.deviation) = (mean.map { Float($0 * 255) }, deviation.map { Float($0 * 255) })
        guard self.deviation.allSatisfy({ $0 > 0 }) else { return nil }
    }

    /// As `--normalization` takes it: means, a slash, deviations, of pixels over 255; it comes back as the same bits.
    package var typed: String {
        [mean, deviation].map { $0.map { "\(Double($0) / 255)" }.joined(separator: ",") }.joined(separator: "/")
    }

    /// The statistics of the given images.
    public init(of set: ImageSet, indices: [Int]) {
        let plane = set.size * set.size
        var mean: [Float] = []
        var deviation: [Float] = []
        for c in 0..<set.channels {
            // A histogram counts exactly, whatever the order.
            var histogram = [Int](repeating: 0, count: 256)
            set.pixels.withUnsafeBytes { pixels in
                for i in indices {
                    let start = i * set.imageBytes + c * plane
                    for p in start..<start + plane { histogram[Int(pixels[p])] += 1 }
                }
            }
            let n = Double(max(1, indices.count * plane))
            let m = histogram.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) } / n
            let v =
                histogram.enumerated().reduce(0.0) {
                    $0 + (Double($1.offset) - m) * (Double($1.offset) - m) * Double($1.element)
                } / n
            mean.append(Float(m))
            deviation.append(Float(max(v.squareRoot(), 1e-3)))
        }
        self.mean = mean
        self.deviation = deviation
    }
}
