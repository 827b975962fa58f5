import Files
import Foundation

/// How long a run's network takes beside the dense one of its architecture: `latency.json` of a run.
public struct Latencies: Codable, Hashable, Sendable {
    /// Threads that computed.
    public var threads: Int
    /// The processor's name.
    public var machine: String
    /// Its MACs over the dense network's.
    public var share: Double
    /// A row for every program and batch.
    public var rows: [Row]

    /// The times of one program with batches of one size.
    public struct Row: Codable, Hashable, Sendable {
        /// `ads`, `libtorch`, `ONNX Runtime`, `OpenVINO`.
        public var program: String
        /// The program's version.
        public var version: String
        /// Images at a time.
        public var batch: Int
        /// Median milliseconds of a batch.
        public var milliseconds: Double
        /// The same of the dense network; `nil` where the network is dense itself.
        public var denseMilliseconds: Double?
        /// The median over rounds of the network's time over the dense one's, which was taken right after it.
        public var ratio: Double?
        /// What the program really multiplies for it, over what it does for the dense network; `nil` where that is not
        /// known.
        public var work: Double?

        /// A row from its parts.
        public init(
            program: String, version: String, batch: Int, milliseconds: Double, denseMilliseconds: Double? = nil,
            ratio: Double? = nil, work: Double? = nil
        ) {
            (self.program, self.version, self.batch) = (program, version, batch)
            (self.milliseconds, self.denseMilliseconds, self.ratio) = (milliseconds, denseMilliseconds, ratio)
            self.work = work
        }
    }

    /// Times from their parts.
    public init(threads: Int, machine: String, share: Double, rows: [Row]) {
        (self.threads, self.machine, self.share, self.rows) = (threads, machine, share, rows)
    }

    /// Refuses what no measurement leaves: the file comes from outside.
    fileprivate var isPossible: Bool {
        // An hour a batch, and no more rows than there are programs.
        func isTime(_ value: Double) -> Bool { value > 0 && value < 3_600_000 }
        return rows.count <= 100 && threads > 0 && share > 0 && share <= 1
            && rows.allSatisfy {
                $0.batch > 0 && isTime($0.milliseconds) && isTime($0.denseMilliseconds ?? 1) && isTime($0.ratio ?? 1)
                    && (0...1).contains($0.work ?? 1)
            }
    }
}

extension RunFolder {
    /// What was measured last of the run's network; `nil` where nothing was.
    /// - Throws: `FileError` for a file that is damaged.
    public func readLatencies() throws -> Latencies? {
        guard FileManager.default.fileExists(atPath: latencies) else { return nil }
        let found = try read(Latencies.self, from: latencies)
        guard found.isPossible else {
            throw FileError("\(latencies) is damaged: it holds times that cannot be")
        }
        return found
    }
}
