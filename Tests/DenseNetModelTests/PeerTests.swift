import DenseKernels
import DenseNetArchitecture
import Foundation
import Runs
import TestSupport
import Testing
import Torch
import Training
import WeightFiles

@testable import DenseNetModel

/// Against PyTorch: logits, loss, every gradient, the running statistics.
@Suite(.serialized, .enabled(if: peerPython != nil, "PyTorch for Python is needed: these tests compare with it"))
struct PeerTests {
    /// The three random connectivities end in pruned ends, too.
    private func cases() throws -> [(String, Network)] {
        func network(
            _ name: String, _ pattern: String, seed: UInt64 = 0, ends: Bool = false
        ) throws -> (String, Network) {
            var a = try Architecture(named: name)
            if name == "densenet-bc-22-8" { a.imageSize = 16 }
            var c = Connectivity(try ConnectivityPatterns.parse(pattern), for: a, seed: seed)
            if ends {
                for b in c.blocks.indices { c.blocks[b].append((0...a.blocks[b]).map { $0 % 3 != 1 }) }
            }
            return ("\(name) \(pattern) \(seed)\(ends ? " with ends" : "")", try Network(a, c))
        }
        return [
            try network("densenet-40-12", "dense"),
            try network("densenet-40-12", "random:0.3", seed: 1),
            try network("densenet-40-12", "random:0.6", seed: 2),
            try network("densenet-40-12", "random:0.4", seed: 3, ends: true),
            try network("densenet-bc-22-8", "random:0.5", seed: 4, ends: true),
        ]
    }

    /// A network with weights that are no special case: BN scales, shifts and statistics differ per channel.
    private func state(_ network: Network, seed: UInt64) throws -> [String: Tensor] {
        let g = try Generator(seed: seed)
        var state: [String: Tensor] = [:]
        for (name, tensor) in try DenseNet(network, generator: g).tensors {
            let shape = tensor.shape
            switch name {
            case let n where n.hasSuffix("running_mean"):
                state[name] = try Tensor.zeros(shape).fillNormal(deviation: 0.3, g)
            case let n where n.hasSuffix("running_var"): state[name] = try Tensor.zeros(shape).fillUniform(0.5, 2, g)
            case let n where n.contains("norm") && n.hasSuffix("weight"):
                state[name] = try Tensor.zeros(shape).fillUniform(0.5, 1.5, g)
            case let n where n.contains("norm") && n.hasSuffix("bias"):
                state[name] = try Tensor.zeros(shape).fillNormal(deviation: 0.2, g)
            default: state[name] = try tensor.detached()
            }
        }
        return state
    }

    /// What PyTorch computes, in each type and layout; all of it by one process, which takes seconds to start.
    private func peer(
        _ folder: TemporaryFolder, _ ways: [(type: String, layout: String)]
    ) throws -> [[String: [Double]]] {
        let outputs = ways.indices.map { folder("out-\($0)") }
        let script = packageRoot + "/Tests/Peers/reference.py"
        let asked = zip(outputs, ways).flatMap { [$0, $1.type, $1.layout] }
        let finished = try run(try #require(peerPython), [script, folder("in")] + asked)
        try #require(finished.status == 0, "\(finished.errors)")
        return try outputs.map { try Safetensors(contentsOf: $0).torchTensors().mapValues { try $0.doubles() } }
    }

    /// What this code computes, by the peer's names.
    private func ours(
        _ network: Network, _ state: [String: Tensor], _ x: Tensor, _ y: Tensor, _ type: ElementType,
        _ kernels: KernelChoice
    ) throws -> [String: [Double]] {
        let net = try DenseNet(network, state: state, type: type)
        net.kernels = kernels
        var out = ["eval.logits": try withoutGrad { try net(x.to(type), training: false).doubles() }]
        let logits = try net(x.to(type), training: true)
        let loss = try logits.crossEntropy(y)
        try loss.backward()
        out["logits"] = try logits.doubles()
        out["loss"] = [try loss.item()]
        for (name, tensor) in net.tensors {
            if name.contains("running") {
                out[name] = try tensor.doubles()
            } else {
                out["grad." + name] = try #require(tensor.grad).doubles()
            }
        }
        return out
    }

    @Test func agreesInLogitsLossAndEveryGradient() throws {
        var ours = [KernelChoice.torch: 0.0, .swift: 0.0]
        var theirs = 0.0
        for (name, network) in try cases() {
            let (mine, worse) = try agree(name, network)
            theirs += worse * worse
            for (kernels, error) in mine { ours[kernels, default: 0] += error * error }
        }
        // A network's float32 gradients differ from float64's by 1e-6, or, where rounding carried a value over ReLU's
        // kink, by 1e-4 to 1e-3: per network the error is a lottery with few tickets, so errors are pooled over the
        // networks.
        for (kernels, error) in ours {
            let (mine, worse) = (error.squareRoot(), theirs.squareRoot())
            #expect(
                mine <= 2 * worse, "\(kernels): L2 error of all gradients \(mine), of PyTorch's worse layout \(worse)")
        }
    }

