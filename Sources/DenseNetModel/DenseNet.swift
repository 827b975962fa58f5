import DenseKernels
import DenseNetArchitecture
import Torch

/// A DenseNet with weights on a device, built from a `Network` (Huang et al., arXiv 1608.06993).
public final class DenseNet {
    /// The value it was built from.
    public let network: Network
    /// Where it is.
    public let device: Device
    /// The type it computes in.
    public let type: ElementType
    /// BN's momentum; 1/(k+1) at batch k makes running statistics a cumulative average.
    public var normMomentum = 0.1
    /// The probability with which dropout clears each convolution's outputs but the stem's.
    public var dropout = 0.0
    /// Which implementation computes the dense blocks.
    public var kernels = KernelChoice.automatic

    /// Every tensor by torchvision's name, in torchvision's order, running statistics included.
    public let tensors: [(name: String, tensor: Tensor)]
    /// The tensors that are trained, in the same order.
    public let parameters: [Tensor]
    let byName: [String: Tensor]
    let stem: Tensor
    let stemNorm: Norm?
    let blocks: [BlockWeights]
    let classifier: (weight: Tensor, bias: Tensor)
    var prepared = PreparedInference(versions: nil)
    var preparedStem: (version: Int, convolution: StemConvolution)?
    lazy var layerKernels = LayerKernels(threads: Runtime.threads)

    /// A network with fresh weights: BN 1 and 0, the classifier uniform in ±1/√inputs with bias 0.
    /// - Throws: `TorchError` when memory runs out.
    public convenience init(
        _ network: Network, generator: Generator, initialization: Initialization = .fanOut,
        type: ElementType = .float32,
        device: Device = .cpu
    ) throws {
        var state: [String: Tensor] = [:]
        for weight in network.weights {
            let tensor = try Tensor.zeros(weight.shape)
            switch weight.kind {
            case .convolution:
                let taps = Double(weight.shape[2] * weight.shape[3])
                switch initialization {
                case .fanOut:
                    try tensor.fillNormal(deviation: (2 / (Double(weight.shape[0]) * taps)).squareRoot(), generator)
                case .fanIn:
                    let bound = 1 / (Double(weight.shape[1]) * taps).squareRoot()
                    try tensor.fillUniform(-bound, bound, generator)
                }
            case .classifierWeight:
                let bound = 1 / Double(weight.shape[1]).squareRoot()
                try tensor.fillUniform(-bound, bound, generator)
            case .scale, .runningVariance: try tensor.fill(1)
            case .shift, .runningMean, .classifierBias: break
            }
            state[weight.name] = tensor
        }
        try self.init(network, state: state, type: type, device: device)
    }

    /// A network with copies of given weights.
    /// - Throws: `WeightError` when a tensor is missing, has another shape, or belongs to no part of the network.
    public convenience init(
        _ network: Network, state: [String: Tensor], type: ElementType = .float32, device: Device = .cpu
    ) throws {
        try self.init(network, state, type, device) { given, isTrained in
            let tensor = try given.detached().clone().to(type, on: device).contiguous()
            return isTrained ? try tensor.requiringGrad() : tensor
        }
    }

    /// A network of given tensors.
    /// - Parameter hold: what becomes of a tensor that is given, and whether it is trained.
    init(
        _ network: Network, _ state: [String: Tensor], _ type: ElementType, _ device: Device,
        hold: (_ given: Tensor, _ isTrained: Bool) throws -> Tensor
    ) throws {
        self.network = network
        self.device = device
        self.type = type
        var tensors: [(String, Tensor)] = []
        var parameters: [Tensor] = []
        for weight in network.weights {
            guard let given = state[weight.name] else { throw WeightError.missing(weight.name) }
            guard given.shape == weight.shape else {
                throw WeightError.shape(weight.name, found: given.shape, needed: weight.shape)
            }
            let isTrained = weight.kind != .runningMean && weight.kind != .runningVariance
            let tensor = try hold(given, isTrained)
            if isTrained { parameters.append(tensor) }
            tensors.append((weight.name, tensor))
        }
        let names = Dictionary(uniqueKeysWithValues: tensors)
        // torchvision counts BN's batches; the count changes nothing.
        if let extra = state.keys.sorted().first(where: { names[$0] == nil && !$0.hasSuffix(".num_batches_tracked") }) {
            throw WeightError.unknown(extra)
        }
        self.tensors = tensors.map { (name: $0.0, tensor: $0.1) }
        self.parameters = parameters
        byName = names
        let find: (String) throws -> Tensor = { name in
            guard let tensor = names[name] else { throw WeightError.missing(name) }
            return tensor
        }
        stem = try find("features.conv0.weight")
        stemNorm = network.architecture.stem.kind == .imageNet ? try Norm("features.norm0", find) : nil
        blocks = try network.blocks.indices.map { try BlockWeights(network, $0, find) }
        classifier = (try find("classifier.weight"), try find("classifier.bias"))
    }

    /// The number of trained elements the network really holds.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// The weights by name, sharing the network's memory.
    public var state: [String: Tensor] { byName }
}
