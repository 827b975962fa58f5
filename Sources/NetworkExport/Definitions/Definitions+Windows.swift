/// A kernel that is moved over maps.
struct Window {
    let kernel: Int
    let stride: Int
    let padding: Int

    /// A square window.
    /// - Throws: `ExportError` with a clause where it is none.
    init(kernel: Int, stride: Int, padding: Int) throws {
        guard 1...64 ~= kernel, 1...64 ~= stride, 0..<kernel ~= padding else {
            throw ExportError("a window of \(kernel), \(stride), \(padding) is none")
        }
        (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
    }

    /// The size of what it makes of maps of a size.
    func output(of size: Int) throws -> Int {
        guard size + 2 * padding >= kernel else {
            throw ExportError("maps of \(size) are smaller than the window of \(kernel)")
        }
        return (size + 2 * padding - kernel) / stride + 1
    }
}

extension Definitions {
    /// The largest or the mean of each window; what lies outside of the maps counts as nothing.
    mutating func pooled(_ x: Maps, _ window: Window, maximum: Bool) throws -> Maps {
        let (images, channels, plane) = try layout(x)
        guard maximum || window.padding == 0 else { throw ExportError("a padded mean is not computed here") }
        let (height, width) = (x.shape[2], x.shape[3])
        let (rows, columns) = (try window.output(of: height), try window.output(of: width))
        try spend(images * channels, rows * columns, window.kernel * window.kernel)
        var out: [Float] = []
        out.reserveCapacity(images * channels * rows * columns)
        for map in 0..<images * channels {
            for row in 0..<rows {
                for column in 0..<columns {
                    let (y, x0) = (row * window.stride - window.padding, column * window.stride - window.padding)
                    var (largest, sum) = (-Float.infinity, Float(0))
                    for i in max(0, y)..<min(height, y + window.kernel) {
                        for j in max(0, x0)..<min(width, x0 + window.kernel) {
                            let value = x.values[map * plane + i * width + j]
                            largest = max(largest, value)
                            sum += value
                        }
                    }
                    out.append(maximum ? largest : sum / Float(window.kernel * window.kernel))
                }
            }
        }
        return Maps([images, channels, rows, columns], out)
    }

    /// A convolution by its definition. Rows of the padded map follow one another, so that with a stride of 1 a tap is
    /// one long row of products; what falls between the output's rows is computed and left.
    mutating func convolution(_ x: Maps, _ weight: Maps, _ window: Window) throws -> Maps {
        let (images, channels, plane) = try layout(x)
        let taps = window.kernel * window.kernel
        guard weight.shape.count == 4, weight.shape[1...] == [channels, window.kernel, window.kernel] else {
            throw ExportError("weights of \(weight.shape) for \(channels) channels and a kernel of \(window.kernel)")
        }
        let (outputs, height, width) = (weight.shape[0], x.shape[2], x.shape[3])
        let (rows, columns) = (try window.output(of: height), try window.output(of: width))
        let padded = (height: height + 2 * window.padding, width: width + 2 * window.padding)
        try spend(images * outputs, channels * taps, padded.height * padded.width)
        // Where each term of an output's sum begins.
        let offsets = (0..<channels * taps).map { term in
            let (channel, tap) = (term / taps, term % taps)
            return channel * padded.height * padded.width + tap / window.kernel * padded.width + tap % window.kernel
        }
        let length = (padded.height - window.kernel) * padded.width + padded.width - window.kernel + 1
        var out: [Float] = []
        out.reserveCapacity(images * outputs * rows * columns)
        for n in 0..<images {
            var input = [Float](repeating: 0, count: channels * padded.height * padded.width)
            for c in 0..<channels {
                for i in 0..<height {
                    let from = (n * channels + c) * plane + i * width
                    let to = (c * padded.height + i + window.padding) * padded.width + window.padding
                    input.replaceSubrange(to..<to + width, with: x.values[from..<from + width])
                }
            }
            for o in 0..<outputs {
                let own = weight.values[o * channels * taps..<(o + 1) * channels * taps]
                let sums = Self.sums(input, offsets, Array(own), count: length)
                for i in 0..<rows {
                    for j in 0..<columns { out.append(sums[(i * padded.width + j) * window.stride]) }
                }
            }
        }
        return Maps([images, outputs, rows, columns], out)
    }

    /// The weighted sums of as many values behind each offset, four terms at a time.
    private static func sums(_ input: [Float], _ offsets: [Int], _ weights: [Float], count: Int) -> [Float] {
        var out = [Float](repeating: 0, count: count)
        input.withUnsafeBufferPointer { input in
            out.withUnsafeMutableBufferPointer { out in
                var term = 0
                while term + 4 <= weights.count {
                    let (w0, w1, w2, w3) = (weights[term], weights[term + 1], weights[term + 2], weights[term + 3])
                    let (o0, o1, o2, o3) = (offsets[term], offsets[term + 1], offsets[term + 2], offsets[term + 3])
                    for i in 0..<count {
                        out[i] += w0 * input[o0 + i] + w1 * input[o1 + i] + (w2 * input[o2 + i] + w3 * input[o3 + i])
                    }
                    term += 4
                }
                while term < weights.count {
                    for i in 0..<count { out[i] += weights[term] * input[offsets[term] + i] }
                    term += 1
                }
            }
        }
        return out
    }
}
