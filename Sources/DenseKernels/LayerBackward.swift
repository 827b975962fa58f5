extension LayerKernels {
    /// One layer backward, with batch statistics: adds to the source's gradient, returns the parameters'.
    ///
    /// A BN's gradient to its input has a part of its own per image and two parts, constant and proportional to the
    /// input, that are known only after the whole batch. The latter are the same for a channel whoever reads it, so
    /// they are summed over all readers and subtracted once, when the channel's own producer is reached.
    func backward(
        _ layer: KernelLayer, _ source: BackwardMaps, _ destination: BackwardMaps, images: Int, _ p: LayerParameters,
        sourceCorrections: inout Corrections, _ destinationCorrections: Corrections
    ) -> LayerGradients {
        let norm = BackwardNorm(layer.reads, source.statistics, p)
        let weights = PackedWeights(
            backward: p.weight, layer.kind, reads: layer.reads.count, outputs: layer.outputs, threads: threads)
        let memory = BackwardMemory(
            layer, Grid(layer.kind, height: source.shape.height, width: source.shape.width), images: images)
        nonisolated(unsafe) let work = scratch.elements(memory.perWorker * threads)
        nonisolated(unsafe) let partials = partialScratch.elements(memory.parts * memory.partialSize)
        weights.elements.withUnsafeBufferPointer { packed in
            guard let base = packed.baseAddress else { return }
            nonisolated(unsafe) let (packed, source, destination) = (base, source, destination)
            Workers(threads: threads).run(parts: memory.parts) { part, worker in
                let own = work + worker * memory.perWorker
                var pass = BackwardPass(
                    layer: layer, memory: memory, source: source, destination: destination, norm: norm,
                    corrections: destinationCorrections, weights: weights, packed: packed, images: images,
                    work: own, partial: partials + part * memory.partialSize,
                    scratch: TileScratch(own + (memory.perWorker - memory.tileScratch), memory.grid))
                pass.run(Workers.range(of: part, in: memory.grid.panels(images: images), parts: memory.parts))
            }
        }
        return reduce(partials, memory, layer, norm, elements: Float(images * source.shape.pixels), &sourceCorrections)
    }

    /// Adds the parts in their order and finishes BN's gradients.
    private func reduce(
        _ partials: UnsafeMutablePointer<Float>, _ memory: BackwardMemory, _ layer: KernelLayer, _ norm: BackwardNorm,
        elements: Float, _ corrections: inout Corrections
    ) -> LayerGradients {
        let (reads, size) = (layer.reads, memory.partialSize)
        var result = LayerGradients(
            scale: [Float](repeating: 0, count: reads.count), shift: [Float](repeating: 0, count: reads.count),
            weight: addedWeightGradients(partials, memory, layer))
        for c in reads.indices {
            var (shiftSum, scaleSum) = (0.0, 0.0)
            for part in 0..<memory.parts {
                let sums = partials + part * size + memory.weightsSize + 2 * c
                shiftSum += Double(sums[0])
                scaleSum += Double(sums[1])
            }
            result.shift[c] = Float(shiftSum)
            result.scale[c] = Float(scaleSum) * norm.deviation[c]
            let scale = norm.activations[c].scale
            let share = scale * norm.deviation[c] * result.scale[c] / elements
            corrections.slope[reads[c]] += share
            corrections.constant[reads[c]] += scale * result.shift[c] / elements - norm.mean[c] * share
        }
        return result
    }

    /// The parts' gradients of the weights, added in their order: `[outputs][reads][taps]`.
    private func addedWeightGradients(
        _ partials: UnsafeMutablePointer<Float>, _ memory: BackwardMemory, _ layer: KernelLayer
    ) -> [Float] {
        let (rows, outputs) = (layer.weightsPerOutput, layer.outputs)
        return [Float](unsafeUninitializedCapacity: rows * outputs) { out, count in
            count = rows * outputs
            guard let first = out.baseAddress else { return }
            // Each thread adds and writes rows of its own.
            nonisolated(unsafe) let (base, partials) = (first, partials)
            Workers(threads: threads).run { share, _ in
                for row in Workers.range(of: share, in: rows) {
                    let sums = partials + row * memory.paddedOutputs
                    for part in 1..<memory.parts {
                        add(sums + part * memory.partialSize, to: sums, memory.paddedOutputs)
                    }
                    for o in 0..<outputs { base[o * rows + row] = sums[o] }
                }
            }
        }
    }
}

/// Adds some numbers to others, a multiple of four.
private func add(_ numbers: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>, _ count: Int) {
    for i in stride(from: 0, to: count, by: 4) {
        let sum =
            UnsafeRawPointer(sums + i).loadUnaligned(as: SIMD4<Float>.self)
            + UnsafeRawPointer(numbers + i).loadUnaligned(as: SIMD4<Float>.self)
        UnsafeMutableRawPointer(sums + i).storeBytes(of: sum, as: SIMD4<Float>.self)
    }
}

/// A buffer of maps in the backward pass: values, gradient and statistics.
struct BackwardMaps {
    let shape: MapShape
    let values: UnsafePointer<Float>
    let gradient: UnsafeMutablePointer<Float>
    let statistics: BatchStatistics
}

/// What is still to be subtracted from each channel's gradient of a buffer.
struct Corrections: Sendable {
    var constant: [Float]
    var slope: [Float]

    init(channels: Int) {
        constant = [Float](repeating: 0, count: channels)
        slope = constant
    }

    subscript(_ channel: Int) -> Correction { Correction(constant: constant[channel], slope: slope[channel]) }
}

/// A layer's BN in the backward pass, one entry per channel read.
struct BackwardNorm: Sendable {
    /// 1 over the batch's deviation.
    let deviation: [Float]
    let mean: [Float]
    let activations: [Activation]

    init(_ reads: [Int], _ statistics: BatchStatistics, _ p: LayerParameters) {
        let deviation = reads.map { 1 / (statistics.variance[$0] + LayerKernels.epsilon).squareRoot() }
        let mean = reads.map { statistics.mean[$0] }
        activations = reads.indices.map { i in
            let scale = p.scale[i] * deviation[i]
            return Activation(scale: scale, shift: p.shift[i] - mean[i] * scale)
        }
        (self.deviation, self.mean) = (deviation, mean)
    }
}
