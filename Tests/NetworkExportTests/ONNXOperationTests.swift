import Testing

@testable import NetworkExport

/// The operators' values, worked out by hand or by their definitions.
@Suite struct ONNXOperationTests {
    private func run(
        _ operation: String, _ inputs: [ONNXArray], _ attributes: [String: ONNXModel.Attribute] = [:]
    ) throws -> ONNXArray {
        var operations = ONNXOperations(workLeft: 1_000_000)
        return try operations.run(
            .init(operation: operation, name: "n", inputs: [], outputs: [], attributes: attributes), inputs)
    }

    private func ramp(_ shape: [Int], _ value: (Int) -> Float = { Float($0) }) -> ONNXArray {
        ONNXArray(.float32, shape, (0..<shape.reduce(1, *)).map(value))
    }

    @Test(arguments: [(3, 1, 1, 6), (1, 1, 0, 6), (7, 2, 3, 9), (3, 2, 0, 7), (2, 1, 0, 2)])
    func convolutionIsItsDefinition(kernel: Int, stride: Int, padding: Int, size: Int) throws {
        let x = ramp([2, 3, size, size + 1]) { Float($0 * $0 % 11) - 5 }
        let w = ramp([4, 3, kernel, kernel]) { Float($0 * 7 % 5) - 2 }
        let y = try run(
            "Conv", [x, w],
            [
                "kernel_shape": .ints([kernel, kernel]), "strides": .ints([stride, stride]),
                "pads": .ints([padding, padding, padding, padding]),
            ])
        let rows = (size + 2 * padding - kernel) / stride + 1
        let columns = (size + 1 + 2 * padding - kernel) / stride + 1
        #expect(y.shape == [2, 4, rows, columns])
        var i = 0
        for n in 0..<2 {
            for o in 0..<4 {
                for row in 0..<rows {
                    for column in 0..<columns {
                        var sum: Float = 0
                        for c in 0..<3 {
                            for p in 0..<kernel {
                                for q in 0..<kernel {
                                    let (r, s) = (row * stride + p - padding, column * stride + q - padding)
                                    guard 0..<size ~= r, 0..<size + 1 ~= s else { continue }
                                    sum +=
                                        x.values[((n * 3 + c) * size + r) * (size + 1) + s]
                                        * w.values[((o * 3 + c) * kernel + p) * kernel + q]
                                }
                            }
                        }
                        // Whole numbers: no rounding.
                        #expect(y.values[i] == sum)
                        i += 1
                    }
                }
            }
        }
    }

    @Test func pools() throws {
        let x = ramp([1, 1, 5, 5]) { -Float($0) }
        let windows: [String: ONNXModel.Attribute] = ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]
        // An odd row and column are left out.
        #expect(try run("AveragePool", [x], windows) == ONNXArray(.float32, [1, 1, 2, 2], [-3, -5, -13, -15]))
        let padded: [String: ONNXModel.Attribute] = [
            "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]),
        ]
        // Padding never wins, though everything is negative.
        #expect(
            try run("MaxPool", [x], padded)
                == ONNXArray(.float32, [1, 1, 3, 3], [0, -1, -3, -5, -6, -8, -15, -16, -18]))
        #expect(try run("GlobalAveragePool", [ramp([1, 2, 2, 2])]) == ONNXArray(.float32, [1, 2, 1, 1], [1.5, 5.5]))
        #expect(throws: ExportError("a padded mean is not computed here")) { try run("AveragePool", [x], padded) }
    }

    @Test func whatWorksOnChannels() throws {
        let x = ramp([2, 2, 1, 2])
        func c(_ values: Float...) -> ONNXArray { ONNXArray(.float32, [2], values) }
        #expect(
            try run("BatchNormalization", [x, c(2, 1), c(1, 0), c(1, 3), c(4, 0.25)], ["epsilon": .float(0)]).values
                == [0, 1, -2, 0, 4, 5, 6, 8])
        let both = ONNXArray(.float32, [1, 2, 1, 1], [1, 2])
        #expect(try run("Sub", [x, both]).values == [-1, 0, 0, 1, 3, 4, 4, 5])
        #expect(try run("Div", [x, both]).values == [0, 1, 1, 1.5, 4, 5, 3, 3.5])
        #expect(try run("Relu", [ONNXArray(.float32, [3], [-1, 0, 2])]).values == [0, 0, 2])
        #expect(
            try run("Concat", [x, ramp([2, 1, 1, 2]) { 10 + Float($0) }], ["axis": .int(1)])
                == ONNXArray(.float32, [2, 3, 1, 2], [0, 1, 2, 3, 10, 11, 4, 5, 6, 7, 12, 13]))
        #expect(throws: ExportError("constants of shape [3] for 2 channels")) {
            try run("Sub", [x, ONNXArray(.float32, [3], [1, 2, 3])])
        }
        #expect(throws: ExportError("shapes [[2, 2, 1, 2], [2, 2, 2, 1]] do not lie beside one another")) {
            try run("Concat", [x, ramp([2, 2, 2, 1])], ["axis": .int(1)])
        }
    }

    @Test func theClassifier() throws {
        let y = try run(
            "Gemm", [ramp([2, 2]), ramp([3, 2]), ONNXArray(.float32, [3], [100, 200, 300])], ["transB": .int(1)])
        #expect(y == ONNXArray(.float32, [2, 3], [101, 203, 305, 103, 213, 323]))
        #expect(try run("Flatten", [ramp([2, 3, 1, 1])], ["axis": .int(1)]).shape == [2, 3])
        #expect(throws: ExportError("shapes [2, 2], [3, 3] and [3] do not fit")) {
            try run("Gemm", [ramp([2, 2]), ramp([3, 3]), ramp([3])], ["transB": .int(1)])
        }
    }

    @Test func bytesAndWork() throws {
        let bytes = ONNXArray(.uint8, [1, 1, 1, 2], [0, 255])
        #expect(try run("Cast", [bytes], ["to": .int(1)]) == ONNXArray(.float32, [1, 1, 1, 2], [0, 255]))
        #expect(throws: ExportError("bytes are given where floats are needed")) { try run("Relu", [bytes]) }
        #expect(throws: ExportError("2 inputs; 1 are needed")) { try run("Relu", [ramp([1]), ramp([1])]) }
        #expect(throws: ExportError("it takes over 1000000 multiply-adds")) {
            try run("Conv", [ramp([1, 10, 40, 40]), ramp([40, 10, 3, 3])], ["kernel_shape": .ints([3, 3])])
        }
    }
}
