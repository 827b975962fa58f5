extension LayerKernels {
    /// Milliseconds each layer of a plan takes for one image, layers in turn as in use: of repetitions of the whole
    /// the one that a tenth of them beat, as what else a machine does only adds.
    public func layerMilliseconds(_ prepared: PreparedPlan, repetitions: Int) -> [Double] {
        let plan = prepared.plan
        let offsets = plan.shapes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.elements) }
        let memory = mapScratch.elements(offsets[plan.shapes.count])
        let times = repeatedlyTimed(repetitions: repetitions, warmUp: 2, works: plan.layers.count) { l in
            let (layer, own) = (plan.layers[l], prepared.layers[l])
            _ = forward(
                layer, plan.shapes, memory + offsets[layer.source], memory + offsets[layer.destination], images: 1,
                own.activations, own.weights, forStatistics: false)
        }
        return times.map(\.undisturbed)
    }
}
