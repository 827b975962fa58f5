import Foundation
import ImageData

/// Which data set a run used.
public struct DataIdentity: Codable, Hashable, Sendable {
    /// Its name on the command line.
    public var name: String
    /// SHA-256 of all its pixels and labels.
    public var digest: String
    /// The folder given with `--data-dir`.
    public var folder: String?
    /// What was made of its images, where they come in any size.
    public var preparation: ImagePreparation?
    /// The classes' names, by label; `nil` in runs of earlier builds.
    public var classNames: [String]?

    /// The identity of a loaded set.
    public init(_ data: DataSet, folder: String?) {
        name = data.name
        digest = data.digest
        self.folder = folder.map(Self.absolute)
        preparation = data.preparation
        classNames = data.classNames
    }

    /// A folder as it is kept: whoever goes on with the run may stand elsewhere.
    package static func absolute(_ folder: String) -> String { URL(fileURLWithPath: folder).standardizedFileURL.path }

    /// Loads the data again, whatever they are now.
    /// - Parameter folder: where they lie, where not as before.
    /// - Throws: `DataError`.
    public func load(from folder: String? = nil) throws -> DataSet {
        try DataSources.load(name, from: folder ?? self.folder, preparation: preparation)
    }
}
