import Foundation
import TestSupport

/// The built executables, beside the tests' own bundle.
enum Program {
    /// The folder of the built products.
    static let folder: String = {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
        return FileManager.default.isExecutableFile(atPath: beside + "/ads") ? beside : packageRoot + "/.build/release"
    }()

    /// Runs `ads` to its end.
    static func ads(_ arguments: String..., killAfter: Double? = nil, signal: Int32 = SIGKILL) throws -> Finished {
        try run(folder + "/ads", arguments, killAfter: killAfter, signal: signal)
    }
}

extension Finished {
    /// The one JSON object on stdout.
    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
    }
}
