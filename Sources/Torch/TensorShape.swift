import CTorch

// Views and rearrangements.
extension Tensor {
    /// Two dimensions exchanged.
    public func transposed(_ a: Int, _ b: Int) throws -> Tensor {
        try Tensor(taking: ct_transpose(handle, Int64(a), Int64(b)), "transpose", [self])
    }

    /// A dimension of size 1 inserted.
    public func unsqueezed(_ dim: Int) throws -> Tensor {
        try Tensor(taking: ct_unsqueeze(handle, Int64(dim)), "unsqueeze", [self])
    }

    /// A dimension of size 1 removed.
    public func squeezed(_ dim: Int) throws -> Tensor {
        try Tensor(taking: ct_squeeze(handle, Int64(dim)), "squeeze", [self])
    }

    /// Dimensions of size 1 repeated without copying.
    public func expanded(_ shape: [Int]) throws -> Tensor {
        try Tensor(taking: ct_expand(handle, shape.map(Int64.init), Int32(shape.count)), "expand to \(shape)", [self])
    }

    /// `length` entries of a dimension, from `start`.
    public func narrowed(_ dim: Int, from start: Int, count length: Int) throws -> Tensor {
        try Tensor(taking: ct_narrow(handle, Int64(dim), Int64(start), Int64(length)), "narrow", [self])
    }

    /// The entries of a dimension that `index` (int64, one dimension) names.
    public func selecting(_ index: Tensor, dim: Int) throws -> Tensor {
        try Tensor(taking: ct_index_select(handle, Int64(dim), index.handle), "index_select", [self, index])
    }

    /// The entries of a dimension at the given positions.
    public func selecting(_ positions: [Int], dim: Int) throws -> Tensor {
        try selecting(Tensor(positions.map(Int64.init), [positions.count]).to(on: device), dim: dim)
    }

    /// A dimension reversed.
    public func flipped(_ dim: Int) throws -> Tensor {
        try Tensor(taking: ct_flip(handle, Int64(dim)), "flip", [self])
    }

    /// Zeros around the last dimensions: `[left, right, top, bottom, ...]`.
    public func padded(_ padding: [Int]) throws -> Tensor {
        try Tensor(taking: ct_pad(handle, padding.map(Int64.init), Int32(padding.count)), "pad", [self])
    }

    /// Tensors joined along a dimension they have.
    public static func concatenated(_ tensors: [Tensor], dim: Int) throws -> Tensor {
        try Tensor(taking: ct_cat(handles(tensors), Int32(tensors.count), Int64(dim)), "cat", tensors)
    }

    /// Tensors joined along a new dimension.
    public static func stacked(_ tensors: [Tensor], dim: Int) throws -> Tensor {
        try Tensor(taking: ct_stack(handles(tensors), Int32(tensors.count), Int64(dim)), "stack", tensors)
    }
}
