import Foundation
import Testing

@testable import Torch

@Suite struct TensorTests {
    @Test func elementsComeBack() throws {
        #expect(try Tensor([1, 2, 3, 4] as [Float], [2, 2]).transposed(0, 1).contiguous().floats() == [1, 3, 2, 4])
        #expect(try Tensor([1.5, -2] as [Double], [2]).to(.float32).floats() == [1.5, -2])
        #expect(try Tensor([7, 250] as [UInt8], [2]).to(.int64).ints() == [7, 250])
        #expect(try Tensor(3.5, .float64).item() == 3.5)
    }

    @Test func errorsNameOperationAndShapes() throws {
        let x = try Tensor.zeros([64, 3, 32, 32])
        let w = try Tensor.zeros([16, 4, 3, 3])
        let error = #expect(throws: TorchError.self) { try x.conv2d(w, padding: 1) }
        #expect(error?.operation == "conv2d" && error?.shapes == [[64, 3, 32, 32], [16, 4, 3, 3]])
        let sentence = "\(try #require(error))"
        #expect(
            sentence.hasPrefix("conv2d on [64, 3, 32, 32], [16, 4, 3, 3]: ") && sentence.contains("channels"),
            "\(sentence)")
        #expect(throws: TorchError.self) { try Tensor.zeros([2]) + Tensor.zeros([3]) }
        #expect(throws: TorchError.self) { try Tensor.zeros([2, 2]).item() }
    }

    @Test func absentAndUnknownDevices() throws {
        #expect(try Device(named: "cpu") == .cpu)
        #expect(throws: DeviceError.unknown("tpu")) { try Device(named: "tpu") }
        #expect(throws: DeviceError.absent("cuda:63")) { try Device(named: "cuda:63") }
    }

    @Test func generatorsRepeatAndRestore() throws {
        func draw(_ g: Generator) throws -> [Float] { try Tensor.zeros([5]).fillNormal(g).floats() }
        let a = try Generator(seed: 7)
        let first = try draw(a)
        #expect(try draw(Generator(seed: 7)) == first)
        let state = try a.state()
        let second = try draw(a)
        let b = try Generator(seed: 1)
        try b.setState(state)
        #expect(try draw(b) == second)
        #expect(second != first)
    }

    @Test func gradientOfASum() throws {
        let x = try Tensor([1, 2, 3] as [Double], [3]).requiringGrad()
        try (x * x).sum().backward()
        #expect(try x.grad?.doubles() == [2, 4, 6])
        x.clearGrad()
        #expect(x.grad == nil)
        let unrecorded = try withoutGrad { try x * x }
        #expect(!unrecorded.requiresGrad)
    }

    /// Against x − log Σ exp(x) and its gradient, w − softmax · Σ w, over rows and over columns; what an exponential
    /// would overflow at is a number.
    @Test func logSoftmax() throws {
        let values = [0.5, -1, 2, 1.5, 0.25, -0.75]
        let weights = [1, -2, 0.5, 3, 0.25, -1]
        let groups = [0: [[0, 3], [1, 4], [2, 5]], 1: [[0, 1, 2], [3, 4, 5]]]
        for (dim, members) in groups {
            let x = try Tensor(values, [2, 3]).requiringGrad()
            let y = try x.logSoftmax(dim: dim)
            try (y * Tensor(weights, [2, 3])).sum().backward()
            let (found, gradient) = (try y.doubles(), try #require(try x.grad?.doubles()))
            for group in members {
                let sum = group.reduce(0.0) { $0 + exp(values[$1]) }
                let weight = group.reduce(0.0) { $0 + weights[$1] }
                for i in group {
                    #expect(abs(found[i] - (values[i] - log(sum))) < 1e-12)
                    #expect(abs(gradient[i] - (weights[i] - exp(values[i]) / sum * weight)) < 1e-12)
                }
            }
        }
        let large = try Tensor([1000, 1001, -1000] as [Float], [1, 3]).logSoftmax(dim: 1).doubles()
        for (found, expected) in zip(large, [-1.3132617, -0.3132617, -2001.3132617]) {
            #expect(abs(found - expected) < 1e-3)
        }
        let error = #expect(throws: TorchError.self) { try Tensor.zeros([2, 3]).logSoftmax(dim: 2) }
        #expect(error?.operation == "log_softmax" && error?.shapes == [[2, 3]])
    }

    /// y = x³ by a Swift closure, checked with finite differences.
    @Test func customFunctionsHaveTheirOwnGradient() throws {
        func cube(_ x: Tensor) throws -> Tensor {
            try customFunction("cube", inputs: [x]) {
                [try x.pow(3)]
            } backward: { grads in
                guard let grad = grads[0] else { return [nil] }
                return [try x.pow(2) * 3 * grad]
            }[0]
        }
        let values = [0.5, -1.25, 2]
        let x = try Tensor(values, [3]).requiringGrad()
        try (cube(x) * Tensor([1, 2, 3] as [Double], [3])).sum().backward()
        let grad = try #require(try x.grad?.doubles())
        for i in 0..<3 {
            let h = 1e-6
            func f(_ d: Double) throws -> Double {
                var moved = values
                moved[i] += d
                return try withoutGrad {
                    try (cube(Tensor(moved, [3])) * Tensor([1, 2, 3] as [Double], [3])).sum().item()
                }
            }
            #expect(abs(grad[i] - (try f(h) - f(-h)) / (2 * h)) < 1e-7)
        }
    }

    @Test func customFunctionsFreeWhatTheyHold() throws {
        final class Witness {}
        weak var witness: Witness?
        do {
            let held = Witness()
            witness = held
            let x = try Tensor([1.0], [1]).requiringGrad()
            let y = try customFunction(
                "hold", inputs: [x], forward: { [try x.clone()] },
                backward: { _ in withExtendedLifetime(held) { [nil] } })[0]
            #expect(witness != nil)
            try y.sum().backward()
        }
        #expect(witness == nil)
    }

    @Test func errorsOfABackwardClosureComeOut() throws {
        struct Broken: Error, CustomStringConvertible { let description = "broken on purpose" }
        let x = try Tensor([1.0], [1]).requiringGrad()
        let y = try customFunction("odd", inputs: [x], forward: { [try x.clone()] }, backward: { _ in throw Broken() })[
            0]
        let error = #expect(throws: TorchError.self) { try y.sum().backward() }
        #expect("\(try #require(error))".contains("odd, backward: broken on purpose"))
    }
}
