import DenseKernels
import DenseNetArchitecture
import DenseNetModel
import DenseNetRuntime
import Foundation
import Reporting
import Runs
import Torch
import Training

/// Times a network and the dense one of its architecture in turn, in every program that can run them here.
struct LatencyMeasurement {
    /// The network that is timed.
    let net: DenseNet
    /// The dense network of its architecture, with fresh weights, as time does not depend on them; `nil` where the
    /// network is dense itself.
    let dense: DenseNet?
    let console: Console

    /// Seconds after which no more rounds are begun, of a program and a batch.
    private static let seconds = 4.0
    /// Rounds there are at least and at most; the first two are not counted.
    private static let rounds = 5...60

    /// A measurement on the network's device.
    init(_ net: DenseNet, _ console: Console) throws {
        (self.net, self.console) = (net, console)
        let whole = try Network(net.network.architecture)
        dense =
            net.network == whole
            ? nil
            : try DenseNet(whole, generator: Generator(seed: 0), initialization: .fanIn, device: net.device)
    }

    /// The times of batches of these sizes.
    func measure(_ batches: [Int]) throws -> Latencies {
        var rows: [Latencies.Row] = []
        let kernels = net.kernels
        defer { net.kernels = kernels }
        for batch in batches {
            for choice in BenchCommand.choices(kernels, on: net.device) {
                let name = choice == .swift ? "ads" : "libtorch"
                console.line("timing \(name), batch \(batch)")
                let (own, whole) = try times(choice, batch)
                var row = Latencies.Row(
                    program: name, version: choice == .swift ? ADS.version : Runtime.version, batch: batch, own: own,
                    dense: whole)
                if choice == .swift { row.work = work(batch) }
                rows.append(row)
            }
        }
        if net.device == .cpu { rows += try peers(batches) }
        let network = net.network
        return Latencies(
            threads: Runtime.threads, machine: Machine.current(device: net.device, kernels: kernels).system,
            share: Double(network.cost.macs) / Double(try Network(network.architecture).cost.macs), rows: rows)
    }

    /// What our kernels multiply for the network, over what they do for the dense one.
    private func work(_ batch: Int) -> Double? {
        let use = batch == 1 ? KernelUse.oneImage : .inference
        return dense.map {
            Double(net.network.kernelMultiplyAdds(use)) / Double($0.network.kernelMultiplyAdds(use))
        }
    }

    private func times(_ kernels: KernelChoice, _ batch: Int) throws -> (own: [Double], dense: [Double]?) {
        let a = net.network.architecture
        let x = try Tensor.zeros([batch, a.inputChannels, a.imageSize, a.imageSize]).fillNormal(Generator(seed: 0))
            .to(on: net.device)
        let nets = [net] + (dense.map { [$0] } ?? [])
        for net in nets { net.kernels = kernels }
        var times = nets.map { _ in [Double]() }
        let began = ContinuousClock.now
        for round in 1...Self.rounds.upperBound + 2 {
            try Interruption.check("interrupted while measuring")
            for (index, net) in nets.enumerated() {
                let taken = try repeatedlyTimed(repetitions: 1, warmUp: 0) { _ in
                    try withoutGrad { _ = try net(x, training: false).doubles() }
                }
                if round > 2 { times[index] += taken[0] }
            }
            if times[0].count >= Self.rounds.lowerBound, (ContinuousClock.now - began).seconds > Self.seconds { break }
        }
        return (times[0], times.count > 1 ? times[1] : nil)
    }

    /// The times of the programs that Python has.
    private func peers(_ batches: [Int]) throws -> [Latencies.Row] {
        console.line("timing ONNX Runtime and OpenVINO, where python3 has them")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ads-latency-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try zip([net, dense].compactMap { $0 }, ["own.onnx", "dense.onnx"]).map { net, name in
            let path = folder.appendingPathComponent(name).path
            try PeerLatency.write(net, to: path)
            return path
        }
        let a = net.network.architecture
        let found = try PeerLatency.measure(
            files, batches, shape: [a.inputChannels, a.imageSize, a.imageSize], threads: Runtime.threads,
            seconds: Self.seconds, rounds: Self.rounds)
        for note in found.notes { console.line(note) }
        return found.rows
    }
}

extension Latencies.Row {
    /// A row of times that were taken in turn, in milliseconds.
    init(program: String, version: String, batch: Int, own: [Double], dense: [Double]?) {
        self.init(
            program: program, version: version, batch: batch, milliseconds: own.median,
            denseMilliseconds: dense?.median, ratio: dense.map { zip(own, $0).map { $0 / $1 }.median })
    }
}
