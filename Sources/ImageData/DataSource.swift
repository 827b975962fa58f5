import Foundation
import Registries

/// Where a data set comes from.
///
/// A new one is a file with a type that conforms, and its line in `DataSources`; in another package, a call of
/// `DataSources.register`.
public protocol DataSource: Sendable {
    /// The name a user types after `--data`.
    static var name: String { get }
    /// What it is, for help texts.
    static var help: String { get }
    /// The classes' names by label, where they are known without its files; `nil` without this.
    static var knownClasses: [String]? { get }
    /// Loads it; `folder` is what the user gave with `--data-dir`.
    /// - Throws: `DataError` that names the file and what was expected.
    static func load(from folder: String?) throws -> DataSet
}

extension DataSource {
    public static var knownClasses: [String]? { nil }
}

/// The data sets that can be named.
public enum DataSources {
    private static let registry = Registry<any DataSource.Type>(
        "data set",
        [
            CIFAR10.self, CIFAR100.self, MNIST.self, FashionMNIST.self, Shapes.self, ImageFolder.self, NPZImages.self,
        ], name: { $0.name })

    /// Every data set: those built in, then those registered, by name.
    public static var all: [any DataSource.Type] { registry.all }

    /// Makes a data set of another package one that can be named, in this process; before anything loads it.
    /// - Throws: `DataError` when its name is taken or cannot be typed.
    public static func register(_ source: any DataSource.Type) throws {
        do { try registry.register(source) } catch { throw DataError(error.description) }
    }

    /// The data set of a name; `nil` when there is none.
    public static func named(_ name: String) -> (any DataSource.Type)? { registry.named(name) }

    /// Whether a data set's images have no size of their own, so that it is loaded with a preparation.
    public static func isSized(_ name: String) -> Bool { registry.named(name) is any SizedDataSource.Type }

    /// Loads a data set by name.
    /// - Parameter preparation: what is made of images that come in any size; others have none.
    /// - Throws: `DataError`.
    public static func load(
        _ name: String, from folder: String? = nil, preparation: ImagePreparation? = nil
    ) throws -> DataSet {
        guard let source = named(name) else {
            throw DataError("unknown data set '\(name)'; known are \(all.map { $0.name }.joined(separator: ", "))")
        }
        guard let preparation, let sized = source as? any SizedDataSource.Type else {
            return try source.load(from: folder)
        }
        // As an architecture's: a run's file comes from outside.
        guard 1...4096 ~= preparation.size else {
            throw DataError("images of \(preparation.size) pixels; 1 to 4096 are possible")
        }
        return try sized.load(from: folder, preparation)
    }

    /// The folders a data set is looked for in: the user's, then `ADS_DATA`, then `~/.cache/ads-data`.
    static func candidates(_ folder: String?) -> [String] {
        if let folder { return [folder] }
        let environment = ProcessInfo.processInfo.environment
        return [environment["ADS_DATA"], (environment["HOME"] ?? NSHomeDirectory()) + "/.cache/ads-data"].compactMap {
            $0
        }
    }
}
