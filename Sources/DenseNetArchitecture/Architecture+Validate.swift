extension Architecture {
    /// Layers of all blocks together; as many in one block make a matrix of half a million entries.
    private static let mostLayers = 2000
    /// Dense blocks; images of 4096 pixels are halved to one after 12.
    private static let mostBlocks = 13
    /// Of whatever is counted of a network: far beyond what anybody trains, and far below what an `Int` holds.
    static let mostCounted = 1e15

    /// Says what makes this no network; a changed architecture is checked with it. The counts of whatever passes fit,
    /// for every connectivity.
    /// - Throws: `ArchitectureError`.
    public func validate() throws {
        func need(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
            if !condition { throw ArchitectureError.invalid(reason()) }
        }
        try need(!blocks.isEmpty, "it has no dense block; 'blocks' needs at least one number of layers")
        try need(blocks.count <= Self.mostBlocks, "\(blocks.count) dense blocks; up to \(Self.mostBlocks) are possible")
        try need(
            blocks.allSatisfy { 1...1000 ~= $0 },
            "a block of \(blocks.first { !(1...1000 ~= $0) } ?? 0) layers; 1 to 1000 are possible")
        let layers = blocks.reduce(0, +)
        try need(layers <= Self.mostLayers, "\(layers) layers in all blocks; up to \(Self.mostLayers) are possible")
        try need(1...1024 ~= growthRate, "growth rate \(growthRate); 1 to 1024 are possible")
        try need(compression > 0 && compression <= 1, "compression \(compression); it must be over 0 and at most 1")
        try need(1...4096 ~= stem.channels, "a stem of \(stem.channels) channels; 1 to 4096 are possible")
        try need(1...64 ~= inputChannels, "\(inputChannels) input channels; 1 to 64 are possible")
        try need(2...100_000 ~= classes, "\(classes) classes; 2 to 100000 are possible")
        try need(1...4096 ~= imageSize, "images of \(imageSize) pixels; 1 to 4096 are possible")
        let sizes = blockSizes
        try need(
            sizes.allSatisfy { $0 >= 1 },
            "images of \(imageSize) pixels are halved to nothing before block \((sizes.firstIndex { $0 < 1 } ?? 0) + 1)"
        )
        try need(blockInputChannels.allSatisfy { $0 >= 1 }, "compression \(compression) leaves a transition no channel")
        let most = densestCount
        try need(
            most <= Self.mostCounted,
            "its dense network takes about \(most) multiply-adds or values for one image, more than any machine computes; "
                + "fewer layers, a smaller growth rate or smaller images are needed")
    }

    /// At least what any count of the dense network is: MACs, parameters, or elements read and written. In floating
    /// point, which does not overflow.
    private var densestCount: Double {
        let growth = Double(growthRate)
        let image = Double(imageSize * imageSize)
        // Multiply-adds and weights of a convolution, the elements it reads and writes, its BN's parameters.
        func convolution(_ input: Double, _ output: Double, kernel: Double, pixels: Double) -> Double {
            input * output * kernel * kernel * (pixels + 1) + (input + output) * (pixels + 2)
        }
        var sum = convolution(
            Double(inputChannels), Double(stem.channels), kernel: stem.kind == .cifar ? 3 : 7, pixels: image)
        for (b, input) in blockInputChannels.enumerated() {
            let pixels = Double(blockSizes[b] * blockSizes[b])
            var channels = Double(input)
            for _ in 0..<blocks[b] {
                if bottleneck {
                    sum += convolution(channels, 4 * growth, kernel: 1, pixels: pixels)
                    sum += convolution(4 * growth, growth, kernel: 3, pixels: pixels)
                } else {
                    sum += convolution(channels, growth, kernel: 3, pixels: pixels)
                }
                channels += growth
            }
            sum +=
                b + 1 < blocks.count
                ? convolution(channels, channels, kernel: 1, pixels: pixels)
                : (channels + 1) * Double(classes) * 2 + 2 * channels
        }
        return sum
    }
}
