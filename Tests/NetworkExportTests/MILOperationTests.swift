import Foundation
import Testing

@testable import NetworkExport

/// The operations' values, and what they refuse; convolution, pools and norms are those of `ONNXOperationTests`.
@Suite struct MILOperationTests {
    private func run(
        _ type: String, _ inputs: [String: Maps], _ settings: [String: MILProgram.Contents] = [:], work: Int = 1_000_000
    ) throws -> Maps {
        var operations = MILOperations(workLeft: work)
        let values = inputs.mapValues { [MILInterpreter.Value.maps($0)] }
        return try operations.run(type, values.merging(settings.mapValues { [.constant($0)] }) { $1 })
    }

    private let window: [String: MILProgram.Contents] = [
        "strides": .ints([2, 2]), "pad_type": .text("custom"), "pad": .ints([0, 0, 0, 0]),
    ]
    private var pool: [String: MILProgram.Contents] {
        window.merging(["kernel_sizes": .ints([2, 2]), "ceil_mode": .bools([false])]) { $1 }
    }

    @Test func softmax() throws {
        let x = Maps([2, 2], [0, Float(log(3.0)), 1000, 1000])
        let y = try run("softmax", ["x": x], ["axis": .ints([-1])])
        #expect(y.shape == [2, 2])
        #expect(zip(y.values, [0.25, 0.75, 0.5, 0.5]).allSatisfy { abs($0 - $1) < 1e-7 }, "\(y.values)")
        #expect(throws: ExportError("shape [4] where logits are needed")) {
            try run("softmax", ["x": Maps([4], x.values)], ["axis": .ints([-1])])
        }
        #expect(throws: ExportError("'axis' has another value than the one computed here")) {
            try run("softmax", ["x": x], ["axis": .ints([1])])
        }
    }

    @Test func whatWorksOnMaps() throws {
        let x = Maps([1, 2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7])
        func c(_ values: Float...) -> Maps { Maps([2], values) }
        #expect(try run("sub", ["x": x, "y": Maps([1, 2, 1, 1], [1, 2])]).values == [-1, 0, 1, 2, 2, 3, 4, 5])
        #expect(try run("real_div", ["x": x, "y": c(1, 2)]).values == [0, 1, 2, 3, 2, 2.5, 3, 3.5])
        #expect(
            try run(
                "batch_norm", ["x": x, "gamma": c(2, 1), "beta": c(1, 0), "mean": c(1, 4), "variance": c(3, 0)],
                ["epsilon": .floats([1])]
            ).values == [0, 1, 2, 3, 0, 1, 2, 3])
        #expect(try run("relu", ["x": Maps([3], [-1, 0, 2])]).values == [0, 0, 2])
        #expect(
            try run("reduce_mean", ["x": x], ["axes": .ints([2, 3]), "keep_dims": .bools([false])])
                == Maps([1, 2], [1.5, 5.5]))
        #expect(try run("max_pool", ["x": x], pool) == Maps([1, 2, 1, 1], [3, 7]))
        let mean = pool.merging(["exclude_padding_from_average": .bools([false])]) { $1 }
        #expect(try run("avg_pool", ["x": x], mean) == Maps([1, 2, 1, 1], [1.5, 5.5]))
        #expect(
            try run(
                "linear", ["x": Maps([1, 2], [1, 2]), "weight": Maps([2, 2], [1, 2, 3, 4]), "bias": c(10, 20)]
            ) == Maps([1, 2], [15, 31]))
        let convolution = window.merging(["dilations": .ints([1, 1]), "groups": .ints([1])]) { $1 }
        #expect(
            try run("conv", ["x": x, "weight": Maps([1, 2, 1, 1], [1, 10])], convolution)
                == Maps([1, 1, 1, 1], [40]))
    }

    @Test func concatenatesInOrder() throws {
        var operations = MILOperations(workLeft: 100)
        let parts = [Maps([1, 1, 1, 1], [1]), Maps([1, 2, 1, 1], [2, 3]), Maps([1, 1, 1, 1], [4])]
        let settings: MILOperations.Inputs = [
            "axis": [.constant(.ints([1]))], "interleave": [.constant(.bools([false]))],
        ]
        let inputs = settings.merging(["values": parts.map { .maps($0) }]) { $1 }
        #expect(try operations.run("concat", inputs) == Maps([1, 4, 1, 1], [1, 2, 3, 4]))
        #expect(throws: ExportError("nothing is concatenated")) {
            try operations.run("concat", settings.merging(["values": []]) { $1 })
        }
        #expect(throws: ExportError("'interleave' has another value than the one computed here")) {
            try operations.run("concat", inputs.merging(["interleave": [.constant(.bools([true]))]]) { $1 })
        }
    }

    @Test func whatIsRefused() throws {
        let x = Maps([1, 1, 2, 2], [0, 1, 2, 3])
        func message(_ type: String, _ settings: [String: MILProgram.Contents], work: Int = 1000) -> String {
            do {
                _ = try run(type, ["x": x], settings, work: work)
                return ""
            } catch { return "\(error)" }
        }
        func changed(_ name: String, _ contents: MILProgram.Contents) -> String {
            message("max_pool", pool.merging([name: contents]) { $1 })
        }
        #expect(message("max_pool", pool) == "")
        #expect(changed("ceil_mode", .bools([true])) == "'ceil_mode' has another value than the one computed here")
        #expect(changed("pad_type", .text("same")) == "'pad_type' has another value than the one computed here")
        #expect(changed("strides", .ints([2, 1])) == "its window is not square")
        #expect(changed("kernel_sizes", .ints([2])) == "its window is not square")
        #expect(changed("kernel_sizes", .floats([2, 2])) == "kernel_sizes is no list of numbers")
        #expect(changed("strides", .ints([0, 0])) == "a window of 2, 0, 0 is none")
        #expect(changed("pad", .ints([2, 2, 2, 2])) == "a window of 2, 2, 2 is none")
        #expect(changed("kernel_sizes", .ints([3, 3])) == "maps of 2 are smaller than the window of 3")
        #expect(
            message("avg_pool", pool.merging(["exclude_padding_from_average": .bools([true])]) { $1 })
                == "'exclude_padding_from_average' has another value than the one computed here")
        #expect(message("avg_pool", pool) == "the input 'exclude_padding_from_average' is missing")
        #expect(message("relu", [:], work: 3) == "it takes over 3 multiply-adds")
        #expect(message("relu", ["a\u{1b}": .ints([])]) == "the input 'a\\u{1b}' is not computed here")
        #expect(message("sub", ["y": .ints([1])]) == "'y' is no array of floats")
        let settings: [String: MILProgram.Contents] = ["axes": .ints([2, 3]), "keep_dims": .bools([true])]
        #expect(message("reduce_mean", settings) == "'keep_dims' has another value than the one computed here")
    }
}
