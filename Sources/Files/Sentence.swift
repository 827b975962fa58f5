extension StringProtocol {
    /// This text as a sentence may hold it: on one line, at most 80 characters, control characters as `\u{..}`.
    ///
    /// Names in files come from outside; an error that repeats one must neither fill the terminal nor steer it.
    public var inSentence: String {
        var out = ""
        for (i, scalar) in unicodeScalars.prefix(81).enumerated() {
            if i == 80 {
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
