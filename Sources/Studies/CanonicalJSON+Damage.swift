import Files
import Foundation

extension CanonicalJSON {
    /// The value of a text.
    /// - Throws: `Damage` that names what was read.
    package static func value<Value: Decodable>(_: Value.Type, _ text: String, _ what: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw Damage(what: what)
        }
    }
}

/// Something stored is not what was written.
package struct Damage: Error, Equatable {
    /// What: "trial 7".
    package let what: String
    /// Damage of something.
    package init(what: String) { self.what = what }
}
