import Foundation
import TestSupport

/// The built executables, beside the tests' own bundle.
enum Program {
    /// The folder of the built products.
    static let folder: String = {
        let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.contains(".xctest") }
        let candidates = [
            bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }, packageRoot + "/.build/release",
        ].compactMap { $0 }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0 + "/ads") } ?? packageRoot + "/.build/release"
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
