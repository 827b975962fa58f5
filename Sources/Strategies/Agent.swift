import Foundation
import Torch

/// The agent's network: an LSTM that walks the nodes of all blocks and judges each pair by a logit.
///
/// At each node the LSTM takes one step. Layer i's logit for node j is `c·tanh(v·tanh(W₁h_j + W₂h_i)) + b_ij`; the next
/// input is the mean of the states of the nodes that were chosen. The first term is ENAS' (arXiv 1802.03268, macro
/// search) and shares what it learns among connections; alone it cannot tell single connections apart in hundreds of
/// children. The second, one learned number for every connection, can; it is ours.
final class Agent {
    let settings: AgentSettings
    /// Everything that is learned.
    let parameters: [Tensor]
    /// The shared part: the LSTM and what makes logits of its states.
    var recurrent: [Tensor] { Array(parameters.dropLast()) }
    /// One term a connection, `[entries]`.
    var connectionTerms: Tensor { parameters[7] }
    private let space: SearchSpace
    private var inputWeight: Tensor { parameters[0] }
    private var hiddenWeight: Tensor { parameters[1] }
    private var gateBias: Tensor { parameters[2] }
    private var blockInputs: Tensor { parameters[3] }
    private var anchorWeight: Tensor { parameters[4] }
    private var queryWeight: Tensor { parameters[5] }
    private var scoreWeight: Tensor { parameters[6] }

    init(_ space: SearchSpace, _ settings: AgentSettings, seed: UInt64) throws {
        self.space = space
        self.settings = settings
        let h = settings.hidden
        let generator = try Generator(seed: seed)
        let shapes = [
            [4 * h, h], [4 * h, h], [4 * h], [space.architecture.blocks.count, h], [h, h], [h, h], [1, h],
        ]
        let shared = try shapes.map {
            try Tensor.zeros($0).fillUniform(-settings.initialRange, settings.initialRange, generator).requiringGrad()
        }
        parameters = shared + [try Tensor.zeros([space.entries.count]).requiringGrad()]
    }

    /// One pass over all nodes for a batch of K children.
    /// - Parameters:
    ///   - decide: given the rows' first entry and the logits `[K, i]`, the decisions `[K][i]` of layer i.
    /// - Returns: the logits `[K, entries]` in the space's order.
    func walk(_ count: Int, _ decide: (_ firstEntry: Int, _ logits: Tensor) throws -> [[Bool]]) throws -> Tensor {
        let size = settings.hidden
        var hidden = try Tensor.zeros([count, size])
        var cell = try Tensor.zeros([count, size])
        var all: [Tensor] = []
        var entry = 0
        for b in space.architecture.blocks.indices {
            let start = try blockInputs.narrowed(0, from: b, count: 1).expanded([count, size])
            (hidden, cell) = try step(start, hidden, cell)
            var states = [hidden]
            var anchors = [try hidden.linear(anchorWeight)]
            var input = hidden
            // An end is judged like a layer; nothing reads it.
            for i in 1...space.rows(ofBlock: b) {
                (hidden, cell) = try step(input, hidden, cell)
                let query = try hidden.linear(queryWeight)
                // [K, i, H] -> [K, i]
                let pairs = try (Tensor.stacked(anchors, dim: 1) + query.unsqueezed(1)).tanh()
                let judged = try (pairs.linear(scoreWeight).squeezed(2).tanh()) * settings.tanhConstant
                let logits = try judged + connectionTerms.narrowed(0, from: entry, count: i)
                let choices = try decide(entry, logits)
                all.append(logits)
                entry += i
                let weights = choices.flatMap { row -> [Float] in
                    let chosen = Float(max(1, row.count { $0 }))
                    return row.map { $0 ? 1 / chosen : 0 }
                }
                let mix = try Tensor(weights, [count, 1, i])
                input = try mix.matmul(Tensor.stacked(states, dim: 1)).squeezed(1)
                states.append(hidden)
                anchors.append(try hidden.linear(anchorWeight))
            }
        }
        return try Tensor.concatenated(all, dim: 1)
    }

    /// One step of the LSTM (Hochreiter and Schmidhuber, 1997; gates in PyTorch's order).
    private func step(_ x: Tensor, _ hidden: Tensor, _ cell: Tensor) throws -> (Tensor, Tensor) {
        let size = settings.hidden
        let gates = try x.linear(inputWeight, gateBias) + hidden.linear(hiddenWeight)
        func gate(_ index: Int) throws -> Tensor { try gates.narrowed(1, from: index * size, count: size) }
        let next = try (gate(1).sigmoid() * cell) + (gate(0).sigmoid() * gate(2).tanh())
        return (try gate(3).sigmoid() * next.tanh(), next)
    }
}
