import CTorch

// Gradients.
extension Tensor {
    /// Whether operations on this tensor are recorded for `backward()`.
    public var requiresGrad: Bool { ct_requires_grad(handle) }

    /// How often libtorch's operations changed the elements; what `withUnsafeElements` changes is not counted.
    public var version: Int { Int(ct_version(handle)) }

    /// Turns recording on or off for this leaf.
    @discardableResult
    public func requiringGrad(_ on: Bool = true) throws -> Tensor {
        try check("requires_grad", [self]) { ct_set_requires_grad(handle, on) }
        return self
    }

    /// The same elements without history.
    public func detached() throws -> Tensor { try Tensor(taking: ct_detach(handle), "detach", [self]) }

    /// Accumulates into every leaf's `grad` the gradient of this tensor: a scalar, or weighted by `gradient`.
    public func backward(_ gradient: Tensor? = nil) throws {
        try check("backward", [self]) { ct_backward(handle, gradient?.handle) }
    }

    /// The accumulated gradient, if there is one.
    public var grad: Tensor? {
        guard let grad = ct_grad(handle) else { return nil }
        return try? Tensor(taking: grad, "grad", [])
    }

    /// Drops the accumulated gradient.
    public func clearGrad() { ct_clear_grad(handle) }
}

/// Runs `body` without recording operations for gradients.
public func withoutGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = ct_grad_enabled()
    ct_set_grad_enabled(false)
    defer { ct_set_grad_enabled(before) }
    return try body()
}

/// Whether operations are being recorded on this thread.
public var isGradEnabled: Bool { ct_grad_enabled() }
