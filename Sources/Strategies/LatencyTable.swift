import DenseNetArchitecture

/// What a network takes for one image on one machine, as a sum over its layers: measured once when a study starts and
/// kept in it, so that costs and rewards repeat. After the latency tables of FBNet (arXiv 1812.03443) and ProxylessNAS
/// (1812.00332).
public struct LatencyTable: Codable, Sendable, Hashable {
    /// Threads of one inference.
    public var threads: Int
    /// Milliseconds of all that no connection changes: the stem, the classifier, the calls.
    public var base: Double
    /// Of each block, by the channels a layer reads.
    public var layers: [[Point]]
    /// Of each transition, by the channels it reads.
    public var transitions: [[Point]]

    /// Milliseconds of a layer that reads so many channels.
    public struct Point: Codable, Sendable, Hashable {
        /// Channels the layer reads.
        public var channels: Int
        /// Milliseconds for one image.
        public var milliseconds: Double

        /// A point.
        package init(channels: Int, milliseconds: Double) {
            (self.channels, self.milliseconds) = (channels, milliseconds)
        }
    }

    /// A table of what was measured.
    package init(threads: Int, base: Double, layers: [[Point]], transitions: [[Point]]) {
        (self.threads, self.base, self.layers, self.transitions) = (threads, base, layers, transitions)
    }

    /// Refuses a table that is not of an architecture, or whose numbers no measurement gives.
    /// - Throws: `SearchError`; `ArchitectureError` where the architecture is none.
    package func validate(for architecture: Architecture) throws {
        let blocks = architecture.blocks.count
        // A million seconds.
        func isTime(_ milliseconds: Double) -> Bool { milliseconds >= 0 && milliseconds <= 1e9 }
        let points = (layers + transitions).joined()
        guard layers.count == blocks, transitions.count == blocks, 1...1024 ~= threads, isTime(base),
            points.allSatisfy({ 1...(1 << 32) ~= $0.channels && isTime($0.milliseconds) })
        else { throw SearchError("the table of latencies is none of a network of \(blocks) blocks") }
        // A layer that reads more than was measured takes as much more, and none reads more than dense's: so every
        // network of the architecture has a number of microseconds that an `Int` holds.
        let dense = milliseconds(of: try Network(architecture))
        guard dense <= 1e12 else {
            throw SearchError(
                "the table of latencies gives the dense network \(dense) milliseconds; up to 1e12 are possible")
        }
    }

    /// Milliseconds of a network for one image.
    public func milliseconds(of network: Network) -> Double {
        var sum = base
        for (b, block) in network.blocks.enumerated() {
            for layer in block.layers { sum += Self.time(layers[b], layer.inputChannels) }
            if block.transitionChannels != nil { sum += Self.time(transitions[b], block.endChannels) }
        }
        return sum
    }

    /// A point of a table, or what lies between its neighbours.
    static func time(_ points: [Point], _ channels: Int) -> Double {
        guard let last = points.last, let first = points.first else { return 0 }
        guard let above = points.first(where: { $0.channels >= channels }) else {
            return last.milliseconds * Double(channels) / Double(last.channels)
        }
        guard above.channels > channels, let below = points.last(where: { $0.channels < channels }) else {
            return above.channels == channels ? above.milliseconds : first.milliseconds
        }
        let share = Double(channels - below.channels) / Double(above.channels - below.channels)
        return below.milliseconds + share * (above.milliseconds - below.milliseconds)
    }
}
