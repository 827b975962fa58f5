import CTorch

/// A random number generator of libtorch's, seeded on its own: draws depend on nothing but its seed and its past draws.
public final class Generator {
    let handle: OpaquePointer

    /// A generator for tensors on `device`.
    public init(seed: UInt64, on device: Device = .cpu) throws {
        guard let handle = ct_generator_new(seed, device.name) else { throw TorchError.last("generator", []) }
        self.handle = handle
    }

    deinit { ct_generator_free(handle) }

    /// The state, to store and restore.
    public func state() throws -> [UInt8] {
        try Tensor(taking: ct_generator_state(handle), "generator_state", []).bytes()
    }

    /// Restores a state.
    public func setState(_ state: [UInt8]) throws {
        let tensor = try Tensor(state, [state.count])
        try check("set_generator_state", []) { ct_generator_set_state(handle, tensor.handle) }
    }
}

extension Tensor {
    /// Draws every element from a normal distribution, in place.
    @discardableResult
    public func fillNormal(mean: Double = 0, deviation: Double = 1, _ generator: Generator) throws -> Tensor {
        try check("normal_", [self]) { ct_normal_(handle, mean, deviation, generator.handle) }
        return self
    }

    /// Draws every element uniformly from `low` to `high`, in place.
    @discardableResult
    public func fillUniform(_ low: Double, _ high: Double, _ generator: Generator) throws -> Tensor {
        try check("uniform_", [self]) { ct_uniform_(handle, low, high, generator.handle) }
        return self
    }
}