    /// Checks one network; the L2 errors of float32 gradients, ours by kernels and that of PyTorch's worse layout.
    private func agree(_ name: String, _ network: Network) throws -> (ours: [KernelChoice: Double], worse: Double) {
        let folder = TemporaryFolder()
        let state = try state(network, seed: 11)
        let size = network.architecture.imageSize
        let x = try Tensor.zeros([32, 3, size, size]).fillNormal(Generator(seed: 12))
        let y = try Tensor((0..<32).map { Int64(($0 * 7) % 10) }, [32])
        var stored = try state.mapValues { try StoredTensor($0) }
        stored["images"] = try StoredTensor(x)
        stored["labels"] = try StoredTensor(y)
        let json = String(decoding: try RunFolder.encoder(pretty: false).encode(network), as: UTF8.self)
        try Safetensors(tensors: stored, metadata: ["network": json]).write(to: folder("in"))

        let found = try peer(folder, [("float64", "nchw"), ("float32", "nchw"), ("float32", "channels_last")])
        let exact = found[0]
        let wide = try ours(network, state, x, y, .float64, .torch)
        #expect(Set(wide.keys) == Set(exact.keys))
        for (key, value) in exact { #expect(relativeError(wide[key] ?? [], value) < 1e-8, "\(name), float64, \(key)") }

        var errors: [KernelChoice: Double] = [:]
        for kernels in [KernelChoice.torch, .swift] {
            let narrow = try ours(network, state, x, y, .float32, kernels)
            for key in ["eval.logits", "logits", "loss"] {
                #expect(relativeError(narrow[key] ?? [], exact[key] ?? []) < 1e-4, "\(name), \(kernels), \(key)")
            }
            for key in exact.keys where key.contains("running") {
                #expect(relativeError(narrow[key] ?? [], exact[key] ?? []) < 1e-4, "\(name), \(kernels), \(key)")
            }
            errors[kernels] = distance(narrow, exact)
        }
        return (errors, found.dropFirst().map { distance($0, exact) }.max() ?? 0)
    }

    /// The L2 distance of all gradients, relative to their length.
    private func distance(_ a: [String: [Double]], _ b: [String: [Double]]) -> Double {
        var (difference, length) = (0.0, 0.0)
        for (key, value) in b where key.hasPrefix("grad.") {
            for (p, q) in zip(a[key] ?? [], value) {
                difference += (p - q) * (p - q)
                length += q * q
            }
        }
        return (difference / length).squareRoot()
    }

    @Test func logitsOfDenseNet121() throws {
        let folder = TemporaryFolder()
        let network = try Network(Architecture(named: "densenet121"))
        let state = try state(network, seed: 5)
        let x = try Tensor.zeros([2, 3, 224, 224]).fillNormal(Generator(seed: 6))
        var stored = try state.mapValues { try StoredTensor($0) }
        stored["images"] = try StoredTensor(x)
        stored["labels"] = try StoredTensor(Tensor([1, 2] as [Int64], [2]))
        let json = String(decoding: try RunFolder.encoder(pretty: false).encode(network), as: UTF8.self)
        try Safetensors(tensors: stored, metadata: ["network": json]).write(to: folder("in"))
        let exact = try peer(folder, [("float32", "nchw")])[0]
        let net = try DenseNet(network, state: state)
        let logits = try withoutGrad { try net(x, training: false).doubles() }
        #expect(relativeError(logits, exact["eval.logits"] ?? []) < 1e-4)
    }
}
