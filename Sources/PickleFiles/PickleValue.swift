import Foundation

/// What a pickle may hold here: plain data. Nothing is ever imported, called or built.
public indirect enum PickleValue: Hashable {
    /// `None`.
    case none
    /// `True` or `False`.
    case bool(Bool)
    /// A whole number that fits 64 bits.
    case int(Int)
    /// A `float`.
    case float(Double)
    /// Python 2's `str` or Python 3's `bytes`.
    case bytes(Data)
    /// Text.
    case string(String)
    /// A list.
    case list([PickleValue])
    /// A tuple.
    case tuple([PickleValue])
    /// Of two equal keys the later one's value, as in Python.
    case dictionary([PickleValue: PickleValue])
    /// A NumPy array in row-major order as the closed reader recognises it: element type such as `u1`, sizes, and the
    /// bytes, which fill them.
    case array(type: String, shape: [Int], bytes: Data)
}

/// Why a pickle was refused.
public struct PickleError: Error, Equatable, CustomStringConvertible {
    /// One sentence, with the byte it is about.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}

/// What a pickle may take before it is refused: a few bytes of it can ask for any amount of memory.
public struct PickleLimits: Sendable {
    /// Bytes of the file.
    public var bytes: Int
    /// Instructions, each of which makes or moves a value at most; CIFAR-100's largest file has about 300 thousand.
    public var instructions: Int
    /// Values in the result, where one that stands in two places counts twice.
    public var values: Int
    /// Lists, tuples and dictionaries within one another.
    public var depth: Int

    /// Limits; CIFAR's files stay far below the defaults.
    public init(bytes: Int = 1 << 30, instructions: Int = 2_000_000, values: Int = 2_000_000, depth: Int = 100) {
        self.bytes = bytes
        self.instructions = instructions
        self.values = values
        self.depth = depth
    }
}
