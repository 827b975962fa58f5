import Foundation

/// Reading JSON that came from outside.
public enum JSONFile {
    /// Reads a file, checked before it is decoded: size, nesting, number of values, keys that are there twice.
    /// - Throws: `FileError` that names the file and what is wrong in it.
    public static func read<Value: Decodable>(
        _: Value.Type, _ path: String, _ decoder: JSONDecoder, _ limits: JSONLimits = JSONLimits()
    ) throws -> Value {
        try decode(Value.self, from: AtomicFile.read(path, atMost: limits.bytes), named: path, decoder, limits)
    }

    /// Decodes a text as `read` does a file's.
    /// - Throws: `FileError` that begins with `name`.
    public static func decode<Value: Decodable>(
        _: Value.Type, from data: Data, named name: String, _ decoder: JSONDecoder, _ limits: JSONLimits = JSONLimits()
    ) throws -> Value {
        do {
            try JSONText.check(data, limits)
            return try decoder.decode(Value.self, from: data)
        } catch let error as DecodingError {
            throw FileError("\(name): \(explain(error, decoder))")
        } catch {
            throw FileError("\(name): \(error)")
        }
    }

    private static func explain(_ error: DecodingError, _ decoder: JSONDecoder) -> String {
        // A key as the file has it: a decoder may read `growth_rate` for `growthRate`.
        func written(_ key: any CodingKey) -> String {
            guard case .convertFromSnakeCase = decoder.keyDecodingStrategy else { return key.stringValue.inSentence }
            return key.stringValue.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
                .inSentence
        }
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? ""
                : " at "
                    + path.map { $0.intValue.map { "[\($0)]" } ?? written($0) }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "'\(written(key))' is missing\(place(context.codingPath))"
        case .typeMismatch(let type, let context): return "\(words(for: type)) was expected\(place(context.codingPath))"
        case .valueNotFound(let type, let context):
            return "\(words(for: type)) was expected\(place(context.codingPath)), not null"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "it is no valid JSON"
                : "\(context.debugDescription.inSentence)\(place(context.codingPath))"
        @unknown default: return "it cannot be decoded"
        }
    }

    /// What JSON calls what a type is read from.
    private static func words(for type: Any.Type) -> String {
        let name = "\(type)"
        if name.hasPrefix("Array") { return "a list" }
        if name.hasPrefix("Dictionary") { return "an object" }
        if name.hasPrefix("Int") { return "a whole number" }
        if name.hasPrefix("UInt") { return "a whole number of 0 or more" }
        return switch name {
        case "Double", "Float": "a number"
        case "String": "a text"
        case "Bool": "true or false"
        default: "another value"
        }
    }
}
