/// The gradients of one layer's parameters.
public struct DenseLayerGradients: Sendable {
    /// Of BN's scale.
    public var scale: [Float]
    /// Of BN's shift.
    public var shift: [Float]
    /// Of the weights `[growthRate][reads][3][3]`.
    public var weight: [Float]
}

extension DenseBlockKernels {
    /// Runs a block backward, with batch statistics.
    ///
    /// A BN's gradient to its input has a part of its own per image and two parts, constant and proportional to the
    /// input, that are known only after the whole batch. The latter are the same for a channel whoever reads it, so
    /// they are summed over all readers and subtracted once, when the channel's own producer is reached.
    /// - Parameters:
    ///   - maps: the buffer the forward pass left.
    ///   - gradient: the gradient of the buffer `[images, channels, H, W]`; overwritten, its input channels with the
    ///     gradient of the block's input.
    /// - Returns: each layer's gradients.
    public func backward(
        _ plan: DenseBlockPlan, _ maps: UnsafePointer<Float>, images: Int, _ parameters: [DenseLayerParameters],
        _ statistics: BatchStatistics, gradient: UnsafeMutablePointer<Float>
    ) -> [DenseLayerGradients] {
        var correction = Correction(channels: plan.channels)
        var gradients: [DenseLayerGradients] = []
        for (layer, p) in zip(plan.layers, parameters).reversed() {
            gradients.append(
                backward(plan, layer, maps, images: images, p, statistics, gradient: gradient, &correction))
        }
        // The block's input has no producer here: its correction is subtracted in place.
        let (constant, slope) = (correction.constant, correction.slope)
        nonisolated(unsafe) let out = gradient
        nonisolated(unsafe) let maps = maps
        Workers(threads: threads).run { part, _ in
            for image in Workers.images(of: part, in: images) {
                for channel in 0..<plan.inputChannels {
                    let offset = (image * plan.channels + channel) * plan.pixels
                    subtract(out + offset, maps + offset, constant[channel], slope[channel], plan.pixels)
                }
            }
        }
        return gradients.reversed()
    }

    /// What is still to be subtracted from each channel's gradient: `constant + slope · x`.
    private struct Correction {
        var constant: [Float]
        var slope: [Float]
        init(channels: Int) {
            constant = [Float](repeating: 0, count: channels)
            slope = constant
        }
    }

