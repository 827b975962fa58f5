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

/// What tests of commands train: a network of a few layers.
enum SmallNetwork {
    static let architecture =
        #"{"blocks":[2,2],"growth_rate":4,"bottleneck":false,"compression":1,"stem":{"kind":"cifar","channels":8},"input_channels":3,"image_size":32,"classes":10}"#

    /// The options of a quick run of it on generated images; its architecture is `a.json` of the folder.
    static func options(in folder: TemporaryFolder) throws -> [String] {
        try architecture.write(toFile: folder("a.json"), atomically: true, encoding: .utf8)
        return [
            "--data", "shapes", "--arch", folder("a.json"), "--limit-train", "64", "--batch-size", "32", "--quiet",
        ]
    }
}
