// What enters this module is memory with a length: every entry point compares it with what the shapes need before a
// kernel, which checks nothing, runs over it. A length that is too small is the calling program's mistake and stops it
// with a sentence. No file and no option leads here: the shapes are those of a `Network`, which refuses impossible ones
// with an error, weights are compared with it when they are loaded (`DenseNet.init`), and images when they reach the
// first block (`DenseNet.kernelBody`), whatever file the network and they came from. Of an exported folder
// `NetworkWeights` compares the weights, `DenseNetClassifier` counts the images and knows what memory there is.

/// Stops the program with a sentence, in optimised builds too, where a `precondition` says nothing.
func need(_ condition: Bool, _ otherwise: @autoclosure () -> String) {
    if !condition { fatalError(otherwise()) }
}

/// Where at least `count` elements are.
func checked(
    _ memory: UnsafeBufferPointer<Float>, _ count: Int, _ what: @autoclosure () -> String
) -> UnsafePointer<Float> {
    guard let base = memory.baseAddress, memory.count >= count else {
        fatalError("\(what()) has \(memory.count) elements; \(count) are needed")
    }
    return base
}

/// Where room for at least `count` elements is.
func checked(
    _ memory: UnsafeMutableBufferPointer<Float>, _ count: Int, _ what: @autoclosure () -> String
) -> UnsafeMutablePointer<Float> {
    UnsafeMutablePointer(mutating: checked(UnsafeBufferPointer(memory), count, what()))
}

extension KernelPlan {
    /// Stops the program over a plan that leads outside its buffers.
    func checkLayers() {
        need(!shapes.isEmpty, "a plan has no buffer")
        for (i, shape) in shapes.enumerated() {
            need(shape.channels >= 1 && shape.height >= 1 && shape.width >= 1, "buffer \(i) of a plan is \(shape)")
        }
        need(
            1...shapes[0].channels ~= inputChannels,
            "\(inputChannels) input channels in a buffer of \(shapes[0].channels)")
        for (l, layer) in layers.enumerated() {
            need(
                shapes.indices ~= layer.source && shapes.indices ~= layer.destination,
                "layer \(l) goes from buffer \(layer.source) to \(layer.destination); there are \(shapes.count)")
            let (from, to) = (shapes[layer.source], shapes[layer.destination])
            need(
                !layer.reads.isEmpty && layer.reads.allSatisfy { 0..<from.channels ~= $0 },
                "layer \(l) reads \(layer.reads) of \(from.channels) channels")
            need(
                layer.outputs >= 1 && 0...to.channels ~= layer.writes && layer.outputs <= to.channels - layer.writes,
                "layer \(l) writes \(layer.outputs) channels from \(layer.writes) of \(to.channels)")
            let halved = layer.kind == .pooled ? 2 : 1
            need(
                to.height == from.height / halved && to.width == from.width / halved,
                "layer \(l) goes from maps of \(from.height)×\(from.width) to maps of \(to.height)×\(to.width)")
        }
    }

    /// The buffers' first elements, each for so many images.
    func checked(_ maps: [UnsafeMutableBufferPointer<Float>], images: Int) -> [UnsafeMutablePointer<Float>] {
        need(
            maps.count == shapes.count && images >= 1,
            "\(maps.count) buffers of \(images) images for a plan of \(shapes.count)")
        return zip(shapes, maps).map { DenseKernels.checked($1, images * $0.elements, "a plan's buffer") }
    }

    /// Stops the program over parameters that do not fill the layers.
    func check(_ parameters: [LayerParameters]) {
        need(parameters.count == layers.count, "\(parameters.count) layers' parameters for a plan of \(layers.count)")
        for (layer, p) in zip(layers, parameters) {
            need(
                p.channels >= layer.reads.count && p.weights >= layer.outputs * layer.weightsPerOutput,
                "\(p.channels) scales and shifts and \(p.weights) weights for a layer from \(layer.reads.count) to \(layer.outputs) channels"
            )
        }
    }
}
