import DenseNetArchitecture
import Files
import Foundation
import WeightFiles

/// A network's weights in a safetensors file, which stays mapped: where each tensor of the network lies, checked.
struct NetworkWeights: Sendable {
    private let file: Data
    private let ranges: [String: Range<Int>]

    /// The weights of a network.
    /// - Throws: `FileError` when the file is damaged, or is no network's or another's.
    init(contentsOf path: String, for network: Network) throws {
        try self.init(AtomicFile.read(path, mapped: true), named: path, for: network)
    }

    /// The weights of a network in a file's bytes.
    /// - Throws: `FileError` that begins with `name`.
    init(_ file: Data, named name: String, for network: Network) throws {
        func refuse(_ reason: String) -> FileError {
            FileError("\(name) \(reason); export the network again")
        }
        let stored = try Safetensors(file, named: name).tensors
        var ranges: [String: Range<Int>] = [:]
        for weight in network.weights {
            guard let tensor = stored[weight.name] else { throw refuse("has no '\(weight.name)'") }
            guard tensor.type == "F32", tensor.shape == weight.shape else {
                throw refuse(
                    "has '\(weight.name)' as \(tensor.type.inSentence) \(tensor.shape); the network needs F32 \(weight.shape)"
                )
            }
            let start = tensor.bytes.startIndex - file.startIndex
            guard start % MemoryLayout<Float>.alignment == 0 else {
                throw refuse("has '\(weight.name)' at byte \(start), which is no multiple of 4")
            }
            ranges[weight.name] = start..<start + tensor.bytes.count
        }
        if let other = stored.keys.sorted().first(where: { ranges[$0] == nil }) {
            throw refuse("has '\(other.inSentence)', which the network has no place for")
        }
        (self.file, self.ranges) = (file, ranges)
        for weight in network.weights {
            let least: Float = weight.kind == .runningVariance ? 0 : -.infinity
            guard withElements({ $0(weight.name).allSatisfy { $0.isFinite && $0 >= least } }) else {
                throw refuse("has a number in '\(weight.name)' that no network has")
            }
        }
    }

    /// Calls a body with where each tensor's elements lie, while they do.
    func withElements<Result>(_ body: ((String) -> UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        try file.withUnsafeBytes { bytes in
            try body { name in
                guard let range = ranges[name] else { preconditionFailure("the network has no '\(name)'") }
                return UnsafeRawBufferPointer(rebasing: bytes[range]).assumingMemoryBound(to: Float.self)
            }
        }
    }
}
