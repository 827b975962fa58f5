/// A stem's convolution, of images themselves: no BN before it, any kernel, stride and padding.
public struct StemConvolution: Sendable {
    let inputs: Int
    let outputs: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    private let weights: PackedWeights

    /// A convolution with weights `[outputs, inputs, kernel, kernel]`, packed.
    public init(_ weight: UnsafeBufferPointer<Float>, outputs: Int, inputs: Int, kernel: Int, stride: Int, padding: Int)
    {
        need(
            outputs >= 1 && inputs >= 1 && kernel >= 1 && stride >= 1 && padding >= 0,
            "a convolution from \(inputs) to \(outputs) channels, \(kernel)×\(kernel) by steps of \(stride), padding \(padding)"
        )
        let weight = checked(weight, outputs * inputs * kernel * kernel, "a stem's weight")
        (self.inputs, self.outputs, self.kernel, self.stride, self.padding) = (inputs, outputs, kernel, stride, padding)
        weights = PackedWeights(forward: weight, .pointwise, reads: inputs * kernel * kernel, outputs: outputs)
    }

    /// The shape of its output for images of a size.
    public func shape(height: Int, width: Int) -> MapShape {
        MapShape(
            channels: outputs, height: (height + 2 * padding - kernel) / stride + 1,
            width: (width + 2 * padding - kernel) / stride + 1)
    }
}

extension StemConvolution {
    /// How a worker's memory is laid out: a panel is some rows of the output, as one matrix product over all weights of
    /// an output. Its terms are shifted copies of the image's padded rows, which are held by phase of the stride, so
    /// that copies are contiguous.
    private struct Memory {
        let out: MapShape
        /// Rows of a panel, and room for their pixels: enough for long runs in the register tile, few enough for the
        /// second-level cache.
        let rows: Int
        let capacity: Int
        /// Rows of the image under a panel, and the elements of one phase of one.
        let lines: Int
        let phase: Int
        let terms: Int
        let padded: Int
        let total: Int

        init(_ stem: StemConvolution, _ shape: MapShape) {
            out = stem.shape(height: shape.height, width: shape.width)
            rows = max(1, min(out.height, 256 / out.width))
            capacity = (rows * out.width + 31) & ~15
            lines = (rows - 1) * stem.stride + stem.kernel
            phase = (out.width + stem.kernel / stem.stride + 63) & ~15
            terms = stem.inputs * stem.kernel * stem.kernel
            padded = stem.stride * phase + 64
            total = terms * capacity + tileRows * capacity + stem.inputs * lines * stem.stride * phase + padded
        }
    }

    /// Convolves images `[images, inputs, height, width]` into `[images, outputs, …]`; outputs do not depend on the
    /// threads.
    func run(
        _ x: UnsafePointer<Float>, images: Int, _ shape: MapShape, _ out: UnsafeMutablePointer<Float>, threads: Int,
        _ scratch: Scratch
    ) {
        let memory = Memory(self, shape)
        let panels = (memory.out.height + memory.rows - 1) / memory.rows
        nonisolated(unsafe) let work = scratch.elements(memory.total * threads)
        nonisolated(unsafe) let (x, out) = (x, out)
        Workers(threads: threads).run(parts: images * panels) { part, worker in
            let (image, row) = (part / panels, part % panels * memory.rows)
            panel(
                x + image * shape.elements, shape, rows: row..<min(row + memory.rows, memory.out.height),
                out + image * memory.out.elements, memory, work + worker * memory.total)
        }
    }

