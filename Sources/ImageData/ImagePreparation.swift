/// How images of any size become those that a network takes.
public struct ImagePreparation: Codable, Hashable, Sendable {
    /// Height and width of the squares, in pixels.
    public var size: Int
    /// Whether pixels are left as they lie in the file, as torchvision does, whatever the camera noted in EXIF.
    public var ignoresOrientation: Bool

    /// Squares of a size, upright unless said otherwise.
    public init(size: Int, ignoresOrientation: Bool = false) {
        self.size = size
        self.ignoresOrientation = ignoresOrientation
    }
}

/// A data set whose images come in any size, and become squares of the size that a network takes.
public protocol SizedDataSource: DataSource {
    /// Loads it; `folder` is what the user gave with `--data-dir`.
    /// - Throws: `DataError` that names the file and what was expected.
    static func load(from folder: String?, _ preparation: ImagePreparation) throws -> DataSet
}

extension SizedDataSource {
    /// Its images have no size of their own.
    /// - Throws: `DataError`, always.
    public static func load(from folder: String?) throws -> DataSet {
        throw DataError("\(name) has images of any size; say which size the network takes")
    }
}
