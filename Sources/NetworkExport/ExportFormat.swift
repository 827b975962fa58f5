import Foundation
import Registries

/// A way out: what is written of a network, and how it is proven.
///
/// A new one is a file with a type that conforms, and its line in `ExportFormats`; in another package, a call of
/// `ExportFormats.register`.
public protocol ExportFormat: Sendable {
    /// The name a user types after `--format`.
    static var name: String { get }
    /// What it is, for help texts.
    static var help: String { get }
    /// What is written is called where the user gives no name.
    static var defaultName: String { get }
    /// Whether what is written can take images of bytes and normalise them itself.
    static var canNormalize: Bool { get }
    /// Where what is written is a package, a folder that is one thing to who opens it: what its name ends in, without
    /// the dot. It is replaced as a whole. `nil` for a file or for a folder like any other.
    static var packageExtension: String? { get }
    /// The files of a network by name: one without a name where the format is a single file, else those of a folder, in
    /// the order in which they are put in place.
    /// - Parameters:
    ///   - normalizes: whether what is written takes images of bytes, where the format can.
    ///   - reference: logits that a file may hold, to be compared where it is used.
    /// - Throws: `ExportError` when the format cannot hold the network.
    static func files(
        _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> [ExportedFile]
    /// Reads what was written at `path` back and compares it with the network.
    /// - Throws: `ExportError` or `FileError` where it is not the network's.
    static func verify(
        _ path: String, _ trained: TrainedNetwork, normalizes: Bool, against reference: ReferenceLogits
    ) throws -> Verification
}

extension ExportFormat {
    public static var packageExtension: String? { nil }
}

/// A file of an export.
public struct ExportedFile {
    /// Its name in the export's folder; empty where the export is this file alone.
    public let name: String
    /// Its bytes, in pieces.
    public let pieces: [Data]

    /// A file from its pieces.
    public init(name: String = "", _ pieces: [Data]) {
        self.name = name
        self.pieces = pieces
    }
}

/// What was compared of an export, and what came of it.
public struct Verification: Sendable {
    /// What was verified, as a clause.
    public let what: String
    /// The largest difference of logits; `nil` where none were computed.
    public let largestDifference: Double?

    /// A verification that found nothing wrong.
    public init(_ what: String, largestDifference: Double? = nil) {
        self.what = what
        self.largestDifference = largestDifference
    }
}

/// The formats that can be named.
public enum ExportFormats {
    private static let registry = Registry<any ExportFormat.Type>(
        "format", [ONNXFormat.self, SafetensorsFormat.self, CoreMLFormat.self, RuntimeFormat.self], name: { $0.name })

    /// Every format: those built in, then those registered, by name.
    public static var all: [any ExportFormat.Type] { registry.all }

    /// The format of a name; `nil` when there is none.
    public static func named(_ name: String) -> (any ExportFormat.Type)? { registry.named(name) }

    /// Makes a format of another package one that can be named, in this process; before anything looks it up.
    /// - Throws: `ExportError` when its name is taken or cannot be typed.
    public static func register(_ format: any ExportFormat.Type) throws {
        do { try registry.register(format) } catch { throw ExportError(error.description) }
    }
}
