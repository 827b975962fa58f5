/// What a network costs, in closed form from the value.
public struct Cost: Codable, Hashable, Sendable {
    /// Weights, BN's scale and shift included; running statistics are no parameters.
    public var parameters: Int
    /// Multiply-adds of the convolutions and the classifier for one image; one multiply-add counts 1. Nominal: a
    /// transition's 1×1 convolution is counted before its pooling, as every table in the literature does.
    public var macs: Int
    /// Ones in the rows of the layers that remain; the ends' rows are not counted.
    public var connections: Int
    /// Elements all convolutions read and write for one image (CIO of HarDNet, arXiv 1909.00948).
    public var activationTraffic: Int
}

extension Network {
    /// What this network costs.
    public var cost: Cost {
        var cost = Cost(parameters: 0, macs: 0, connections: 0, activationTraffic: 0)
        func convolution(_ input: Int, _ output: Int, kernel: Int, from: Int, to: Int) {
            cost.parameters += input * output * kernel * kernel
            cost.macs += input * output * kernel * kernel * to * to
            cost.activationTraffic += input * from * from + output * to * to
        }
        func norm(_ channels: Int) { cost.parameters += 2 * channels }
        let a = architecture
        convolution(
            a.inputChannels, a.stem.channels, kernel: a.stem.geometry.kernel, from: a.imageSize,
            to: a.stem.convolvedSize(a.imageSize))
        if a.stem.kind == .imageNet { norm(a.stem.channels) }
        for block in blocks {
            for layer in block.layers {
                cost.connections += layer.sources.count
                norm(layer.inputChannels)
                var channels = layer.inputChannels
                if a.bottleneck {
                    convolution(channels, 4 * a.growthRate, kernel: 1, from: block.size, to: block.size)
                    channels = 4 * a.growthRate
                    norm(channels)
                }
                convolution(channels, a.growthRate, kernel: 3, from: block.size, to: block.size)
            }
            norm(block.endChannels)
            if let output = block.transitionChannels {
                convolution(block.endChannels, output, kernel: 1, from: block.size, to: block.size)
            } else {
                cost.parameters += block.endChannels * a.classes + a.classes
                cost.macs += block.endChannels * a.classes
            }
        }
        return cost
    }
}
