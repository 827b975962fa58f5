/// What computes everything between the stem and the last block's end on CPU.
public enum KernelChoice: String, Sendable, Codable, CaseIterable {
    /// The fastest that fits: our SIMD kernels in float32 on CPU without dropout, else libtorch's operations.
    case automatic = "auto"
    /// Our SIMD kernels wherever they fit.
    case swift
    /// libtorch's operations.
    case torch
}
