import Foundation

/// JSON that is the same text for the same value, as studies hold it.
package enum CanonicalJSON {
    /// A value's text.
    package static func text<Value: Encodable>(_ value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
