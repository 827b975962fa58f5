extension LayerKernels {
    /// One layer of all images: per panel, activations of what it reads, products, results into the maps.
    /// - Parameter panelsWanted: panels to share out among threads where images are few. Outputs are the same bits however
    ///   maps are cut; moments are not.
    /// - Returns: the moments of its outputs.
    func forward(
        _ layer: KernelLayer, _ shapes: [MapShape], _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<Float>,
        images: Int, _ activations: [Activation], _ weights: PackedWeights, panelsWanted: Int = 1
    ) -> [Moments] {
        let (from, to) = (shapes[layer.source], shapes[layer.destination])
        let grid = Grid(layer.kind, height: from.height, width: from.width, images: images, wanted: panelsWanted)
        let (terms, capacity, products) = (layer.reads.count, grid.capacity, layer.kind.products)
        // An odd number of cache lines from product to product, so that they do not compete for the same cache sets; and
        // room for a vector that starts at the last unit.
        let inputStride = terms * capacity + 16
        let resultStride = tileRows * capacity + 16
        let perWorker = products * (inputStride + resultStride) + 4 * (capacity + 16) + WinogradScratch.elements(grid)
        let panels = grid.panels(images: images)
        var moments = [Moments](repeating: Moments(), count: panels * layer.outputs)
        nonisolated(unsafe) let work = scratch.elements(perWorker * threads)
        nonisolated(unsafe) let (source, destination) = (source, destination)
        moments.withUnsafeMutableBufferPointer { out in
            weights.elements.withUnsafeBufferPointer { packed in
                guard let base = packed.baseAddress else { return }
                nonisolated(unsafe) let (out, packedBase) = (out, base)
                Workers(threads: threads).run { part, worker in
                    let input = work + worker * perWorker
                    let result = input + products * inputStride
                    let lines = result + products * resultStride
                    let range = Workers.range(of: part, in: panels)
                    for index in range {
                        let panel = grid.panel(index, images: images)
                        let next = index + 1 < range.upperBound ? grid.panel(index + 1, images: images) : nil
                        let scratch = WinogradScratch(lines + 4 * (capacity + 16), panel)
                        let base = source + panel.image * from.elements
                        for (c, channel) in layer.reads.enumerated() {
                            loadActivations(
                                panel, grid, base + channel * from.pixels, imageStride: from.elements, activations[c],
                                input + c * capacity, productStride: inputStride, scratch)
                            if let next {
                                prefetch(
                                    next, grid, source + next.image * from.elements + channel * from.pixels,
                                    imageStride: from.elements)
                            }
                        }
                        for tile in 0..<weights.tiles {
                            for product in 0..<products {
                                multiplyTile(
                                    input + product * inputStride, terms: terms, stride: capacity,
                                    packedBase + product * weights.productStride + tile * weights.tileStride,
                                    result + product * resultStride, lanes: panel.lanes)
                            }
                            for o in tile * tileRows..<min((tile + 1) * tileRows, layer.outputs) {
                                out[index * layer.outputs + o] = storeOutput(
                                    panel, grid, result + (o - tile * tileRows) * capacity, productStride: resultStride, lines,
                                    destination + panel.image * to.elements + (layer.writes + o) * to.pixels,
                                    imageStride: to.elements)
                            }
                        }
                    }
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
