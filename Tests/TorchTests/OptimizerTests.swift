import Testing

@testable import Torch

/// Against the update rules written out in Swift doubles, as PyTorch documents them.
@Suite struct OptimizerTests {
    private let gradients: [[Double]] = [[0.5, -1], [0.25, 2], [-1, 0.125]]

    private func run(_ make: (Tensor) throws -> any Optimizer) throws -> [Double] {
        let p = try Tensor([1.0, -2.0], [2]).requiringGrad()
        let optimizer = try make(p)
        for g in gradients {
            p.clearGrad()
            try (p * Tensor(g, [2])).sum().backward()
            try optimizer.step()
        }
        return try p.doubles()
    }

    @Test func sgdWithNesterovMomentumAndWeightDecay() throws {
        var (p, buffer) = ([1.0, -2.0], [0.0, 0.0])
        for (t, g) in gradients.enumerated() {
            for i in 0..<2 {
                let d = g[i] + 1e-2 * p[i]
                buffer[i] = t == 0 ? d : 0.9 * buffer[i] + d
                p[i] -= 0.1 * (d + 0.9 * buffer[i])
            }
        }
        let found = try run { try SGD([$0], rate: 0.1, momentum: 0.9, weightDecay: 1e-2, nesterov: true) }
        for i in 0..<2 { #expect(abs(found[i] - p[i]) < 1e-12) }
    }

    @Test func adam() throws {
        var (p, m, v) = ([1.0, -2.0], [0.0, 0.0], [0.0, 0.0])
        for (t, g) in gradients.enumerated() {
            let (c1, c2) = (1 - pow(0.9, t + 1), 1 - pow(0.999, t + 1))
            for i in 0..<2 {
                m[i] = 0.9 * m[i] + 0.1 * g[i]
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i]
                p[i] -= 0.01 * (m[i] / c1) / ((v[i] / c2).squareRoot() + 1e-8)
            }
        }
        let found = try run { try Adam([$0], rate: 0.01) }
        for i in 0..<2 { #expect(abs(found[i] - p[i]) < 1e-9) }
    }

    @Test func stateContinuesWhereItWas() throws {
        func step(_ p: Tensor, _ o: any Optimizer, _ g: [Double]) throws {
            p.clearGrad()
            try (p * Tensor(g, [2])).sum().backward()
            try o.step()
        }
        for make in [{ try SGD([$0], rate: 0.1, momentum: 0.9, nesterov: true) }, { try Adam([$0], rate: 0.01) }]
            as [(Tensor) throws -> any Optimizer]
        {
            let p = try Tensor([1.0, -2.0], [2]).requiringGrad()
            let first = try make(p)
            try step(p, first, gradients[0])
            let saved = try first.state().mapValues { try $0.clone() }
            let q = try p.detached().clone().requiringGrad()
            let second = try make(q)
            try second.restore(saved)
            try step(p, first, gradients[1])
            try step(q, second, gradients[1])
            #expect(try p.doubles() == q.doubles())
        }
    }

    private func pow(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1) { r, _ in r * x } }
}
