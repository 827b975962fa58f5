/// What a named tensor of a DenseNet is, which decides how it starts.
package enum WeightKind {
    case convolution
    case scale
    case shift
    case runningMean
    case runningVariance
    case classifierWeight
    case classifierBias
}

/// A named tensor of a DenseNet.
package struct NamedShape {
    package let name: String
    package let shape: [Int]
    package let kind: WeightKind
}

extension Network {
    /// Every tensor of the network by torchvision's names, in torchvision's order.
    package var weights: [NamedShape] {
        var out: [NamedShape] = []
        func convolution(_ name: String, _ output: Int, _ input: Int, _ kernel: Int) {
            out.append(NamedShape(name: name + ".weight", shape: [output, input, kernel, kernel], kind: .convolution))
        }
        func norm(_ name: String, _ channels: Int) {
            out.append(NamedShape(name: name + ".weight", shape: [channels], kind: .scale))
            out.append(NamedShape(name: name + ".bias", shape: [channels], kind: .shift))
            out.append(NamedShape(name: name + ".running_mean", shape: [channels], kind: .runningMean))
            out.append(NamedShape(name: name + ".running_var", shape: [channels], kind: .runningVariance))
        }
        let a = architecture
        convolution("features.conv0", a.stem.channels, a.inputChannels, a.stem.geometry.kernel)
        if a.stem.kind == .imageNet { norm("features.norm0", a.stem.channels) }
        for (b, block) in blocks.enumerated() {
            for layer in block.layers {
                let name = "features.denseblock\(b + 1).denselayer\(layer.index)"
                norm(name + ".norm1", layer.inputChannels)
                if a.bottleneck {
                    convolution(name + ".conv1", 4 * a.growthRate, layer.inputChannels, 1)
                    norm(name + ".norm2", 4 * a.growthRate)
                    convolution(name + ".conv2", a.growthRate, 4 * a.growthRate, 3)
                } else {
                    convolution(name + ".conv1", a.growthRate, layer.inputChannels, 3)
                }
            }
            if let output = block.transitionChannels {
                norm("features.transition\(b + 1).norm", block.endChannels)
                convolution("features.transition\(b + 1).conv", output, block.endChannels, 1)
            } else {
                norm("features.norm5", block.endChannels)
                out.append(
                    NamedShape(
                        name: "classifier.weight", shape: [a.classes, block.endChannels], kind: .classifierWeight))
                out.append(NamedShape(name: "classifier.bias", shape: [a.classes], kind: .classifierBias))
            }
        }
        return out
    }
}