    private func panel(
        _ x: UnsafePointer<Float>, _ shape: MapShape, rows: Range<Int>, _ out: UnsafeMutablePointer<Float>,
        _ memory: Memory,
        _ work: UnsafeMutablePointer<Float>
    ) {
        let (width, units) = (memory.out.width, rows.count * memory.out.width)
        let result = work + memory.terms * memory.capacity
        let phases = result + tileRows * memory.capacity
        let padded = phases + inputs * memory.lines * stride * memory.phase
        let used = (rows.count - 1) * stride + kernel
        for c in 0..<inputs {
            for line in 0..<used {
                let at = phases + (c * memory.lines + line) * stride * memory.phase
                split(x + c * shape.pixels, shape, row: rows.lowerBound * stride + line - padding, at, memory, padded)
            }
        }
        var term = work
        for c in 0..<inputs {
            for ky in 0..<kernel {
                for kx in 0..<kernel {
                    for row in 0..<rows.count {
                        let line = (c * memory.lines + row * stride + ky) * stride + kx % stride
                        // Beyond the row it writes what the next one overwrites; there is room behind the last.
                        copyRow(phases + (line * memory.phase + kx / stride), term + row * width, count: width)
                    }
                    term += memory.capacity
                }
            }
        }
        weights.elements.withUnsafeBufferPointer { packed in
            guard let base = packed.baseAddress else { return }
            // Whole steps of whole vectors go where they belong; a tile writes others behind a row's end.
            let isWhole = units % 8 == 0 && outputs % tileRowStep == 0
            for first in Swift.stride(from: 0, to: outputs, by: tileRows) {
                let to = out + (first * memory.out.pixels + rows.lowerBound * width)
                multiplyTile(
                    work, terms: memory.terms, stride: memory.capacity,
                    base + weights.offset(product: 0, tile: first / tileRows),
                    rows: weights.rows(ofTile: first / tileRows),
                    isWhole ? to : result, outputStride: isWhole ? memory.out.pixels : memory.capacity, units: units)
                guard !isWhole else { continue }
                for o in 0..<min(tileRows, outputs - first) {
                    (to + o * memory.out.pixels).update(from: result + o * memory.capacity, count: units)
                }
            }
        }
    }

    /// Splits a row of the image, zeros around it, into the phases of the stride; a row outside the image is all zeros.
    private func split(
        _ plane: UnsafePointer<Float>, _ shape: MapShape, row: Int, _ out: UnsafeMutablePointer<Float>,
        _ memory: Memory,
        _ padded: UnsafeMutablePointer<Float>
    ) {
        guard row >= 0, row < shape.height else {
            out.update(repeating: 0, count: stride * memory.phase)
            return
        }
        padded.update(repeating: 0, count: padding)
        (padded + padding).update(from: plane + row * shape.width, count: shape.width)
        let end = padding + shape.width
        (padded + end).update(repeating: 0, count: memory.padded - end)
        switch stride {
        case 1: out.update(from: padded, count: memory.phase)
        case 2:
            for j in Swift.stride(from: 0, to: memory.phase, by: 16) {
                let (even, odd) = deinterleave(padded + 2 * j)
                store(even, out + j)
                store(odd, out + memory.phase + j)
            }
        default:
            for j in 0..<memory.phase {
                for p in 0..<stride { out[p * memory.phase + j] = padded[stride * j + p] }
            }
        }
    }
}

@inline(__always)
private func copyRow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) {
    var q = 0
    while q < count {
        store(load(from + q), to + q)
        q &+= 16
    }
}

extension LayerKernels {
    /// A stem's convolution of images `[images, inputs, height, width]`.
    public func convolveStem(
        _ stem: StemConvolution, _ x: UnsafeBufferPointer<Float>, images: Int, height: Int, width: Int,
        _ out: UnsafeMutableBufferPointer<Float>
    ) {
        let shape = MapShape(channels: stem.inputs, height: height, width: width)
        let to = stem.shape(height: height, width: width)
        need(to.height >= 1 && to.width >= 1, "images of \(height)×\(width) leave a stem no output")
        let x = checked(x, images * shape.elements, "a stem's images")
        let out = checked(out, images * to.elements, "a stem's output")
        stem.run(x, images: images, shape, out, threads: threads, scratch)
    }
}
