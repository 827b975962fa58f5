import Files
import Strategies
import Studies

// A search's configuration as the plan that a storage keeps unread.
extension StudyStorage {
    /// The search's configuration; `nil` for a new study.
    /// - Throws: `SearchError` when it is not one that this program reads; what the storage throws.
    public func configuration() throws -> SearchConfiguration? {
        guard let plan = try plan() else { return nil }
        let configuration = try? CanonicalJSON.value(SearchConfiguration.self, plan, "the configuration")
        guard let configuration, configuration.countsImages else {
            throw SearchError(
                "\(name) holds a configuration that this version of ads cannot read; update ads, or start a new search")
        }
        return configuration
    }

    /// Stores the configuration of a new study, or that of one that is continued with more children.
    public func store(_ configuration: SearchConfiguration, by ownership: Ownership) throws {
        try store(plan: CanonicalJSON.text(configuration), by: ownership)
    }
}
