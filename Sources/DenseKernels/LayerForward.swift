extension LayerKernels {
    /// Parts of a forward pass; nothing is added up over them.
    private static let forwardParts = 64

    /// One layer of all images: per panel, activations of what it reads, products, results into the maps.
    ///
    /// Each thread does panels of its own; where there are too few, all work on the same one. Outputs are the same bits
    /// either way.
    /// - Parameter forStatistics: cut into panels without regard to the threads, so that moments are the same bits too.
    /// - Returns: the moments of its outputs; none but for statistics.
    func forward(
        _ layer: KernelLayer, _ shapes: [MapShape], _ source: UnsafePointer<Float>,
        _ destination: UnsafeMutablePointer<Float>,
        images: Int, _ activations: [Activation], _ weights: PackedWeights, forStatistics: Bool
    ) -> [Moments] {
        let (from, to) = (shapes[layer.source], shapes[layer.destination])
        let threads = threads
        let (grid, together) = cut(
            Grid(layer.kind, height: from.height, width: from.width), images: images, forStatistics: forStatistics)
        let panels = grid.panels(images: images)
        let memory = ForwardMemory(layer, grid, whole: together)
        var moments = [Moments](repeating: Moments(), count: panels * layer.outputs)
        let perWorker = memory.tileScratch + (together ? 0 : memory.panelSize)
        nonisolated(unsafe) let work = scratch.elements(perWorker * threads + (together ? memory.panelSize : 0))
        nonisolated(unsafe) let (source, destination) = (source, destination)
        moments.withUnsafeMutableBufferPointer { out in
            weights.elements.withUnsafeBufferPointer { packed in
                guard let firstMoments = out.baseAddress, let firstWeight = packed.baseAddress else { return }
                nonisolated(unsafe) let (out, packed) = (firstMoments, firstWeight)
                @Sendable func pass(_ worker: Int) -> ForwardPass {
                    let own = work + worker * perWorker
                    return ForwardPass(
                        layer: layer, memory: memory, from: from, to: to, source: source, destination: destination,
                        activations: activations, weights: weights, packed: packed, images: images,
                        work: together ? work + threads * perWorker : own + memory.tileScratch, measured: forStatistics,
                        moments: out,
                        scratch: TileScratch(own, grid))
                }
                if together {
                    let barrier = Barrier()
                    ThreadPool.shared.run(threads) { worker, team in
                        Self.together(panels, pass(worker), worker, team, barrier)
                    }
                } else {
                    let parts = min(panels, Self.forwardParts)
                    Workers(threads: threads).run(parts: parts) { part, worker in
                        var own = pass(worker)
                        own.run(Workers.range(of: part, in: panels, parts: parts))
                    }
                }
            }
        }
        guard forStatistics else { return [] }
        return (0..<layer.outputs).map { o in
            var all = Moments()
            for index in 0..<panels { all.add(moments[index * layer.outputs + o]) }
            return all
        }
    }

    /// A grid for a layer, and whether all threads work on the same panel.
    private func cut(_ grid: Grid, images: Int, forStatistics: Bool) -> (grid: Grid, together: Bool) {
        let panels = grid.panels(images: images)
        guard threads > 1, panels < 16 * threads else { return (grid, false) }
        if !forStatistics, let even = grid.shared(by: threads, images: images) { return (even, false) }
        return (grid, panels < 4 * threads)
    }

    /// A team on one panel after the other: it shares out the inputs, then the products, then the outputs.
    private static func together(
        _ panels: Int, _ pass: ForwardPass, _ worker: Int, _ team: Int, _ barrier: borrowing Barrier
    ) {
        var pass = pass
        let (layer, memory) = (pass.layer, pass.memory)
        for index in 0..<panels {
            let panel = memory.grid.panel(index, images: pass.images)
            pass.scratch.prepare(panel)
            pass.load(Workers.range(of: worker, in: layer.reads.count, parts: team), from: 0, panel)
            barrier.wait(3 * index + 1, team: team)
            // A 1×1 convolution has few tiles of outputs: its units are shared out too.
            let size = memory.products > 1 ? panel.units : 64
            let pieces = (panel.units + size - 1) / size
            for item in Workers.range(of: worker, in: memory.products * pass.weights.tiles * pieces, parts: team) {
                let units = item % pieces * size..<min(panel.units, (item % pieces + 1) * size)
                for start in memory.chunks(layer) {
                    let chunk = start..<min(start + memory.chunk, layer.reads.count)
                    pass.multiply(item / pieces, chunk, at: start, panel, units: units)
                }
            }
            barrier.wait(3 * index + 2, team: team)
            pass.store(
                Workers.range(of: worker, in: layer.outputs, parts: team), panel, pass.moments + index * layer.outputs)
            barrier.wait(3 * index + 3, team: team)
        }
    }

    /// The moments of a range of channels that no layer of the plan has written.
    func measure(
        _ shape: MapShape, _ maps: UnsafePointer<Float>, images: Int, _ channels: Range<Int>,
        _ statistics: inout BatchStatistics
    ) {
        var moments = [Moments](repeating: Moments(), count: channels.count * images)
        moments.withUnsafeMutableBufferPointer { out in
            nonisolated(unsafe) let (out, maps) = (out, maps)
            Workers(threads: threads).run { part, _ in
                for image in Workers.range(of: part, in: images) {
                    for (c, channel) in channels.enumerated() {
                        out[c * images + image].add(
                            maps + image * shape.elements + channel * shape.pixels, count: shape.pixels)
                    }
                }
            }
        }
        for (c, channel) in channels.enumerated() {
            var all = Moments()
            for image in 0..<images { all.add(moments[c * images + image]) }
            statistics.set(channel, all)
        }
    }
}
