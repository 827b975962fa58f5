import DenseNetArchitecture

/// What writes a network operation by operation, whatever the format; values are known by names.
protocol GraphBuilder {
    /// Adds a convolution without bias, of the weight `NAME.weight`.
    mutating func addConvolution(_ name: String, of x: String, kernel: Int, stride: Int, padding: Int) -> String
    /// Adds batch normalisation by the statistics of a name, and ReLU.
    mutating func addNorm(_ name: String, of x: String) -> String
    /// Adds a pool that halves maps: of 3×3 over a rim of one pixel where it takes the largest, of 2×2 where the mean.
    mutating func addPool(_ pool: GraphPool, _ name: String, of x: String) -> String
    /// Adds a concatenation of several values' maps.
    mutating func addConcat(_ name: String, _ sources: [String]) -> String
}

/// The pools of a network.
enum GraphPool {
    case largest
    case mean
}

extension GraphBuilder {
    /// Adds everything between the normalised images and the pool before the classifier, under torchvision's names: one
    /// concatenation for each layer of the maps it reads, as a gathering of channels keeps runtimes from skipping what
    /// is pruned.
    mutating func addFeatures(_ network: Network, of x: String) -> String {
        let a = network.architecture
        let (kernel, stride, padding) = a.stem.geometry
        var x = addConvolution("features.conv0", of: x, kernel: kernel, stride: stride, padding: padding)
        if a.stem.kind == .imageNet { x = addPool(.largest, "features.pool0", of: addNorm("features.norm0", of: x)) }
        for (b, block) in network.blocks.enumerated() {
            x = addBlock(block, "features.denseblock\(b + 1)", bottleneck: a.bottleneck, of: x)
            if block.transitionChannels != nil {
                let name = "features.transition\(b + 1)"
                // Average pooling and a 1×1 convolution commute; pooling first is a quarter of the work.
                x = addPool(.mean, name + ".pool", of: addNorm(name + ".norm", of: x))
                x = addConvolution(name + ".conv", of: x, kernel: 1, stride: 1, padding: 0)
            }
        }
        return addNorm("features.norm5", of: x)
    }

    /// A dense block; what its end reads.
    private mutating func addBlock(
        _ block: Network.Block, _ name: String, bottleneck: Bool, of x: String
    ) -> String {
        var maps = [0: x]
        for layer in block.layers {
            let name = name + ".denselayer\(layer.index)"
            var y = addNorm(name + ".norm1", of: joined(name, layer.sources.compactMap { maps[$0] }))
            y = addConvolution(
                name + ".conv1", of: y, kernel: bottleneck ? 1 : 3, stride: 1, padding: bottleneck ? 0 : 1)
            if bottleneck {
                y = addConvolution(
                    name + ".conv2", of: addNorm(name + ".norm2", of: y), kernel: 3, stride: 1, padding: 1)
            }
            maps[layer.index] = y
        }
        return joined(name, block.endSources.compactMap { maps[$0] })
    }

    private mutating func joined(_ name: String, _ sources: [String]) -> String {
        sources.count == 1 ? sources[0] : addConcat(name + ".concat", sources)
    }
}
