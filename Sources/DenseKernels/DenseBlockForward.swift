import CProcessor

/// The dense blocks of plain DenseNets on CPU: forward and backward of a whole block, sparse or dense.
///
/// An instance keeps scratch memory and belongs to one thread.
public final class DenseBlockKernels {
    /// Threads that compute.
    public var threads: Int
    let scratch = Scratch()
    let weightScratch = Scratch()
    /// PyTorch's default epsilon of BN.
    static let epsilon: Float = 1e-5

    /// Kernels that compute with `threads` threads.
    public init(threads: Int) { self.threads = threads }

    /// Whether this build's register tile suits these kernels; elsewhere libtorch's operations are faster.
    public static var areFast: Bool { ADS_HAS_WIDE_TILE != 0 }
    /// The instruction set this build was compiled for.
    public static var builtFor: String { ADS_BUILT_FOR }
    /// What the processor lacks that this build needs; `nil` when nothing.
    public static var missingInstructions: String? { ads_missing_instructions().map { String(cString: $0) } }

    /// Runs a block forward with batch statistics.
    /// - Parameters:
    ///   - maps: the buffer `[images, channels, H, W]`, its input channels filled.
    ///   - parameters: one per layer.
    /// - Returns: every channel's statistics.
    public func forwardTraining(
        _ plan: DenseBlockPlan, _ maps: UnsafeMutablePointer<Float>, images: Int, _ parameters: [DenseLayerParameters]
    ) -> BatchStatistics {
        var statistics = BatchStatistics(
            mean: [Float](repeating: 0, count: plan.channels), variance: [Float](repeating: 0, count: plan.channels))
        measure(plan, maps, images: images, 0..<plan.inputChannels, &statistics)
        for (layer, p) in zip(plan.layers, parameters) {
            let affine = layer.reads.enumerated().map { i, channel -> (Float, Float) in
                let scale = p.scale[i] / (statistics.variance[channel] + Self.epsilon).squareRoot()
                return (scale, p.shift[i] - statistics.mean[channel] * scale)
            }
            run(plan, layer, maps, images: images, affine, p.weight)
            measure(plan, maps, images: images, layer.writes..<layer.writes + plan.growthRate, &statistics)
        }
        return statistics
    }

    /// Runs a block forward with each reader's running statistics: `means[i]`, `variances[i]` per layer.
    public func forwardEvaluation(
        _ plan: DenseBlockPlan, _ maps: UnsafeMutablePointer<Float>, images: Int, _ parameters: [DenseLayerParameters],
        means: [UnsafePointer<Float>], variances: [UnsafePointer<Float>]
    ) {
        for (l, (layer, p)) in zip(plan.layers, parameters).enumerated() {
            let affine = layer.reads.indices.map { i -> (Float, Float) in
                let scale = p.scale[i] / (variances[l][i] + Self.epsilon).squareRoot()
                return (scale, p.shift[i] - means[l][i] * scale)
            }
            run(plan, layer, maps, images: images, affine, p.weight)
        }
    }

    /// One layer of all images: normalise, ReLU and pad what it reads, convolve, drop garbage columns.
    private func run(
        _ plan: DenseBlockPlan, _ layer: DenseBlockPlan.Layer, _ maps: UnsafeMutablePointer<Float>, images: Int,
        _ affine: [(Float, Float)], _ weight: UnsafePointer<Float>
    ) {
        let geometry = plan.geometry
        let reads = layer.reads
        let growth = plan.growthRate
        let tiles = plan.paddedGrowth / 12
        let packed = weightScratch.zeros(tiles * reads.count * 108)
        for o in 0..<growth {
            for c in reads.indices {
                for tap in 0..<9 {
                    packed[((o / 12) * reads.count + c) * 108 + tap * 12 + o % 12] = weight[(o * reads.count + c) * 9 + tap]
                }
            }
        }
        let plane = geometry.planeElements
        let perWorker = reads.count * plane + 12 * geometry.positions
        // Each worker writes its own part of the scratch and its own images.
        nonisolated(unsafe) let work = scratch.zeros(perWorker * threads)
        nonisolated(unsafe) let buffer = maps
        nonisolated(unsafe) let packedWeights = packed
        Workers(threads: threads).run { part, worker in
            let padded = work + worker * perWorker
            let flat = padded + reads.count * plane
            for image in Workers.images(of: part, in: images) {
                let base = buffer + image * plan.channels * plan.pixels
                for (c, channel) in reads.enumerated() {
                    normalizeAndPad(
                        base + channel * plan.pixels, scale: affine[c].0, shift: affine[c].1, padded + c * plane, geometry)
                }
                for tile in 0..<tiles {
                    convolve12(
                        padded, planes: reads.count, planeStride: plane, rowStride: geometry.rowStride,
                        packedWeights + tile * reads.count * 108, flat, positions: geometry.positions)
                    for o in 0..<min(12, growth - tile * 12) {
                        compact(flat + o * geometry.positions, base + (layer.writes + tile * 12 + o) * plan.pixels, geometry)
                    }
                }
            }
        }
    }

    /// Mean and variance of a range of channels, each image's moments combined in a fixed order (Chan et al., 1979).
    private func measure(
        _ plan: DenseBlockPlan, _ maps: UnsafeMutablePointer<Float>, images: Int, _ channels: Range<Int>,
        _ statistics: inout BatchStatistics
    ) {
        var moments = [(sum: Double, squares: Double)](repeating: (0, 0), count: channels.count * images)
        moments.withUnsafeMutableBufferPointer { out in
            nonisolated(unsafe) let out = out
            nonisolated(unsafe) let maps = maps
            Workers(threads: threads).run { part, _ in
                for image in Workers.images(of: part, in: images) {
                    for (c, channel) in channels.enumerated() {
                        out[c * images + image] = planeMoments(
                            maps + (image * plan.channels + channel) * plan.pixels, plan.pixels)
                    }
                }
            }
        }
        let pixels = Double(plan.pixels)
        for (c, channel) in channels.enumerated() {
            let own = moments[c * images..<(c + 1) * images]
            let mean = own.reduce(0) { $0 + $1.sum } / (pixels * Double(images))
            let squares = own.reduce(0) { $0 + $1.squares + ($1.sum / pixels - mean) * ($1.sum / pixels - mean) * pixels }
            statistics.mean[channel] = Float(mean)
            statistics.variance[channel] = Float(squares / (pixels * Double(images)))
        }
    }
}
