/// Why a search cannot start or go on.
public struct SearchError: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}
