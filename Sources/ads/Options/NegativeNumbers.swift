/// Numbers under zero behind an option: argument-parser takes them for options of their own and says that a value is
/// missing.
enum NegativeNumbers {
    /// The same words with `--epochs -1` as `--epochs=-1`, which its option refuses with the range it takes.
    static func joined(_ words: [String]) -> [String] {
        // What is behind "--" is nobody's value.
        let end = words.firstIndex(of: "--") ?? words.endIndex
        var out: [String] = []
        for (index, word) in words.enumerated() {
            if index < end, isNegative(word), let option = out.last, option.hasPrefix("--"), !option.contains("=") {
                out[out.count - 1] = "\(option)=\(word)"
            } else {
                out.append(word)
            }
        }
        return out
    }

    /// "-1", "-.5", "-0.1,0.5", "-inf"; nothing of these is an option.
    private static func isNegative(_ word: String) -> Bool {
        guard word.hasPrefix("-"), let next = word.dropFirst().first else { return false }
        return next.isNumber || next == "." || Double(word) != nil
    }
}
