import Files

extension RunFolder {
    /// What kind of run is there, as its `config.json` says: a training, a search, a calibration or an import; `nil`
    /// where it says nothing.
    /// - Throws: `FileError`.
    public func kind() throws -> String? {
        struct Kind: Decodable { var kind: String? }
        return try read(Kind.self, from: configuration).kind
    }
}
