import Foundation

/// Children that were drawn and are not learned from yet, with what the policy thought of them when it drew them.
///
/// With a lag the policy has changed by the time it learns. The ratio of a child's probabilities then and now, both
/// exact, makes the gradient of its reward that of the present policy (importance sampling). Clipped from above, as in
/// IMPALA (Espeholt et al., arXiv 1802.01561) and IMPACT (Luo et al., arXiv 1912.00167), no child outweighs the others.
struct DrawnChildren: Codable {
    /// No child weighs more; IMPALA's.
    static let mostWeight = 1.0

    /// What was drawn at once.
    struct Draw: Codable {
        /// A decision per entry of the space, a letter each: 1 keeps.
        fileprivate var children: [String]
        /// The log probability of each child.
        let logProbabilities: [Double]
        /// The mean probabilities with which they were drawn, one per entry.
        let probabilities: PackedFloats
    }

    private var draws: [Draw] = []

    /// Remembers what was drawn.
    mutating func add(_ children: [[Bool]], logProbabilities: [Double], probabilities: [Float]) {
        draws.append(
            Draw(
                children: children.map(Self.letters), logProbabilities: logProbabilities,
                probabilities: PackedFloats(probabilities)))
    }

    /// The draw that children belong to, some of which may have failed, with their log probabilities in their order;
    /// `nil` for children that nobody drew, as the mode. Older draws, whose children all failed, are forgotten with it.
    mutating func take(_ children: [[Bool]]) -> (logProbabilities: [Double], probabilities: [Float])? {
        let own = children.map(Self.letters)
        for (index, draw) in draws.enumerated() {
            let places = own.map { draw.children.firstIndex(of: $0) }
            guard !places.contains(nil) else { continue }
            draws.removeFirst(index + 1)
            return (places.compactMap { $0.map { draw.logProbabilities[$0] } }, draw.probabilities.values)
        }
        return nil
    }

    /// What each child's reward weighs.
    static func weights(then: [Double], now: [Double]) -> [Double] {
        zip(then, now).map { min(mostWeight, exp($1 - $0)) }
    }

    /// Refuses what a file may hold and no policy over so many entries has drawn.
    /// - Throws: `SearchError`.
    func check(entries: Int) throws {
        for draw in draws {
            guard draw.probabilities.values.count == entries, draw.probabilities.values.allSatisfy(\.isFinite),
                draw.logProbabilities.count == draw.children.count,
                draw.logProbabilities.allSatisfy(\.isFinite), draw.children.allSatisfy({ $0.utf8.count == entries })
            else { throw SearchError("the study's matrices have another size than this program's") }
        }
    }

    private static func letters(_ choices: [Bool]) -> String {
        String(decoding: choices.map { UInt8(ascii: $0 ? "1" : "0") }, as: UTF8.self)
    }
}
