import Testing

@testable import ConnectivitySearch
@testable import Strategies

/// What a calibration refuses to compare.
@Suite struct CalibrationConfigurationTests {
    private func refused(_ sentence: String, _ change: (inout CalibrationConfiguration) -> Void) throws {
        var c = CalibrationConfiguration(
            try smallSearch("spread", children: 6), fullEpochs: 1, fullSeeds: 1, sharedEpochs: 1)
        c.bands = [0.6, 0.9]
        try c.validate()
        change(&c)
        #expect(throws: SearchError(sentence)) { try c.validate() }
    }

    @Test func bands() throws {
        let none = "of the dense network's MACs; shares over 0 and under 1, ascending, are needed"
        try refused("bands at [] \(none)") { $0.bands = [] }
        try refused("bands at [0.0, 0.6] \(none)") { $0.bands = [0, 0.6] }
        try refused("bands at [0.6, 1.0] \(none)") { $0.bands = [0.6, 1] }
        try refused("bands at [nan] \(none)") { $0.bands = [.nan] }
        try refused("bands at [0.9, 0.6] \(none)") { $0.bands = [0.9, 0.6] }
        try refused("bands at [0.6, 0.6] \(none)") { $0.bands = [0.6, 0.6] }
        // Both come to 99,878 MACs.
        try refused("bands at [0.6, 0.6000001] \(none)") { $0.bands = [0.6, 0.6000001] }
        try refused("3 children in 2 bands; each band needs 2 or more to compare") { $0.search.children = 3 }
        try refused("--bands and a target exclude each other; give one of them") {
            $0.search.target = CostTarget(.macs, limit: 100_000)
        }
        try refused("full training of 0 epochs with 1 seeds; both must be 1 or more") { $0.fullEpochs = 0 }
        try refused(
            "a target of 66585 MACs is out of reach: pruning the layers' connections reaches 85824 to 166464 MACs, 0.516 to 1 of the dense network; --search-block-end reaches from 32808, 0.197 of dense"
        ) { $0.bands = [0.4, 0.9] }
    }

    @Test func enoughOfEachBand() throws {
        var c = CalibrationConfiguration(
            try smallSearch("spread", children: 4), fullEpochs: 1, fullSeeds: 1, sharedEpochs: 1)
        #expect(try c.bandLimits() == nil)
        try c.validate()
        c.bands = [0.6, 0.9]
        try c.validate()
        #expect(try c.bandLimits() == [99_878, 149_817])
    }
}
