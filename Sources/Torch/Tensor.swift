import CTorch

/// The type of a tensor's elements.
public enum ElementType: Int32, Sendable, Codable {
    /// `Float`: weights, activations.
    case float32 = 0
    /// `Double`: what checks against exact results.
    case float64 = 1
    /// `Int64`: labels, indices.
    case int64 = 2
    /// `UInt8`: pixels, a generator's state.
    case uint8 = 3
    /// Truth values, a byte each.
    case bool = 4
    /// Half a `Float`, 8 bits of precision.
    case bfloat16 = 5

    /// Bytes an element takes.
    public var bytes: Int {
        switch self {
        case .float64, .int64: 8
        case .float32: 4
        case .bfloat16: 2
        case .uint8, .bool: 1
        }
    }
}

/// A Swift type that is an element of a tensor.
public protocol TensorElement: Sendable {
    /// The tensor's element type.
    static var elementType: ElementType { get }
    /// The zero.
    init()
}
extension Float: TensorElement { public static var elementType: ElementType { .float32 } }
extension Double: TensorElement { public static var elementType: ElementType { .float64 } }
extension Int64: TensorElement { public static var elementType: ElementType { .int64 } }
extension UInt8: TensorElement { public static var elementType: ElementType { .uint8 } }

/// An n-dimensional array on a device, with gradients: one libtorch tensor, freed when the last reference goes.
///
/// Operations that fail throw `TorchError`. A tensor is used by one thread at a time.
public final class Tensor {
    let handle: OpaquePointer

    /// Takes ownership of a handle the shim returned.
    init(taking handle: OpaquePointer?, _ operation: String, _ operands: @autoclosure () -> [Tensor]) throws {
        guard let handle else { throw TorchError.last(operation, operands()) }
        self.handle = handle
    }

    deinit { ct_free(handle) }

    // MARK: Making

    /// A tensor of `shape` with the given elements in row-major order.
    public convenience init<Element: TensorElement>(_ elements: [Element], _ shape: [Int]) throws {
        try self.init(elements[...], shape)
    }

    /// A tensor of `shape` with the given elements in row-major order.
    public convenience init<Element: TensorElement>(_ elements: ArraySlice<Element>, _ shape: [Int]) throws {
        precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements do not fill the shape \(shape)")
        let made = elements.withUnsafeBytes { bytes in
            ct_from_data(bytes.baseAddress, Element.elementType.rawValue, shape.map(Int64.init), Int32(shape.count))
        }
        try self.init(taking: made, "tensor", [])
    }

    /// A scalar.
    public convenience init(_ value: Double, _ type: ElementType = .float32, on device: Device = .cpu) throws {
        try self.init(taking: ct_full(value, type.rawValue, nil, 0, device.name), "scalar", [])
    }

    /// A tensor with every element `value`.
    public static func full(
        _ value: Double, _ shape: [Int], _ type: ElementType = .float32, on device: Device = .cpu
    ) throws
        -> Tensor
    {
        let handle = ct_full(value, type.rawValue, shape.map(Int64.init), Int32(shape.count), device.name)
        return try Tensor(taking: handle, "full \(shape)", [])
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: [Int], _ type: ElementType = .float32, on device: Device = .cpu) throws -> Tensor
    {
        try full(0, shape, type, on: device)
    }

    /// A tensor of ones.
    public static func ones(_ shape: [Int], _ type: ElementType = .float32, on device: Device = .cpu) throws -> Tensor {
        try full(1, shape, type, on: device)
    }

    /// A tensor whose elements are not initialised.
    public static func empty(_ shape: [Int], _ type: ElementType = .float32, on device: Device = .cpu) throws -> Tensor
    {
        let handle = ct_empty(type.rawValue, shape.map(Int64.init), Int32(shape.count), device.name)
        return try Tensor(taking: handle, "empty \(shape)", [])
    }

    // MARK: Looking

    /// The sizes of the dimensions.
    public var shape: [Int] { (0..<ct_dims(handle)).map { Int(ct_size(handle, $0)) } }

    /// The number of elements.
    public var count: Int { Int(ct_numel(handle)) }

    /// The type of the elements; traps for a type this module does not know, which no operation here makes.
    public var type: ElementType {
        guard let type = ElementType(rawValue: ct_dtype(handle)) else {
            preconditionFailure("the tensor has an element type that this module does not use")
        }
        return type
    }

    /// The device the elements are on.
    public var device: Device {
        var name = [CChar](repeating: 0, count: 64)
        _ = ct_device_name(handle, &name, name.count)
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return (try? Device(named: text)) ?? .cpu
    }

    /// The elements in row-major order, converted to `Element`.
    public func elements<Element: TensorElement>(_: Element.Type = Element.self) throws -> [Element] {
        var out = [Element](repeating: Element(), count: count)
        try out.withUnsafeMutableBytes { buffer in
            try check("elements", [self]) {
                ct_copy_out(handle, Element.elementType.rawValue, buffer.baseAddress, buffer.count)
            }
        }
        return out
    }

    /// The elements as `Float`.
    public func floats() throws -> [Float] { try elements() }
    /// The elements as `Double`.
    public func doubles() throws -> [Double] { try elements() }
    /// The elements as `Int64`.
    public func ints() throws -> [Int64] { try elements() }
    /// The elements as `UInt8`.
    public func bytes() throws -> [UInt8] { try elements() }

    /// The single element.
    public func item() throws -> Double {
        var failed: Int32 = 0
        let value = ct_item(handle, &failed)
        if failed != 0 { throw TorchError.last("item", [self]) }
        return value
    }

    /// Calls `body` with the elements in place; for CPU tensors of `Element` in row-major order.
    public func withUnsafeElements<Element: TensorElement, Result>(
        _: Element.Type, _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
    ) throws -> Result {
        precondition(type == Element.elementType, "the tensor holds \(type), not \(Element.elementType)")
        precondition(ct_is_contiguous(handle) && device == .cpu, "only contiguous CPU tensors are read in place")
        let base = ct_data_pointer(handle)?.assumingMemoryBound(to: Element.self)
        return try withExtendedLifetime(self) { try body(UnsafeMutableBufferPointer(start: base, count: count)) }
    }

    /// Overwrites the elements with those of a tensor of the same shape, converting type and device.
    public func assign(_ other: Tensor) throws {
        try check("assign", [self, other]) { ct_copy_(handle, other.handle) }
    }

    /// A copy with memory of its own.
    public func clone() throws -> Tensor { try Tensor(taking: ct_clone(handle), "clone", [self]) }

    /// The same elements in row-major order.
    public func contiguous() throws -> Tensor { try Tensor(taking: ct_contiguous(handle), "contiguous", [self]) }

    /// The elements converted to `type`, moved to `device`; itself where nothing changes.
    public func to(_ type: ElementType? = nil, on device: Device? = nil) throws -> Tensor {
        try Tensor(taking: ct_to(handle, (type ?? self.type).rawValue, (device ?? self.device).name), "to", [self])
    }
}

/// The handles of several tensors, in order, for the shim's lists.
func handles(_ tensors: [Tensor]) -> [OpaquePointer?] { tensors.map(\.handle) }
