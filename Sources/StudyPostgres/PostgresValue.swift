import CPostgreSQL
import Foundation

/// A parameter of a statement: it travels beside the SQL, never in it.
enum PostgresValue {
    case int(Int?)
    case double(Double?)
    case bool(Bool)
    case text(String?)
    case bytes(Data)

    /// Its type's number in `pg_type`.
    var type: Oid {
        switch self {
        case .bool: 16
        case .bytes: 17
        case .int: 20
        case .text: 25
        case .double: 701
        }
    }

    /// As PostgreSQL's binary format has it: numbers with the highest byte first; `nil` for NULL.
    var bytes: [UInt8]? {
        switch self {
        case .bool(let value): [value ? 1 : 0]
        case .bytes(let value): [UInt8](value)
        case .int(let value): value.map { withUnsafeBytes(of: Int64($0).bigEndian) { [UInt8]($0) } }
        case .text(let value): value.map { [UInt8]($0.utf8) }
        case .double(let value): value.map { withUnsafeBytes(of: $0.bitPattern.bigEndian) { [UInt8]($0) } }
        }
    }
}

/// What a statement gave, in binary: rows of columns that are asked for by name and type.
final class PostgresResult {
    private let result: OpaquePointer
    private let columns: [String: Int32]
    /// Rows that came.
    let count: Int
    /// Rows a command changed.
    let changed: Int

    /// Takes over what libpq gave, and frees it in the end.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
        changed = Int(String(cString: PQcmdTuples(result))) ?? 0
        var columns: [String: Int32] = [:]
        for column in 0..<PQnfields(result) { columns[String(cString: PQfname(result, column))] = column }
        self.columns = columns
    }

    deinit { PQclear(result) }

    /// What the server called a command that it finished: "COMMIT", "ROLLBACK".
    var command: String { String(cString: PQcmdStatus(result)) }

    /// A value's bytes; `nil` for NULL, and where there is no such column of this type.
    private func raw(_ row: Int, _ column: String, type: Oid) -> UnsafeRawBufferPointer? {
        guard let column = columns[column], row < count, PQftype(result, column) == type,
            PQfformat(result, column) == 1,
            PQgetisnull(result, Int32(row), column) == 0, let start = PQgetvalue(result, Int32(row), column)
        else { return nil }
        // It lives as long as the result, which the caller has.
        return UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, Int32(row), column)))
    }

    func int(_ row: Int, _ column: String) -> Int? {
        raw(row, column, type: 20).flatMap {
            $0.count == 8 ? Int(Int64(bigEndian: $0.loadUnaligned(as: Int64.self))) : nil
        }
    }

    func double(_ row: Int, _ column: String) -> Double? {
        raw(row, column, type: 701).flatMap {
            $0.count == 8 ? Double(bitPattern: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))) : nil
        }
    }

    func bool(_ row: Int, _ column: String) -> Bool? {
        raw(row, column, type: 16).flatMap { $0.count == 1 ? $0[0] != 0 : nil }
    }

    func text(_ row: Int, _ column: String) -> String? {
        raw(row, column, type: 25).flatMap { String(validating: $0, as: UTF8.self) }
    }

    func bytes(_ row: Int, _ column: String) -> Data? { raw(row, column, type: 17).map { Data($0) } }
}
