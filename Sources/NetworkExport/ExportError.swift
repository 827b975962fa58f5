/// Why a network was not exported.
public struct ExportError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public let description: String

    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}
