/// Text as a POSIX shell reads it.
public enum ShellText {
    /// One word, whatever is in it; plain where the shell changes nothing of it.
    public static func word(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { plain.contains($0) }
        return isPlain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }

    /// A command.
    public static func command(_ words: [String]) -> String { words.map(word).joined(separator: " ") }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,".utf8)
}
