import Foundation

/// A storage that also carries files to workers that have none of the search's: the weights that children start from.
public protocol FileSharing: StudyStorage {
    /// Keeps files under a name, in place of those it had; what is there with the same bytes is not sent again.
    func share(_ files: [String: Data], as name: String, by ownership: Ownership) throws
    /// The SHA-256 of each file that a name has, in hexadecimal; `nil` where nothing has the name.
    func shared(_ name: String) throws -> [String: String]?
    /// A file's bytes by their SHA-256, which is checked.
    /// - Throws: `FileError` where it is not there, or not whole.
    func sharedFile(_ digest: String) throws -> Data
}
