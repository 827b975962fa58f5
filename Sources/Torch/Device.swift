import CTorch
import Files

/// Where tensors live and are computed: `cpu`, `cuda`, `cuda:1`, `mps`.
public struct Device: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The device's name as libtorch spells it.
    public let name: String

    /// The processor.
    public static let cpu = Device(unchecked: "cpu")

    private init(unchecked name: String) { self.name = name }

    /// A device by name.
    /// - Throws: `DeviceError` when the name is unknown or the device is absent on this machine.
    public init(named name: String) throws {
        let kind = name.prefix { $0 != ":" }
        guard ["cpu", "cuda", "mps"].contains(String(kind)) else { throw DeviceError.unknown(name) }
        guard ct_device_available(name) == 1 else { throw DeviceError.absent(name) }
        self.name = name
    }

    public init(from decoder: any Decoder) throws {
        name = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }

    public var description: String { name }
}

/// Why a device cannot be used.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
    /// No device has this name.
    case unknown(String)
    /// The device of this name exists, but not here or not in this libtorch.
    case absent(String)

    public var description: String {
        switch self {
        case .unknown(let name): "unknown device '\(name.inSentence)'; known are cpu, cuda, cuda:N and mps"
        case .absent(let name):
            "device '\(name.inSentence)' is not available: this libtorch (\(Runtime.version)) finds no such device; use --device cpu"
        }
    }
}
