extension Network {
    /// The matrices as text, a block beside the other: `█` read, `·` not read, `x` a layer that nothing reads.
    public var drawing: String {
        let pictures = blocks.indices.map { b -> [String] in
            let layers = architecture.blocks[b]
            let rows = connectivity.blocks[b]
            let living = Set(blocks[b].layers.map(\.index))
            let width = layers + 1
            var lines = ["block \(b + 1), \(blocks[b].size)×\(blocks[b].size)"]
            for (i, row) in rows.enumerated() {
                let mark: (Bool) -> String = { $0 ? "█" : "·" }
                let isEnd = i >= layers
                let label = isEnd ? "end" : "\(i + 1)"
                let dead = !isEnd && !living.contains(i + 1)
                lines.append(pad(label, 4) + " " + row.map { dead ? "x" : mark($0) }.joined())
            }
            let full = max(width + 5, lines[0].count) + 3
            return lines.map { $0 + String(repeating: " ", count: full - $0.count) }
        }
        let height = pictures.map(\.count).max() ?? 0
        return (0..<height).map { line in
            let text = pictures.map { line < $0.count ? $0[line] : String(repeating: " ", count: $0[0].count) }.joined()
            return String(text.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
