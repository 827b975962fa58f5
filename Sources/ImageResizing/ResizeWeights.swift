/// What each pixel along one side of a resized image is made of: neighbouring pixels of the original's side, weighted
/// by a triangle that is as wide as a pixel of the smaller of the two.
///
/// The arithmetic is Pillow's (https://github.com/python-pillow/Pillow, src/libImaging/Resample.c, `precompute_coeffs`
/// and `normalize_coeffs_8bpc` of BILINEAR) in its order, so that the weights are the same to the last bit.
struct ResizeWeights {
    /// A weight of 1, as a power of two: 8 bits are a channel's, two are left for sums over 1.
    static let bits: Int32 = 22
    /// What a sum of weighted bytes begins with, to be rounded.
    static let half: Int32 = 1 << (bits - 1)

    /// The first pixel that each output is made of.
    private(set) var starts: [Int] = []
    /// How many pixels each is made of.
    private(set) var counts: [Int] = []
    /// The weights of each output, `[outputs, taps]`; only the first `counts` of a row mean something.
    private(set) var weights: [Int32]
    /// The most pixels an output is made of.
    let taps: Int
    /// Pixels along the whole resized side.
    let newLength: Int

    /// The weights that make a side of `length` pixels one of `newLength`, of which only `outputs` are wanted.
    init(from length: Int, to newLength: Int, outputs: Range<Int>) {
        self.newLength = newLength
        let scale = Double(length) / Double(newLength)
        let support = max(scale, 1)
        taps = min(length, Int(support.rounded(.up)) * 2 + 1)
        weights = [Int32](repeating: 0, count: outputs.count * taps)
        var values = [Double](repeating: 0, count: taps)
        for (row, output) in outputs.enumerated() {
            let center = (Double(output) + 0.5) * scale
            let start = max(0, Int(center - support + 0.5))
            let count = min(length, Int(center + support + 0.5)) - start
            var sum = 0.0
            for i in 0..<count {
                let distance = abs((Double(i + start) - center + 0.5) * (1 / support))
                values[i] = max(0, 1 - distance)
                sum += values[i]
            }
            for i in 0..<count {
                weights[row * taps + i] = Int32(0.5 + values[i] / sum * Double(1 << Self.bits))
            }
            starts.append(start)
            counts.append(count)
        }
    }

    /// The pixels of the original's side that any output is made of.
    var inputs: Range<Int> {
        guard let first = starts.first, let start = starts.last, let count = counts.last else { return 0..<0 }
        return first..<start + count
    }
}
