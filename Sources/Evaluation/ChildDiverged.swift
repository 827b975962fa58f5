/// A child's training or validation came to numbers that are none: the one failure that is the child's own, the same on
/// every machine.
///
/// Whatever else an evaluator throws is the machine's failure; the child is then tried again.
public struct ChildDiverged: Error, Equatable, CustomStringConvertible {
    /// One sentence: what became of which number, where.
    public let description: String

    /// A divergence with its sentence.
    public init(_ description: String) { self.description = description }
}
