/// Why a classifier cannot be had, or cannot take an image.
public struct ClassifierError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public let description: String

    /// An error with its sentence.
    package init(_ description: String) { self.description = description }
}
