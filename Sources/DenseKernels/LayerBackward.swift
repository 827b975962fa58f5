/// What is still to be subtracted from each channel's gradient of a buffer.
struct Corrections {
    var constant: [Float]
    var slope: [Float]

    init(channels: Int) {
        constant = [Float](repeating: 0, count: channels)
        slope = constant
    }

    subscript(_ channel: Int) -> Correction { Correction(constant: constant[channel], slope: slope[channel]) }
}

/// A buffer of maps in the backward pass: values, gradient, statistics, and what its gradient still lacks.
struct BackwardMaps {
    let shape: MapShape
    let values: UnsafePointer<Float>
    let gradient: UnsafeMutablePointer<Float>
    let statistics: BatchStatistics
}

extension LayerKernels {
    /// Inputs whose gradients are computed together.
    private static let chunk = 12

    /// One layer backward, with batch statistics: adds to the source's gradient, returns the parameters'.
    ///
    /// A BN's gradient to its input has a part of its own per image and two parts, constant and proportional to the input,
    /// that are known only after the whole batch. The latter are the same for a channel whoever reads it, so they are
    /// summed over all readers and subtracted once, when the channel's own producer is reached.
    func backward(
        _ layer: KernelLayer, _ source: BackwardMaps, _ destination: BackwardMaps, images: Int, _ p: LayerParameters,
        sourceCorrections: inout Corrections, _ destinationCorrections: Corrections
    ) -> LayerGradients {
        let (reads, outputs, chunk) = (layer.reads, layer.outputs, Self.chunk)
        let deviation = reads.map { 1 / (source.statistics.variance[$0] + Self.epsilon).squareRoot() }
        let mean = reads.map { source.statistics.mean[$0] }
        let activations = reads.indices.map { i in
            let scale = p.scale[i] * deviation[i]
            return Activation(scale: scale, shift: p.shift[i] - mean[i] * scale)
        }
        let weights = PackedWeights(backward: p.weight, layer.kind, reads: reads.count, outputs: outputs)
        let grid = Grid(layer.kind, height: source.shape.height, width: source.shape.width)
        let panels = grid.panels(images: images)
        let (capacity, products) = (grid.capacity, layer.kind.products)
        let paddedReads = (reads.count + chunk - 1) / chunk * chunk
        let paddedOutputs = (outputs + 11) / 12 * 12
        // Dot products run over a group of panels: long sums, and the lanes of an accumulator are summed once.
        let group = max(1, 256 / capacity)
        let inputStride = group * chunk * capacity + 16
        let gradientStride = group * paddedOutputs * capacity + 16
        let resultStride = tileRows * capacity + 16
        let taps = layer.kind == .winograd ? 9 : 1
        let partialSize = reads.count * outputs * taps + 2 * reads.count
        let pairsSize = products * paddedReads * paddedOutputs
        let perWorker = products * (inputStride + 2 * gradientStride + resultStride) + pairsSize + 24 * 16
            + 4 * (capacity + 16) + WinogradScratch.elements(grid)
        nonisolated(unsafe) let work = scratch.elements(perWorker * threads)
        nonisolated(unsafe) let partials = partialScratch.elements(Workers.parts * partialSize)
        nonisolated(unsafe) let (source, destination) = (source, destination)
        weights.elements.withUnsafeBufferPointer { packed in
            guard let base = packed.baseAddress else { return }
            nonisolated(unsafe) let packedBase = base
            Workers(threads: threads).run { part, worker in
                let input = work + worker * perWorker
                let back = input + products * inputStride
                let pairs = layer.kind == .winograd ? back + products * gradientStride : back
                let result = back + 2 * products * gradientStride
                let sums = result + products * resultStride
                let lanes = sums + pairsSize
                let lines = lanes + 24 * 16
                let partial = partials + part * partialSize
                let normSums = partial + reads.count * outputs * taps
                sums.update(repeating: 0, count: pairsSize)
                partial.update(repeating: 0, count: partialSize)
                for o in outputs..<max(outputs, paddedOutputs) {
                    for block in 0..<group {
                        for product in 0..<products {
                            let at = product * gradientStride + (block * paddedOutputs + o) * capacity
                            (back + at).update(repeating: 0, count: capacity)
                            (pairs + at).update(repeating: 0, count: capacity)
                        }
                    }
                }
                let range = Workers.range(of: part, in: panels)
                for first in stride(from: range.lowerBound, to: range.upperBound, by: group) {
                    let blocks = min(group, range.upperBound - first)
                    for block in 0..<blocks {
                        let panel = grid.panel(first + block, images: images)
                        let base = panel.image * destination.shape.elements
                        for o in 0..<outputs {
                            let plane = base + (layer.writes + o) * destination.shape.pixels
                            let at = (block * paddedOutputs + o) * capacity
                            loadGradient(
                                panel, grid, destination.gradient + plane, destination.values + plane,
                                imageStride: destination.shape.elements, destinationCorrections[layer.writes + o],
                                back: back + at, pairs: pairs + at, productStride: gradientStride,
                                WinogradScratch(lines + 4 * (capacity + 16), panel))
                        }
                    }
                    for start in stride(from: 0, to: reads.count, by: chunk) {
                        let count = min(chunk, reads.count - start)
                        for block in 0..<blocks {
                            let panel = grid.panel(first + block, images: images)
                            let base = panel.image * source.shape.elements
                            for c in 0..<count {
                                let plane = base + reads[start + c] * source.shape.pixels
                                loadActivations(
                                    panel, grid, source.values + plane, imageStride: source.shape.elements,
                                    activations[start + c], input + (block * chunk + c) * capacity, productStride: inputStride,
                                    WinogradScratch(lines + 4 * (capacity + 16), panel))
                                prefetch(panel, grid, source.gradient + plane, imageStride: source.shape.elements)
                                if start + chunk + c < reads.count {
                                    let following = base + reads[start + chunk + c] * source.shape.pixels
                                    prefetch(panel, grid, source.values + following, imageStride: source.shape.elements)
                                }
                            }
                        }
                        for product in 0..<products {
                            for c in stride(from: 0, to: count, by: dotInputs) {
                                for o in stride(from: 0, to: outputs, by: dotOutputs) {
                                    addDotTile(
                                        input + product * inputStride + c * capacity, inputBlock: chunk * capacity,
                                        pairs + product * gradientStride + o * capacity, gradientBlock: paddedOutputs * capacity,
                                        stride: capacity, blocks: blocks, lanes: capacity,
                                        sums + (product * paddedReads + start + c) * paddedOutputs + o, rowStride: paddedOutputs,
                                        sums: lanes)
                                }
                            }
                        }
                        for tile in stride(from: start, to: start + count, by: tileRows) {
                            for block in 0..<blocks {
                                let panel = grid.panel(first + block, images: images)
                                let scratch = lines
                                for product in 0..<products {
                                    multiplyTile(
                                        back + product * gradientStride + block * paddedOutputs * capacity, terms: outputs,
                                        stride: capacity,
                                        packedBase + product * weights.productStride + tile / tileRows * weights.tileStride,
                                        result + product * resultStride, lanes: panel.lanes)
                                }
                                for c in tile..<min(tile + tileRows, start + count) {
                                    let plane = panel.image * source.shape.elements + reads[c] * source.shape.pixels
                                    storeGradient(
                                        panel, grid, result + (c - tile) * capacity, productStride: resultStride, scratch,
                                        source.values + plane, source.gradient + plane, imageStride: source.shape.elements,
                                        activations[c], mean: mean[c], normSums + 2 * c)
                                }
                            }
                        }
                    }
                }
                // [products][reads][outputs] to the weights' own order.
                for c in reads.indices {
                    for o in 0..<outputs {
                        let u = sums + c * paddedOutputs + o
                        let w = partial + (o * reads.count + c) * taps
                        if layer.kind == .winograd {
                            addKernelGradient(u, stride: paddedReads * paddedOutputs, w)
                        } else {
                            w[0] = u[0]
                        }
                    }
                }
            }
        }
        return reduce(
            partials, size: partialSize, layer, deviation: deviation, mean: mean, activations,
            elements: Float(images * source.shape.pixels), &sourceCorrections)
    }

