extension LayerKernels {
    /// Parts of a forward pass; nothing is added up over them.
    private static let forwardParts = 64

    /// One layer of all images: per panel, activations of what it reads, products, results into the maps.
    /// - Parameter panelsWanted: panels to share out among threads where images are few. Outputs are the same bits however
    ///   maps are cut; moments are not.
    /// - Returns: the moments of its outputs.
    func forward(
        _ layer: KernelLayer, _ shapes: [MapShape], _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>,
        images: Int, _ activations: [Activation], _ weights: PackedWeights, panelsWanted: Int = 1
    ) -> [Moments] {
        let (from, to) = (shapes[layer.source], shapes[layer.destination])
        let memory = ForwardMemory(
            layer, Grid(layer.kind, height: from.height, width: from.width, images: images, wanted: panelsWanted))
        let panels = memory.grid.panels(images: images)
        var moments = [Moments](repeating: Moments(), count: panels * layer.outputs)
        nonisolated(unsafe) let work = scratch.elements(memory.perWorker * threads)
        nonisolated(unsafe) let (source, destination) = (source, destination)
        moments.withUnsafeMutableBufferPointer { out in
            weights.elements.withUnsafeBufferPointer { packed in
                guard let firstMoments = out.baseAddress, let firstWeight = packed.baseAddress else { return }
                nonisolated(unsafe) let (out, packed) = (firstMoments, firstWeight)
                let parts = min(panels, Self.forwardParts)
                Workers(threads: threads).run(parts: parts) { part, worker in
                    var pass = ForwardPass(
                        layer: layer, memory: memory, from: from, to: to, source: source, destination: destination,
                        activations: activations, weights: weights, packed: packed, images: images,
                        work: work + worker * memory.perWorker, moments: out)
                    pass.run(Workers.range(of: part, in: panels, parts: parts))
                }
            }
        }
        return (0..<layer.outputs).map { o in
            var all = Moments()
            for index in 0..<panels { all.add(moments[index * layer.outputs + o]) }
            return all
        }
    }

    /// The moments of a range of channels that no layer of the plan has written.
    func measure(
        _ shape: MapShape, _ maps: UnsafePointer<Float>, images: Int, _ channels: Range<Int>, _ statistics: inout BatchStatistics
    ) {
        var moments = [Moments](repeating: Moments(), count: channels.count * images)
        moments.withUnsafeMutableBufferPointer { out in
            nonisolated(unsafe) let (out, maps) = (out, maps)
            Workers(threads: threads).run { part, _ in
                for image in Workers.range(of: part, in: images) {
                    for (c, channel) in channels.enumerated() {
                        out[c * images + image].add(maps + image * shape.elements + channel * shape.pixels, count: shape.pixels)
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
