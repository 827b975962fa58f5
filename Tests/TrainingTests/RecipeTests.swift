import Testing

@testable import Training

@Suite struct RecipeTests {
    /// `OneCycleLR(SGD(lr=0.2, momentum=0.9), 0.2, total_steps=20, pct_start=0.25)` of PyTorch 2.13: learning rate,
    /// momentum.
    @Test func oneCycleIsPyTorchs() {
        let expected: [(Double, Double)] = [
            (0.008000000000000007, 0.95), (0.036117749006091465, 0.9353553390593273),
            (0.10400000000000001, 0.8999999999999999),
            (0.17188225099390858, 0.8646446609406726), (0.2, 0.85), (0.1978147688143403, 0.8510926199633096),
            (0.19135458034607702, 0.8543227271178699), (0.180901775830697, 0.8595491502812526),
            (0.1669131929836433, 0.8665434696820571),
            (0.1500002, 0.875), (0.130901975830697, 0.8845491502812526), (0.11045320451538004, 0.8947735768366173),
            (0.08954759548461998, 0.9052264231633826), (0.06909882416930302, 0.9154508497187474),
            (0.05000060000000003, 0.9249999999999999),
            (0.03308760701635676, 0.9334565303179428), (0.019099024169303015, 0.9404508497187474),
            (0.008646219653922961, 0.94567727288213),
            (0.0021860311856597247, 0.9489073800366903), (8e-07, 0.95),
        ]
        for (step, (rate, momentum)) in expected.enumerated() {
            var recipe = Recipe.oneCycle
            recipe.learningRate = 0.2
            let found = recipe.rate(step: step, of: 20)
            #expect(abs(found.rate - rate) < 1e-12 && abs(found.momentum - momentum) < 1e-12, "step \(step)")
        }
    }

    @Test func thePapersRateFallsAtHalfAndThreeQuarters() {
        let rates = (0..<8).map { Recipe.paper.rate(step: $0, of: 8).rate }
        for (found, expected) in zip(rates, [0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]) {
            #expect(abs(found - expected) < 1e-15)
        }
        #expect(Recipe.paper.epochs == 300 && Recipe.paper.batchSize == 64 && Recipe.paper.weightDecay == 1e-4)
    }

    @Test func valuesThatTrainNothing() {
        for change in [
            { $0.epochs = 0 }, { $0.epochs = 1_000_001 }, { $0.batchSize = 1 }, { $0.batchSize = 1_000_001 },
            { $0.learningRate = -1 }, { $0.learningRate = 0 }, { $0.learningRate = .infinity }, { $0.momentum = 1 },
            { $0.momentum = -0.1 }, { $0.weightDecay = -0.1 }, { $0.weightDecay = .infinity }, { $0.dropout = 1 },
            { $0.dropout = -0.1 },
        ] as [(inout Recipe) -> Void] {
            var recipe = Recipe.paper
            change(&recipe)
            #expect(throws: TrainingError.self) { try recipe.validate() }
        }
        // The last that is taken.
        for change in [
            { $0.epochs = 1 }, { $0.epochs = 1_000_000 }, { $0.batchSize = 2 }, { $0.batchSize = 1_000_000 },
            { $0.learningRate = 1e-9 }, { $0.momentum = 0 }, { $0.weightDecay = 0 }, { $0.dropout = 0 },
            { $0.dropout = 0.99 },
        ] as [(inout Recipe) -> Void] {
            var recipe = Recipe.paper
            change(&recipe)
            #expect(throws: Never.self) { try recipe.validate() }
        }
        #expect(throws: TrainingError("unknown recipe 'fast'; known are one-cycle, paper")) { try Recipe.named("fast") }
    }
}
