import DenseNetArchitecture
import Foundation
import Randomness
import TestSupport
import Testing
import Torch

@testable import Strategies

/// The agent's network against its formulas, written down once more in plain numbers: an LSTM of PyTorch's gates
/// (input, forget, cell, output), logits c·tanh(v·tanh(W₁h_j + W₂h_i)) + b_ij, the mean of the chosen nodes' states as
/// input.
@Suite(.oneThread) struct AgentNetworkTests {
    private typealias Vector = [Double]

    private struct Plain {
        let hidden: Int
        let constant: Double
        /// In the agent's order, each a matrix of rows.
        let weights: [[Vector]]

        private func times(_ matrix: [Vector], _ x: Vector) -> Vector {
            matrix.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
        }
        private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

        private func step(_ x: Vector, _ h: Vector, _ c: Vector) -> (Vector, Vector) {
            let (own, other, bias) = (times(weights[0], x), times(weights[1], h), weights[2][0])
            let gates = own.indices.map { own[$0] + other[$0] + bias[$0] }
            var (newHidden, newCell): (Vector, Vector) = ([], [])
            for k in 0..<hidden {
                let (i, f) = (sigmoid(gates[k]), sigmoid(gates[hidden + k]))
                let (g, o) = (tanh(gates[2 * hidden + k]), sigmoid(gates[3 * hidden + k]))
                newCell.append(f * c[k] + i * g)
                newHidden.append(o * tanh(newCell[k]))
            }
            return (newHidden, newCell)
        }

        /// The logits of a child whose decisions are known.
        func logits(_ choices: [Bool], rows: [Int]) -> Vector {
            var (h, c) = (Vector(repeating: 0, count: hidden), Vector(repeating: 0, count: hidden))
            var (all, entry): (Vector, Int) = ([], 0)
            for (b, count) in rows.enumerated() {
                (h, c) = step(weights[3][b], h, c)
                var (states, input) = ([h], h)
                for i in 1...count {
                    (h, c) = step(input, h, c)
                    let query = times(weights[5], h)
                    for j in 0..<i {
                        let anchor = times(weights[4], states[j])
                        let pair = anchor.indices.map { tanh(anchor[$0] + query[$0]) }
                        all.append(constant * tanh(times(weights[6], pair)[0]) + weights[7][0][entry + j])
                    }
                    let chosen = (0..<i).filter { choices[entry + $0] }
                    input = (0..<hidden).map { k in
                        chosen.isEmpty ? 0 : chosen.reduce(0) { $0 + states[$1][k] } / Double(chosen.count)
                    }
                    entry += i
                    states.append(h)
                }
            }
            return all
        }
    }

    @Test(arguments: [false, true]) func theLogitsAreTheFormulas(ends: Bool) throws {
        let space = SearchSpace(
            try Architecture(
                blocks: [3, 2], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 4),
                imageSize: 8), searchesBlockEnds: ends)
        var settings = AgentSettings()
        (settings.hidden, settings.initialRange) = (3, 0.9)
        let agent = try Agent(space, settings, seed: 5)
        var random = SeededGenerator(seed: 6)
        let terms = space.entries.map { _ in Float(random.uniform(-1, 1)) }
        try withoutGrad { try agent.connectionTerms.assign(Tensor(terms, [terms.count])) }
        let weights = try agent.parameters.map { tensor -> [Vector] in
            let values = try tensor.doubles()
            let width = tensor.shape.count == 1 ? values.count : tensor.shape[1]
            return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
        }
        let plain = Plain(hidden: 3, constant: 2.5, weights: weights)
        // The first chooses nothing in some row.
        let children = (0..<4).map { k in space.entries.map { _ in k > 0 && random.uniform() < 0.5 } }
        let found = try agent.walk(children.count) { first, logits in
            children.map { Array($0[first..<first + logits.shape[1]]) }
        }.doubles()
        #expect(found.count == 4 * space.entries.count)
        let rows = ends ? [4, 3] : [3, 2]
        for (k, child) in children.enumerated() {
            let expected = plain.logits(child, rows: rows)
            #expect(expected.count == space.entries.count)
            for (e, value) in expected.enumerated() {
                let difference = abs(found[k * expected.count + e] - value)
                #expect(difference < 1e-5, "child \(k), entry \(e): \(difference)")
            }
        }
        // Weights begin within the range, in both halves of it; a connection's own term begins at 0.
        let fresh = try Agent(space, settings, seed: 7)
        for tensor in fresh.recurrent {
            let values = try tensor.doubles()
            #expect(values.allSatisfy { abs($0) <= 0.9 } && values.contains { $0 > 0 } && values.contains { $0 < 0 })
        }
        #expect(try fresh.connectionTerms.doubles() == space.entries.map { _ in 0 })
    }
}
