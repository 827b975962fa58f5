import Files

/// The names that pickles of some kind are written with: recognised, never called.
package struct PickleNames: Sendable {
    /// Module and attribute with a space between them, as `collections OrderedDict`.
    package let known: Set<String>
    /// Those of them whose call makes a dictionary, whatever else is set on it.
    package let dictionaries: Set<String>
    /// What to do about a file that wants another name. Its key is the text before that; without one the name is the
    /// first thing in the file, so that the whole is an object.
    package let advice: @Sendable (_ key: String?) -> String

    /// Names, and what is said of others.
    package init(
        known: Set<String>, dictionaries: Set<String>, advice: @escaping @Sendable (_ key: String?) -> String
    ) {
        self.known = known.union(dictionaries)
        self.dictionaries = dictionaries
        self.advice = advice
    }
}

extension PickleReader {
    /// Puts a name on the stack, where it is one of those that are known.
    mutating func pushName(_ module: String, _ attribute: String, at: Int) throws {
        let name = module + " " + attribute
        guard (names?.known ?? Self.allowed).contains(name) else { throw refusal(of: name, at: at) }
        push(nodes.add(.name(name)))
    }
    /// Why a name is not taken, and what to do.
    func refusal(of name: String, at: Int) -> PickleError {
        let shown = name.replacing(" ", with: ".").inSentence
        let key = stack.lazy.reversed().compactMap { nodes.text($0) }.first
        let advice = names.map { "; \($0.advice(stack.isEmpty ? nil : key ?? ""))" } ?? ""
        return PickleError(
            "pickle, byte \(at): it wants '\(shown)', which is refused: \(read), and nothing is executed\(advice)")
    }
    /// What is read, for refusals.
    var read: String { "only plain data and \(names == nil ? "NumPy arrays" : "tensors") are read" }
}
