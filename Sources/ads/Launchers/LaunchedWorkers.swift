import StudyPostgres

/// Workers that somebody else's program starts: of which study, and how each is called there.
struct LaunchedWorkers {
    /// The study.
    var address: PostgresAddress
    /// How many.
    var count: Int
    /// Cores each gets.
    var cores: Int
    /// Where the data lie on their machines, where not where they are looked for.
    var dataFolder: String?
    /// `ads` on their machines.
    var program: String

    /// A worker's words.
    var words: [String] {
        [program, "worker", "--study", address.description] + (dataFolder.map { ["--data-dir", $0] } ?? [])
    }

    /// What they are called: `ads-` and the study's name, of small letters, digits and hyphens, 40 at most, as
    /// Kubernetes wants names (RFC 1123).
    var name: String {
        let letters = address.study.lowercased().unicodeScalars.map { scalar -> Character in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? Character(scalar) : "-"
        }
        let name = String(letters.prefix(36)).split(separator: "-").joined(separator: "-")
        return name.isEmpty ? "ads" : "ads-" + name
    }

    /// The study's name in a comment, on one line whatever is in it.
    var comment: String { address.study.split(whereSeparator: \.isNewline).joined(separator: " ") }
}
