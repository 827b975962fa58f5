import DenseNetArchitecture

@testable import Studies

/// Values that the tests of studies share.
enum Example {
    static let here = WorkerIdentity.current
    static let elsewhere = WorkerIdentity(host: "elsewhere", process: 7, started: 1)

    static func proposal(_ update: Int, _ position: Int, repeatOf: Int? = nil) -> Proposal {
        Proposal(
            update: update, position: position,
            connectivity: Connectivity(blocks: [[[true], [position % 2 == 0, true]]]), macs: 10,
            parameters: 20, connections: 3, seed: .max, repeatOf: repeatOf)
    }

    static func point(_ accuracy: Double, length: Double = 1) -> CurvePoint {
        CurvePoint(length: length, images: 5, accuracy: accuracy, loss: 0.1 + 0.2, seconds: 0.25, worker: "w")
    }
}
