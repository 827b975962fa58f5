extension StringProtocol {
    /// This text as a sentence may hold it: on one line, at most 80 characters, control characters as `\u{..}`.
    ///
    /// Names in files come from outside; an error that repeats one must neither fill the terminal nor steer it.
    public var inSentence: String { inSentence(upTo: 80) }

    /// The same of at most so many characters.
    public func inSentence(upTo most: Int) -> String {
        var out = ""
        for (i, scalar) in unicodeScalars.prefix(most + 1).enumerated() {
            if i == most {
                out += "…"
            } else if scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                || scalar.properties.generalCategory == .lineSeparator
                || scalar.properties.generalCategory == .paragraphSeparator
            {
                out += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
