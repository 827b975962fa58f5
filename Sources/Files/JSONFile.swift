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
            throw FileError("\(name): \(explain(error))")
        } catch {
            throw FileError("\(name): \(error)")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? ""
                : " at "
                    + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue.inSentence }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "'\(key.stringValue.inSentence)' is missing\(place(context.codingPath))"
        case .typeMismatch(let type, let context): return "a \(type) was expected\(place(context.codingPath))"
        case .valueNotFound(let type, let context):
            return "a \(type) was expected\(place(context.codingPath)), not null"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "it is no valid JSON" : "\(context.debugDescription.inSentence)\(place(context.codingPath))"
        @unknown default: return "it cannot be decoded"
        }
    }
}
