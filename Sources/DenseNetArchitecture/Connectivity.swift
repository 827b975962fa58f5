/// Which feature maps each layer of each dense block reads: one adjacency matrix per block.
///
/// Row i (from 1) has i entries: entry 0 is the block's input, entry j the output of layer j. A block of L layers may
/// have a row L+1 for what its end (the transition or the classifier) reads; without it the end reads everything.
public struct Connectivity: Hashable, Sendable {
    /// The rows of each block.
    public var blocks: [[[Bool]]]

    /// A connectivity from its rows; a `Network` checks that they fit an architecture.
    public init(blocks: [[[Bool]]]) { self.blocks = blocks }

    /// Everything reads everything before it.
    public static func dense(_ architecture: Architecture) -> Connectivity {
        Connectivity(
            blocks: architecture.blocks.map { layers in
                stride(from: 1, through: layers, by: 1).map { [Bool](repeating: true, count: $0) }
            })
    }

    /// A short text that is equal exactly where the matrices are: rows as 0 and 1, `.` between rows, `|` between
    /// blocks.
    public var key: String {
        blocks.map { rows in rows.map { row in String(row.map { $0 ? "1" : "0" }) }.joined(separator: ".") }.joined(
            separator: "|")
    }

    /// Whether every connection here is one of `other`'s; an end without a row reads everything.
    public func isSubset(of other: Connectivity) -> Bool {
        guard blocks.count == other.blocks.count else { return false }
        return zip(blocks, other.blocks).allSatisfy { mine, theirs in
            let rows = max(mine.count, theirs.count)
            return (0..<rows).allSatisfy { i in
                let all = [Bool](repeating: true, count: i + 1)
                let a = i < mine.count ? mine[i] : all
                let b = i < theirs.count ? theirs[i] : all
                return a.count == b.count && zip(a, b).allSatisfy { !$0 || $1 }
            }
        }
    }
}

extension Connectivity: Codable {
    public init(from decoder: any Decoder) throws {
        let numbers = try decoder.singleValueContainer().decode([[[Int]]].self)
        for (b, rows) in numbers.enumerated() {
            for (i, row) in rows.enumerated() {
                if let wrong = row.first(where: { $0 != 0 && $0 != 1 }) {
                    throw ArchitectureError.connectivity(
                        "block \(b + 1), row \(i + 1) holds \(wrong); only 0 and 1 are possible")
                }
            }
        }
        blocks = numbers.map { $0.map { $0.map { $0 == 1 } } }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(blocks.map { $0.map { $0.map { $0 ? 1 : 0 } } })
    }
}
