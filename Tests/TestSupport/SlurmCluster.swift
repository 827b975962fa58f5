import Foundation

/// A Slurm of two nodes on this machine, of the tests' own: `scripts/slurm-cluster`.
public final class SlurmCluster {
    /// Whether its programs are here, and may be started.
    public static let isPossible =
        getuid() == 0
        && ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/bin/sbatch", "/usr/sbin/munged"].allSatisfy(
            FileManager.default.isExecutableFile(atPath:))

    private let folder: String
    private let environment: [String: String]
    private static let script = packageRoot + "/scripts/slurm-cluster"

    /// Starts one.
    public init() throws {
        // A munge socket's path has 107 bytes at most, which TMPDIR may fill.
        folder = "/tmp/ads-slurm-\(UUID().uuidString.prefix(8))"
        let started = try run(Self.script, ["start", folder])
        guard started.status == 0 else {
            throw CocoaError(.executableLoad, userInfo: ["errors": started.errors])
        }
        environment = ProcessInfo.processInfo.environment.merging(["SLURM_CONF": folder + "/slurm.conf"]) { $1 }
    }

    deinit {
        _ = try? run(Self.script, ["stop", folder])
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A command of Slurm's.
    @discardableResult public func slurm(
        _ program: String, _ arguments: String..., in folder: String? = nil
    ) throws
        -> Finished
    {
        try run("/usr/bin/env", [program] + arguments, environment: environment, in: folder)
    }

    /// States of jobs that are not over, such as "1_2 RUNNING".
    public func jobs() throws -> [String] {
        try slurm("squeue", "-h", "-r", "-o", "%i %T").output.split(separator: "\n").map(String.init)
    }
}
