extension LayerKernels {
    /// Milliseconds each layer of a plan takes for one image, layers in turn as in use: of repetitions of the whole
    /// the one that a tenth of them beat, as what else a machine does only adds.
    public func layerMilliseconds(_ prepared: PreparedPlan, repetitions: Int) -> [Double] {
        let plan = prepared.plan
        let offsets = plan.shapes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.elements) }
        let memory = mapScratch.elements(offsets[plan.shapes.count])
        var times = plan.layers.map { _ in [Double]() }
        // The first two warm up.
        for repetition in 0..<repetitions + 2 {
            for (l, (layer, own)) in zip(plan.layers, prepared.layers).enumerated() {
                let began = ContinuousClock.now
                _ = forward(
                    layer, plan.shapes, memory + offsets[layer.source], memory + offsets[layer.destination], images: 1,
                    own.activations, own.weights, forStatistics: false)
                let taken = (ContinuousClock.now - began).components
                if repetition > 1 { times[l].append(Double(taken.seconds) * 1e3 + Double(taken.attoseconds) * 1e-15) }
            }
        }
        return times.map { $0.sorted()[$0.count / 10] }
    }
}
