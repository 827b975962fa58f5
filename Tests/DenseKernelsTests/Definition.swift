import Randomness

// The operations of a DenseNet by their definitions, in Float64: what the kernels are compared with.

/// Maps `[images, channels, size, size]`.
struct Maps {
    let channels: Int
    let size: Int
    var values: [Double]

    init(_ values: [Double], channels: Int, size: Int) {
        (self.values, self.channels, self.size) = (values, channels, size)
    }

    var images: Int { values.count / (channels * size * size) }
    func at(_ image: Int, _ channel: Int, _ y: Int, _ x: Int) -> Double {
        guard 0..<size ~= y, 0..<size ~= x else { return 0 }
        return values[((image * channels + channel) * size + y) * size + x]
    }
    /// Maps whose elements are `element(image, channel, y, x)`.
    static func make(_ images: Int, _ channels: Int, _ size: Int, _ element: (Int, Int, Int, Int) -> Double) -> Maps {
        var values: [Double] = []
        for image in 0..<images {
            for channel in 0..<channels {
                for y in 0..<size { for x in 0..<size { values.append(element(image, channel, y, x)) } }
            }
        }
        return Maps(values, channels: channels, size: size)
    }
    /// Some of the channels, and those of others behind them.
    func selecting(_ chosen: [Int]) -> Maps { Maps.make(images, chosen.count, size) { at($0, chosen[$1], $2, $3) } }
    func appending(_ other: Maps) -> Maps {
        Maps.make(images, channels + other.channels, size) {
            $1 < channels ? at($0, $1, $2, $3) : other.at($0, $1 - channels, $2, $3)
        }
    }
    /// A convolution with weights `[outputs, channels, kernel, kernel]`, padded to keep the size.
    func convolved(_ weights: [Float], outputs: Int, kernel: Int) -> Maps {
        Maps.make(images, outputs, size) { image, output, y, x in
            var sum = 0.0
            for channel in 0..<channels {
                for i in 0..<kernel {
                    for j in 0..<kernel {
                        let weight = weights[((output * channels + channel) * kernel + i) * kernel + j]
                        sum += Double(weight) * at(image, channel, y + i - kernel / 2, x + j - kernel / 2)
                    }
                }
            }
            return sum
        }
    }
    /// BN with given statistics, then ReLU.
    func activated(_ norm: NormValues) -> Maps {
        Maps.make(images, channels, size) { image, c, y, x in
            let deviation = (Double(norm.variance[c]) + 1e-5).squareRoot()
            let normal = (at(image, c, y, x) - Double(norm.mean[c])) / deviation
            return max(0, normal * Double(norm.scale[c]) + Double(norm.shift[c]))
        }
    }
    /// 2×2 average pooling; an odd row or column at the end is left out.
    var pooled: Maps {
        Maps.make(images, channels, size / 2) { image, c, y, x in
            (at(image, c, 2 * y, 2 * x) + at(image, c, 2 * y, 2 * x + 1) + at(image, c, 2 * y + 1, 2 * x)
                + at(image, c, 2 * y + 1, 2 * x + 1)) / 4
        }
    }
    /// The mean of each map `[images, channels]`.
    var means: [Double] {
        (0..<images * channels).map { i in
            values[i * size * size..<(i + 1) * size * size].reduce(0, +) / Double(size * size)
        }
    }
}

/// BN's numbers, none of them a special case.
struct NormValues {
    var scale: [Float]
    var shift: [Float]
    var mean: [Float]
    var variance: [Float]

    init(_ channels: Int, _ random: inout SeededGenerator) {
        scale = uniform(channels, 0.5, 1.5, &random)
        shift = uniform(channels, -0.5, 0.5, &random)
        mean = uniform(channels, -0.3, 0.3, &random)
        variance = uniform(channels, 0.5, 2, &random)
    }
}

func uniform(_ count: Int, _ low: Double, _ high: Double, _ random: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float(random.uniform(low, high)) }
}
/// The largest difference, relative to the largest value.
func relativeError(_ a: [Float], _ b: [Double]) -> Double {
    guard a.count == b.count, let largest = b.map(abs).max() else { return .infinity }
    return zip(a, b).map { abs(Double($0) - $1) }.reduce(0, max) / largest
}
