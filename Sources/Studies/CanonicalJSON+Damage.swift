import Files
import Foundation

extension CanonicalJSON {
    /// Whether a number may count something; of greater ones a damaged file's sum would leave the numbers there are.
    package static func isCount(_ value: Int) -> Bool { 0...(1 << 42) ~= value }

    /// The value of a text, whose size, nesting and keys are checked first.
    /// - Throws: `Damage` that names what was read.
    package static func value<Value: Decodable>(_: Value.Type, _ text: String, _ what: String) throws -> Value {
        do {
            return try JSONFile.decode(Value.self, from: Data(text.utf8), named: what, JSONDecoder())
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
