import Files
import Foundation

/// An update's record as a row.
package struct StoredUpdate: Sendable, Hashable {
    /// The update.
    package var update: Int
    /// The record, and its checksum.
    package var json, checksum: String

    /// A row as it was read.
    package init(update: Int, json: String, checksum: String) {
        (self.update, self.json, self.checksum) = (update, json, checksum)
    }

    /// A record as the row that is written.
    package init(_ record: UpdateRecord) throws {
        (update, json) = (record.update, try CanonicalJSON.text(record))
        checksum = StudyChecksum.of("\(update)", json)
    }

    /// The record.
    /// - Throws: `Damage` where the row is not what was written.
    package func record() throws -> UpdateRecord {
        let what = "update \(update)"
        guard checksum == StudyChecksum.of("\(update)", json) else { throw Damage(what: what) }
        let record = try CanonicalJSON.value(UpdateRecord.self, json, what)
        guard record.update == update, CanonicalJSON.isCount(update), CanonicalJSON.isCount(record.images ?? 0) else {
            throw Damage(what: what)
        }
        return record
    }
}

/// The strategy's state and the search's progress as a row.
package struct StoredStrategy: Sendable, Hashable {
    /// The state.
    package var state: Data
    /// The progress as JSON, and the checksum of both.
    package var progress, checksum: String

    /// A row as it was read.
    package init(state: Data, progress: String, checksum: String) {
        (self.state, self.progress, self.checksum) = (state, progress, checksum)
    }

    /// The row that is written.
    package init(_ state: Data, _ progress: SearchProgress) throws {
        (self.state, self.progress) = (state, try CanonicalJSON.text(progress))
        checksum = StudyChecksum.of([state, Data(self.progress.utf8)])
    }

    /// State and progress.
    /// - Throws: `Damage` where the row is not what was written.
    package func value() throws -> (state: Data, progress: SearchProgress) {
        let damage = Damage(what: "the strategy's state")
        guard checksum == StudyChecksum.of([state, Data(progress.utf8)]) else { throw damage }
        let value = try CanonicalJSON.value(SearchProgress.self, progress, damage.what)
        guard CanonicalJSON.isCount(value.update), CanonicalJSON.isCount(value.repeatedUpdates),
            CanonicalJSON.isCount(value.proposed ?? value.update), value.proposed ?? value.update >= value.update
        else { throw damage }
        return (state, value)
    }
}

/// The search that owns a study as a row.
package struct StoredOwner: Sendable, Hashable {
    /// The process as JSON, what proves it, and the lease's end in seconds of the storage's clock.
    package var json, token: String, until: Double

    /// A row as it was read.
    package init(json: String, token: String, until: Double) {
        (self.json, self.token, self.until) = (json, token, until)
    }

    /// The row that is written; none where nobody owns.
    package init?(_ life: OwnerLife) throws {
        guard let lease = life.lease else { return nil }
        json = try CanonicalJSON.text(lease.ownership.owner)
        (token, until) = (lease.ownership.token, lease.until)
    }

    /// Who owns.
    /// - Throws: `Damage` where the row is not what was written.
    package func life() throws -> OwnerLife {
        guard until.isFinite else { throw Damage(what: "the owner") }
        let owner = try CanonicalJSON.value(WorkerIdentity.self, json, "the owner")
        return OwnerLife(.init(Ownership(owner, token: token), until: until))
    }
}
