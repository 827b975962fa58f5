/// Why a training or evaluation cannot go on.
public struct TrainingError: Error, Equatable, CustomStringConvertible {
    /// One sentence: what is wrong, where, what to do.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}
