import Randomness
import Testing

@testable import DenseKernels

/// The register tiles beside their definitions, with a whole vector's end and without.
@Suite struct TileTests {
    @Test(arguments: [1, 15, 16, 17, 32, 40, 48], [1, 2, 25]) func multiplies(units: Int, terms: Int) {
        var random = SeededGenerator(seed: UInt64(units * 100 + terms))
        let stride = 64
        let input = uniform(terms * stride, -1, 1, &random)
        let weights = uniform(terms * tileRows, -1, 1, &random)
        let before = uniform(tileRows * stride, -1, 1, &random)
        for adding in [false, true] {
            var output = before
            multiplyTile(input, terms: terms, stride: stride, weights, &output, units: units, adding: adding)
            let lanes = (units + 15) / 16 * 16
            var worst: Float = 0
            for r in 0..<tileRows {
                for u in 0..<stride {
                    let old = before[r * stride + u]
                    let sum = (0..<terms).reduce(adding ? old : 0) {
                        $0 + weights[$1 * tileRows + r] * input[$1 * stride + u]
                    }
                    // Behind the vectors of the units nothing is written.
                    if u < units { worst = max(worst, abs(output[r * stride + u] - sum)) }
                    if u >= lanes { #expect(output[r * stride + u] == old) }
                }
            }
            #expect(worst < 1e-5)
        }
    }

    @Test(arguments: [16, 48], [1, 3]) func sumsProducts(lanes: Int, blocks: Int) {
        var random = SeededGenerator(seed: UInt64(lanes + blocks))
        let (stride, rowStride) = (64, 9)
        let (inputBlock, gradientBlock) = (dotInputs * stride + 8, dotOutputs * stride + 4)
        let input = uniform(blocks * inputBlock, -1, 1, &random)
        let gradient = uniform(blocks * gradientBlock, -1, 1, &random)
        let before = uniform(dotInputs * rowStride, -1, 1, &random)
        var weights = before
        var sums = [Float](repeating: .nan, count: 24 * 16)
        addDotTile(
            input, inputBlock: inputBlock, gradient, gradientBlock: gradientBlock, stride: stride, blocks: blocks,
            lanes: lanes, &weights, rowStride: rowStride, sums: &sums)
        for c in 0..<dotInputs {
            for o in 0..<rowStride {
                var sum = before[c * rowStride + o]
                if o < dotOutputs {
                    for block in 0..<blocks {
                        for u in 0..<lanes {
                            sum +=
                                input[block * inputBlock + c * stride + u]
                                * gradient[block * gradientBlock + o * stride + u]
                        }
                    }
                }
                #expect(abs(weights[c * rowStride + o] - sum) < 1e-4, "input \(c), output \(o)")
            }
        }
    }
}
