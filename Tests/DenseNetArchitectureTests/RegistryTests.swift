import DenseNetArchitecture
import Randomness
import Registries
import Testing

@Suite struct RegistryTests {
    private let registry = Registry<String>("thing", ["red", "blue"], name: { $0 })

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch { return "\(error)" }
    }

    @Test func whatIsRegisteredIsFoundBehindWhatIsBuiltIn() throws {
        for name in ["zinc", "amber", "c3-po"] { try registry.register(name) }
        #expect(registry.all == ["red", "blue", "amber", "c3-po", "zinc"])
        #expect(registry.named("zinc") == "zinc" && registry.named("blue") == "blue" && registry.named("Zinc") == nil)
    }

    @Test func aNameIsThereOnce() throws {
        let taken = "a thing named 'red' is there already; choose another name"
        #expect(message { try registry.register("red") } == taken)
        try registry.register("amber")
        #expect(message { try registry.register("amber") }.contains("'amber' is there already"))
        #expect(registry.all == ["red", "blue", "amber"])
    }

    @Test(arguments: ["", "-x", "Red", "re d", "a:1", "ä", "a/b"]) func aNameCanBeTyped(_ name: String) {
        #expect(
            message { try registry.register(name) }
                == "'\(name)' is no name for a thing; use lower-case letters, digits and '-'")
        #expect(registry.all == ["red", "blue"])
    }

    @Test func threadsRegisterANameOnce() async {
        let successes = await withTaskGroup(of: Bool.self) { group in
            for i in 0..<200 { group.addTask { (try? registry.register("x\(i % 10)")) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 10)
        #expect(registry.all == ["red", "blue"] + (0..<10).map { "x\($0)" })
    }

    /// Reads every second node.
    private struct EverySecond: ConnectivityPattern {
        static let name = "every-second"
        static let help = "every-second[:N]"
        let argument: String?
        func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] {
            (0..<layer).map { (layer - $0) % 2 == 1 }
        }
    }
    private struct SecondLog: ConnectivityPattern {
        static let name = "log"
        static let help = "log"
        init(argument: String?) {}
        func row(ofLayer layer: Int, using generator: inout SeededGenerator) -> [Bool] { [] }
    }

    /// The one test that changes what all tests see: nothing else may register or count patterns.
    @Test func aPatternOfAnotherPackageIsNamed() throws {
        #expect(message { _ = try ConnectivityPatterns.parse("every-second") }.hasPrefix("unknown connectivity"))
        try ConnectivityPatterns.register(EverySecond.self)
        let pattern = try ConnectivityPatterns.parse("every-second:7")
        #expect((pattern as? EverySecond)?.argument == "7")
        var generator = SeededGenerator(seed: 0, stream: 0)
        #expect(pattern.row(ofLayer: 4, using: &generator) == [false, true, false, true])
        #expect(ConnectivityPatterns.all.map { $0.name }.last == "every-second")
        #expect(message { _ = try ConnectivityPatterns.parse("none") }.contains("every-second[:N]"))
        let taken = "a pattern named 'log' is there already; choose another name"
        #expect(message { try ConnectivityPatterns.register(SecondLog.self) } == taken)
    }
}