    private func backward(
        _ plan: DenseBlockPlan, _ layer: DenseBlockPlan.Layer, _ maps: UnsafePointer<Float>, images: Int,
        _ p: DenseLayerParameters, _ statistics: BatchStatistics, gradient: UnsafeMutablePointer<Float>,
        _ correction: inout Correction
    ) -> DenseLayerGradients {
        let geometry = plan.geometry
        let (reads, growth, outputs) = (layer.reads, plan.growthRate, plan.paddedGrowth)
        let inputTiles = (reads.count + 11) / 12
        let deviation = reads.map { 1 / (statistics.variance[$0] + Self.epsilon).squareRoot() }
        let scale = reads.indices.map { p.scale[$0] * deviation[$0] }
        let shift = reads.indices.map { p.shift[$0] - statistics.mean[reads[$0]] * scale[$0] }
        let mean = reads.map { statistics.mean[$0] }
        let (constant, slope) = (correction.constant, correction.slope)

        // Backward to the input is a convolution of the output's gradient with the kernel turned round.
        let packed = weightScratch.zeros(inputTiles * growth * 108 + Workers.parts * reads.count * (9 * outputs + 2))
        for c in reads.indices {
            for o in 0..<growth {
                for tap in 0..<9 {
                    packed[((c / 12) * growth + o) * 108 + (8 - tap) * 12 + c % 12] = p.weight[(o * reads.count + c) * 9 + tap]
                }
            }
        }
        let partials = packed + inputTiles * growth * 108
        let partialSize = reads.count * (9 * outputs + 2)
        let plane = geometry.planeElements
        let perWorker = (reads.count + outputs) * plane + 12 * geometry.positions + 18 * 16
        nonisolated(unsafe) let work = scratch.zeros(perWorker * threads)
        nonisolated(unsafe) let (maps, gradient, sums, turned) = (maps, gradient, partials, packed)
        Workers(threads: threads).run { part, worker in
            let padded = work + worker * perWorker
            let incoming = padded + reads.count * plane
            let flat = incoming + outputs * plane
            let lanes = flat + 12 * geometry.positions
            let weightSums = sums + part * partialSize
            let normSums = weightSums + reads.count * 9 * outputs
            for image in Workers.images(of: part, in: images) {
                let base = maps + image * plan.channels * plan.pixels
                let grads = gradient + image * plan.channels * plan.pixels
                for (c, channel) in reads.enumerated() {
                    normalizeAndPad(
                        base + channel * plan.pixels, scale: scale[c], shift: shift[c], padded + c * plane, geometry)
                }
                for o in 0..<growth {
                    let channel = layer.writes + o
                    correctAndPad(
                        grads + channel * plan.pixels, base + channel * plan.pixels, constant: constant[channel],
                        slope: slope[channel], incoming + o * plane, geometry)
                }
                for o in stride(from: 0, to: growth, by: 6) {
                    addWeightGradient6(
                        padded, planes: reads.count, planeStride: plane, rowStride: geometry.rowStride,
                        incoming + o * plane + geometry.origin, weightSums + o, outputs: outputs,
                        positions: geometry.positions, lanes: lanes)
                }
                for tile in 0..<inputTiles {
                    convolve12(
                        incoming, planes: growth, planeStride: plane, rowStride: geometry.rowStride,
                        turned + tile * growth * 108, flat, positions: geometry.positions)
                    for c in tile * 12..<min(tile * 12 + 12, reads.count) {
                        lanes[32] = 0
                        lanes[33] = 0
                        backwardThroughNorm(
                            flat + (c - tile * 12) * geometry.positions, activated: padded + c * plane,
                            x: base + reads[c] * plan.pixels, mean: mean[c], scale: scale[c],
                            gradient: grads + reads[c] * plan.pixels, sums: lanes, geometry)
                        normSums[2 * c] += laneSum(load(lanes)) + lanes[32]
                        normSums[2 * c + 1] += laneSum(load(lanes + 16)) + lanes[33]
                    }
                }
            }
        }

        var result = DenseLayerGradients(
            scale: [Float](repeating: 0, count: reads.count), shift: [Float](repeating: 0, count: reads.count),
            weight: [Float](repeating: 0, count: growth * reads.count * 9))
        let count = Float(images * plan.pixels)
        for c in reads.indices {
            var (shiftSum, scaleSum) = (0.0, 0.0)
            for part in 0..<Workers.parts {
                let norms = partials + part * partialSize + reads.count * 9 * outputs
                shiftSum += Double(norms[2 * c])
                scaleSum += Double(norms[2 * c + 1])
            }
            result.shift[c] = Float(shiftSum)
            result.scale[c] = Float(scaleSum) * deviation[c]
            let share = scale[c] * deviation[c] * result.scale[c] / count
            correction.slope[reads[c]] += share
            correction.constant[reads[c]] += scale[c] * result.shift[c] / count - mean[c] * share
            for o in 0..<growth {
                for tap in 0..<9 {
                    var sum: Float = 0
                    for part in 0..<Workers.parts { sum += partials[part * partialSize + (c * 9 + tap) * outputs + o] }
                    result.weight[(o * reads.count + c) * 9 + tap] = sum
                }
            }
        }
        return result
    }
}

/// Subtracts `constant + slope · x` in place.
@inline(never)
private func subtract(
    _ gradient: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ constant: Float, _ slope: Float, _ count: Int
) {
    var i = 0
    while i &+ 16 <= count {
        store(load(gradient + i) - (load(x + i) * slope + constant), gradient + i)
        i &+= 16
    }
    while i < count {
        gradient[i] -= x[i] * slope + constant
        i &+= 1
    }
}
