import CTorch

/// An optimiser: changes parameters in place by their gradients, and has state worth storing.
///
/// The arithmetic is libtorch's fused kernels; the state is kept here because libtorch's C++ optimisers can store
/// theirs only as a Python pickle.
public protocol Optimizer: AnyObject {
    /// The learning rate of the next step.
    var rate: Double { get set }
    /// One step with the gradients accumulated in the parameters.
    func step() throws
    /// The state as named tensors.
    func state() throws -> [String: Tensor]
    /// Restores the state.
    func restore(_ state: [String: Tensor]) throws
}

/// Stochastic gradient descent with (Nesterov) momentum and weight decay, as `torch.optim.SGD`.
public final class SGD: Optimizer {
    public var rate: Double
    /// The momentum of the next step; one-cycle schedules change it.
    public var momentum: Double
    /// Weight decay, added to the gradient.
    public let weightDecay: Double
    /// Whether the momentum is Nesterov's.
    public let nesterov: Bool
    private let parameters: [Tensor]
    private var buffers: [Tensor]
    private var hasStepped = false

    /// Optimises `parameters`.
    public init(
        _ parameters: [Tensor], rate: Double, momentum: Double = 0, weightDecay: Double = 0, nesterov: Bool = false
    ) throws {
        self.parameters = parameters
        self.rate = rate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.nesterov = nesterov
        buffers = try parameters.map { try .zeros($0.shape, $0.type, on: $0.device) }
    }

    public func step() throws { try step(moving: []) }

    /// One step that leaves parts of the parameters where they are, their momentum included, as if they were no
    /// parameters.
    /// - Parameter masks: for each parameter ones for what moves and zeros for what stays, broadcast, or `nil` where
    ///   all of it moves.
    public func step(moving masks: [Tensor?]) throws {
        let held = try zip(parameters.indices, masks).compactMap { index, mask in
            try mask.map { mask in
                (mask: mask, pairs: try [parameters[index], buffers[index]].map { ($0, try $0.detached().clone()) })
            }
        }
        try stepAll()
        try withoutGrad {
            for (mask, pairs) in held {
                let rest = try -mask + 1
                for (tensor, before) in pairs { try tensor.assign(tensor * mask + before * rest) }
            }
        }
    }

    private func stepAll() throws {
        let grads = try gradients(of: parameters)
        try check("sgd", []) {
            ct_fused_sgd(
                handles(parameters), handles(grads), handles(buffers), Int32(parameters.count), rate, momentum,
                weightDecay,
                nesterov, !hasStepped)
        }
        hasStepped = true
    }

    public func state() throws -> [String: Tensor] {
        guard hasStepped else { return [:] }
        return Dictionary(uniqueKeysWithValues: buffers.enumerated().map { ("momentum.\($0.offset)", $0.element) })
    }

    public func restore(_ state: [String: Tensor]) throws {
        hasStepped = !state.isEmpty
        guard hasStepped else { return }
        for (i, buffer) in buffers.enumerated() { try buffer.assign(named("momentum.\(i)", in: state, like: buffer)) }
    }
}

/// Adam, as `torch.optim.Adam`.
public final class Adam: Optimizer {
    public var rate: Double
    private let betas: (Double, Double)
    private let epsilon: Double
    private let weightDecay: Double
    private let parameters: [Tensor]
    private var first: [Tensor]
    private var second: [Tensor]
    private var steps: [Tensor]

    /// Optimises `parameters`.
    public init(
        _ parameters: [Tensor], rate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
        weightDecay: Double = 0
    ) throws {
        self.parameters = parameters
        self.rate = rate
        self.betas = betas
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        first = try parameters.map { try .zeros($0.shape, $0.type, on: $0.device) }
        second = try parameters.map { try .zeros($0.shape, $0.type, on: $0.device) }
        steps = try parameters.map { try .zeros([], .float32, on: $0.device) }
    }

    public func step() throws {
        let grads = try gradients(of: parameters)
        // The fused kernel expects the number of the step it takes.
        for step in steps { try step.add(inPlace: Tensor(1, .float32, on: step.device)) }
        try check("adam", []) {
            ct_fused_adam(
                handles(parameters), handles(grads), handles(first), handles(second), handles(steps),
                Int32(parameters.count), rate, betas.0, betas.1, weightDecay, epsilon)
        }
    }

    public func state() throws -> [String: Tensor] {
        var out: [String: Tensor] = [:]
        for i in parameters.indices {
            out["first.\(i)"] = first[i]
            out["second.\(i)"] = second[i]
            out["step.\(i)"] = steps[i]
        }
        return out
    }

    public func restore(_ state: [String: Tensor]) throws {
        for i in parameters.indices {
            try first[i].assign(named("first.\(i)", in: state, like: first[i]))
            try second[i].assign(named("second.\(i)", in: state, like: second[i]))
            try steps[i].assign(named("step.\(i)", in: state, like: steps[i]))
        }
    }
}

/// Every parameter's gradient; zeros where none arrived.
private func gradients(of parameters: [Tensor]) throws -> [Tensor] {
    try parameters.map { try $0.grad ?? .zeros($0.shape, $0.type, on: $0.device) }
}

/// A tensor of an optimiser's state; assigning one of another shape would repeat its elements.
private func named(_ name: String, in state: [String: Tensor], like own: Tensor) throws -> Tensor {
    guard let tensor = state[name], tensor.shape == own.shape else {
        let found = state[name].map { "'\(name)' of shape \($0.shape)" } ?? "no '\(name)'"
        throw TorchError(operation: "restore", shapes: [own.shape], reason: "the optimiser's state has \(found)")
    }
    return tensor
}
