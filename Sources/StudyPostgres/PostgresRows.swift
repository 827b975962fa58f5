import Foundation
import Studies

/// What rows of a database that others write, too, may be before anything of them is decoded.
enum PostgresLimits {
    /// Bytes of a trial's proposal, and of what was found of it; a DenseNet-264's matrices have 100,000.
    static let trial = 4 << 20
    /// Bytes of all trials of a study; 100,000 of a DenseNet-121 have fewer.
    static let trials = 2 << 30
    /// Bytes of a worker, a token, a checksum.
    static let word = 4096
    /// Bytes of a plan, and of an update's record.
    static let plan = 16 << 20
    /// Bytes of a strategy's state.
    static let state = 256 << 20
    /// Trials, and updates, of one study.
    static let rows = 1_000_000
}

extension StoredTrial {
    /// The columns of a trial as statements select them: what is too long is NULL, which no column that must be there
    /// may be.
    static let columns = """
        number, update_number, position, state, held, lost, \(begun("ended")), \(short("proposal", PostgresLimits.trial)),
        \(short("outcome", PostgresLimits.trial)), \(short("checksum")), \(begun("worker")), \(begun("token")), lease_until,
        \(begun("reported"))
        """

    /// A column that may be NULL: the beginning of it, as one that is too long must not seem to be none.
    static func begun(_ column: String) -> String { "left(\(column), \(PostgresLimits.word + 1)) AS \(column)" }

    static func short(_ column: String, _ most: Int = PostgresLimits.word) -> String {
        "CASE WHEN octet_length(\(column)) <= \(most) THEN \(column) END AS \(column)"
    }

    /// A row of `ads.trial`.
    /// - Throws: `Damage` where a column is too long, or of another type.
    init(_ rows: PostgresResult, _ row: Int) throws {
        let number = rows.int(row, "number")
        guard let number, let update = rows.int(row, "update_number"), let position = rows.int(row, "position"),
            let state = rows.text(row, "state"), let held = rows.bool(row, "held"), let lost = rows.int(row, "lost"),
            let proposal = rows.text(row, "proposal"), let outcome = rows.text(row, "outcome"),
            let checksum = rows.text(row, "checksum")
        else { throw Damage(what: "trial \(number ?? 0)") }
        let words = ["ended", "worker", "token", "reported"].compactMap { rows.text(row, $0) }
        guard words.allSatisfy({ $0.utf8.count <= PostgresLimits.word }) else { throw Damage(what: "trial \(number)") }
        self.init(
            number: number, update: update, position: position, state: state, held: held, lost: lost,
            ended: rows.text(row, "ended"), proposal: proposal, outcome: outcome, checksum: checksum,
            worker: rows.text(row, "worker"), token: rows.text(row, "token"), until: rows.double(row, "lease_until"),
            reported: rows.text(row, "reported"))
    }
}

extension PostgresResult {
    /// Every row as what it is read as; refused where there are too many.
    func map<Value>(_ what: String, _ read: (PostgresResult, Int) throws -> Value) throws -> [Value] {
        guard count <= PostgresLimits.rows else { throw Damage(what: "the number of \(what)") }
        return try (0..<count).map { try read(self, $0) }
    }
}
