/// Sentences about what may be over in a moment: each is told once, when it has held for a while.
public struct PersistentNotices {
    private let looks: Int
    private var held: [String: Int] = [:]

    /// - Parameter looks: how many times in a row something is seen before it is told.
    public init(looks: Int = 3) { self.looks = looks }

    /// Of the sentences that hold now those to tell now; one that held no more for once may be told again.
    public mutating func due(_ sentences: [String]) -> [String] {
        held = Dictionary(sentences.map { ($0, (held[$0] ?? 0) + 1) }, uniquingKeysWith: max)
        return sentences.filter { held[$0] == looks }
    }
}