    /// Adds the parts in their order and finishes BN's gradients.
    private func reduce(
        _ partials: UnsafePointer<Float>, size: Int, _ layer: KernelLayer, deviation: [Float], mean: [Float],
        _ activations: [Activation], elements: Float, _ corrections: inout Corrections
    ) -> LayerGradients {
        let reads = layer.reads
        let weights = layer.outputs * layer.weightsPerOutput
        var result = LayerGradients(
            scale: [Float](repeating: 0, count: reads.count), shift: [Float](repeating: 0, count: reads.count),
            weight: [Float](repeating: 0, count: weights))
        result.weight.withUnsafeMutableBufferPointer { out in
            for part in 0..<Workers.parts {
                let partial = partials + part * size
                for i in 0..<weights { out[i] += partial[i] }
            }
        }
        for c in reads.indices {
            var (shiftSum, scaleSum) = (0.0, 0.0)
            for part in 0..<Workers.parts {
                let sums = partials + part * size + weights + 2 * c
                shiftSum += Double(sums[0])
                scaleSum += Double(sums[1])
            }
            result.shift[c] = Float(shiftSum)
            result.scale[c] = Float(scaleSum) * deviation[c]
            let scale = activations[c].scale
            let share = scale * deviation[c] * result.scale[c] / elements
            corrections.slope[reads[c]] += share
            corrections.constant[reads[c]] += scale * result.shift[c] / elements - mean[c] * share
        }
        return result
    }
}
