import Foundation
import Runs
import Testing

@testable import ConnectivitySearch

/// The files that a run's folder has a name for, but the page, are those that nothing else may replace; RunTests looks
/// into real folders.
@Test func everyFileOfARunIsItsOwn() {
    let run = RunFolder("run")
    for path in [
        run.configuration, run.architecture, run.weights, run.metrics, run.events, run.result, run.testUses,
        run.confusion,
        run.latencies, run.study, run.studyAddress, run.connectivity, run.calibration, run.readings,
    ] {
        #expect(RunFolder.ownFiles.contains(URL(fileURLWithPath: path).lastPathComponent), "\(path)")
    }
}
