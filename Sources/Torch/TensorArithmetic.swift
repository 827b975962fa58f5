import CTorch

// Element-wise operations (with libtorch's broadcasting), products and reductions.
extension Tensor {
    /// The sum, element by element.
    /// - Throws: `TorchError` when the shapes cannot be broadcast to one.
    public static func + (a: Tensor, b: Tensor) throws -> Tensor {
        try Tensor(taking: ct_add(a.handle, b.handle), "add", [a, b])
    }
    /// The difference, element by element.
    /// - Throws: `TorchError` when the shapes cannot be broadcast to one.
    public static func - (a: Tensor, b: Tensor) throws -> Tensor {
        try Tensor(taking: ct_sub(a.handle, b.handle), "sub", [a, b])
    }
    /// The product, element by element.
    /// - Throws: `TorchError` when the shapes cannot be broadcast to one.
    public static func * (a: Tensor, b: Tensor) throws -> Tensor {
        try Tensor(taking: ct_mul(a.handle, b.handle), "mul", [a, b])
    }
    /// The quotient, element by element.
    /// - Throws: `TorchError` when the shapes cannot be broadcast to one.
    public static func / (a: Tensor, b: Tensor) throws -> Tensor {
        try Tensor(taking: ct_div(a.handle, b.handle), "div", [a, b])
    }
    /// Every element plus `b`.
    public static func + (a: Tensor, b: Double) throws -> Tensor {
        try Tensor(taking: ct_add_scalar(a.handle, b), "add", [a])
    }
    /// Every element minus `b`.
    public static func - (a: Tensor, b: Double) throws -> Tensor { try a + (-b) }
    /// Every element times `b`.
    public static func * (a: Tensor, b: Double) throws -> Tensor {
        try Tensor(taking: ct_mul_scalar(a.handle, b), "mul", [a])
    }
    /// Every element with its sign turned.
    public static prefix func - (a: Tensor) throws -> Tensor { try Tensor(taking: ct_neg(a.handle), "neg", [a]) }

    /// Every element to the power `exponent`.
    public func pow(_ exponent: Double) throws -> Tensor {
        try Tensor(taking: ct_pow_scalar(handle, exponent), "pow", [self])
    }
    /// Adds `scale` times `other` in place, outside autograd.
    public func add(inPlace other: Tensor, scale: Double = 1) throws {
        try check("add_", [self, other]) { ct_add_(handle, other.handle, scale) }
    }
    /// Multiplies every element in place, outside autograd.
    public func multiply(inPlace factor: Double) throws { try check("mul_", [self]) { ct_mul_(handle, factor) } }
    /// Sets every element in place, outside autograd.
    public func fill(_ value: Double) throws { try check("fill_", [self]) { ct_fill_(handle, value) } }

    /// The matrix product over the last two dimensions.
    public func matmul(_ other: Tensor) throws -> Tensor {
        try Tensor(taking: ct_matmul(handle, other.handle), "matmul", [self, other])
    }

    /// Every element without its sign.
    public func abs() throws -> Tensor { try Tensor(taking: ct_abs(handle), "abs", [self]) }
    /// e to the power of every element.
    public func exp() throws -> Tensor { try Tensor(taking: ct_exp(handle), "exp", [self]) }
    /// The natural logarithm of every element.
    public func log() throws -> Tensor { try Tensor(taking: ct_log(handle), "log", [self]) }
    /// The hyperbolic tangent of every element.
    public func tanh() throws -> Tensor { try Tensor(taking: ct_tanh(handle), "tanh", [self]) }
    /// 1 / (1 + exp(-x)) of every element.
    public func sigmoid() throws -> Tensor { try Tensor(taking: ct_sigmoid(handle), "sigmoid", [self]) }
    /// Every element, or 0 where it is negative.
    public func relu() throws -> Tensor { try Tensor(taking: ct_relu(handle), "relu", [self]) }
    /// The sum over `dims`; over everything without them.
    public func sum(_ dims: [Int] = [], keep: Bool = false) throws -> Tensor {
        try Tensor(taking: ct_sum(handle, dims.map(Int64.init), Int32(dims.count), keep), "sum", [self])
    }
    /// The mean over `dims`; over everything without them.
    public func mean(_ dims: [Int] = [], keep: Bool = false) throws -> Tensor {
        try Tensor(taking: ct_mean(handle, dims.map(Int64.init), Int32(dims.count), keep), "mean", [self])
    }
    /// The largest element.
    public func max() throws -> Tensor { try Tensor(taking: ct_max(handle), "max", [self]) }
    /// The position of the largest entry of a dimension.
    public func argmax(dim: Int) throws -> Tensor {
        try Tensor(taking: ct_argmax(handle, Int64(dim)), "argmax", [self])
    }
    /// Element-wise equality, as bool.
    public func equal(_ other: Tensor) throws -> Tensor {
        try Tensor(taking: ct_eq(handle, other.handle), "eq", [self, other])
    }
    /// Element-wise "greater than", as bool.
    public func greater(than value: Double) throws -> Tensor {
        try Tensor(taking: ct_gt_scalar(handle, value), "gt", [self])
    }
}
