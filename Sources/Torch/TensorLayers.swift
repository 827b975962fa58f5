import CTorch

// The operations networks are made of.
extension Tensor {
    /// 2-D convolution without bias: `[N, C, H, W]` with weights `[O, C, kH, kW]` gives `[N, O, H', W']`.
    public func conv2d(_ weight: Tensor, stride: Int = 1, padding: Int = 0) throws -> Tensor {
        try Tensor(taking: ct_conv2d(handle, weight.handle, Int64(stride), Int64(padding)), "conv2d", [self, weight])
    }

    /// Batch normalisation of `[N, C, H, W]` per channel; in training it updates `mean` and `variance` in place.
    public func batchNorm(
        scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, training: Bool, momentum: Double = 0.1,
        epsilon: Double = 1e-5
    ) throws -> Tensor {
        let out = ct_batch_norm(
            handle, scale.handle, shift.handle, mean.handle, variance.handle, training, momentum, epsilon)
        return try Tensor(taking: out, "batch_norm", [self, scale])
    }

    /// Average pooling of `[N, C, H, W]`.
    public func averagePool(_ kernel: Int, stride: Int) throws -> Tensor {
        try Tensor(taking: ct_avg_pool2d(handle, Int64(kernel), Int64(stride)), "avg_pool2d", [self])
    }

    /// Maximum pooling of `[N, C, H, W]`.
    public func maxPool(_ kernel: Int, stride: Int, padding: Int) throws -> Tensor {
        try Tensor(taking: ct_max_pool2d(handle, Int64(kernel), Int64(stride), Int64(padding)), "max_pool2d", [self])
    }

    /// `x·wᵀ + bias`: `[N, I]` with weights `[O, I]` gives `[N, O]`.
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor {
        try Tensor(taking: ct_linear(handle, weight.handle, bias?.handle), "linear", [self, weight])
    }

    /// Cross entropy of logits `[N, K]` and int64 labels `[N]`: the mean over the batch, or its sum.
    public func crossEntropy(_ labels: Tensor, sum: Bool = false) throws -> Tensor {
        try Tensor(taking: ct_cross_entropy(handle, labels.handle, sum), "cross_entropy", [self, labels])
    }

    /// The logarithm of the softmax over a dimension, x − log Σ exp(x), without overflow.
    public func logSoftmax(dim: Int) throws -> Tensor {
        try Tensor(taking: ct_log_softmax(handle, Int64(dim)), "log_softmax", [self])
    }

    /// Element-wise binary cross entropy of logits with targets in 0...1.
    public func binaryCrossEntropy(_ targets: Tensor) throws -> Tensor {
        try Tensor(
            taking: ct_bce_with_logits(handle, targets.handle), "binary_cross_entropy_with_logits", [self, targets])
    }

    /// Dropout with probability `p` from libtorch's default generator; the identity outside training.
    public func dropout(_ p: Double, training: Bool) throws -> Tensor {
        try Tensor(taking: ct_dropout(handle, p, training), "dropout", [self])
    }
}
