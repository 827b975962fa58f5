import Randomness
import Testing

@testable import DenseKernels

/// The register tiles beside their definitions, with a whole vector's end and without.
@Suite struct TileTests {
    /// Rows lie whole one behind the other, or 16 units of all rows and then the next 16.
    enum Order: CaseIterable {
        case rows, units

        func place(_ row: Int, _ unit: Int, of rows: Int) -> Int {
            self == .rows ? row * 64 + unit : unit / 16 * step(rows) + row * 16 + unit % 16
        }
        func step(_ rows: Int) -> Int { self == .rows ? 16 : 16 * rows }
        var stride: Int { self == .rows ? 64 : 16 }
    }

    @Test(arguments: [1, 8, 9, 15, 16, 17, 24, 25, 32, 40, 41, 48, 56, 64], [1, 2, 25])
    func multiplies(units: Int, terms: Int) {
        for order in Order.allCases {
            for adding in [false, true] {
                for steps in 1...3 {
                    multiplies(units: units, terms: terms, rows: steps * tileRowStep, order, adding: adding)
                }
            }
        }
    }

    private func multiplies(units: Int, terms: Int, rows: Int, _ order: Order, adding: Bool) {
        var random = SeededGenerator(seed: UInt64(units * 100 + terms))
        let input = uniform(terms * 64, -1, 1, &random)
        let weights = uniform(terms * rows, -1, 1, &random)
        let before = uniform(tileRows * 64, -1, 1, &random)
        var output = before
        multiplyTile(
            input, terms: terms, stride: order.stride, weights, rows: rows, &output, units: units,
            inputStep: order.step(terms),
            outputStep: order.step(tileRows), adding: adding)
        let lanes = (units + 7) / 8 * 8
        var worst: Float = 0
        for r in 0..<tileRows {
            for u in 0..<64 {
                let at = order.place(r, u, of: tileRows)
                let sum = (r < rows ? 0..<terms : 0..<0).reduce(adding ? before[at] : 0) {
                    $0 + weights[$1 * rows + r] * input[order.place($1, u, of: terms)]
                }
                // Behind the vectors of the units and the rows of the tile nothing is written.
                if r < rows, u < units { worst = max(worst, abs(output[at] - sum)) }
                if r >= rows || u >= lanes { #expect(output[at] == before[at]) }
            }
        }
        #expect(worst < 1e-5)
    }

    @Test(arguments: [16, 48], [1, 3]) func sumsProducts(lanes: Int, blocks: Int) {
        for order in Order.allCases { sumsProducts(lanes: lanes, blocks: blocks, order) }
    }

    private func sumsProducts(lanes: Int, blocks: Int, _ order: Order) {
        var random = SeededGenerator(seed: UInt64(lanes + blocks))
        // More rows than the tile reads, as in a panel.
        let (inputs, gradients, rowStride) = (dotInputs + 2, dotOutputs + 1, 9)
        let (inputBlock, gradientBlock) = (inputs * 64 + 8, gradients * 64 + 4)
        let input = uniform(blocks * inputBlock, -1, 1, &random)
        let gradient = uniform(blocks * gradientBlock, -1, 1, &random)
        let before = uniform(dotInputs * rowStride, -1, 1, &random)
        var weights = before
        var sums = [Float](repeating: .nan, count: 24 * 16)
        addDotTile(
            input, inputBlock: inputBlock, inputStep: order.step(inputs), gradient, gradientBlock: gradientBlock,
            gradientStep: order.step(gradients), stride: order.stride, blocks: blocks, lanes: lanes, &weights,
            rowStride: rowStride, sums: &sums)
        for c in 0..<dotInputs {
            for o in 0..<rowStride {
                var sum = before[c * rowStride + o]
                if o < dotOutputs {
                    for block in 0..<blocks {
                        for u in 0..<lanes {
                            sum +=
                                input[block * inputBlock + order.place(c, u, of: inputs)]
                                * gradient[block * gradientBlock + order.place(o, u, of: gradients)]
                        }
                    }
                }
                #expect(abs(weights[c * rowStride + o] - sum) < 1e-4, "input \(c), output \(o), \(order)")
            }
        }
    }
}
