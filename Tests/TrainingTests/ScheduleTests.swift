import DenseNetModel
import Testing

@testable import Training

@Suite struct ScheduleTests {
    /// Steps of trainings as short as they come, and of longer ones.
    private static let totals = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 100, 1563]

    @Test(arguments: totals)
    func oneCycleRisesOnceAndFallsToNothing(total: Int) throws {
        let recipe = Recipe.oneCycle
        let found = (0..<total).map { recipe.rate(step: $0, of: total) }
        let (high, final) = (recipe.learningRate, recipe.learningRate / 25 / 1e4)
        for step in found {
            #expect(step.rate > final - 1e-12 && step.rate < high + 1e-12)
            #expect(step.momentum > 0.85 - 1e-12 && step.momentum < 0.95 + 1e-12)
        }
        let highest = found.indices.max { found[$0].rate < found[$1].rate }
        let top = try #require(highest)
        for step in 1..<max(1, total) {
            #expect((found[step].rate > found[step - 1].rate) == (step <= top), "step \(step) of \(total)")
            #expect((found[step].momentum < found[step - 1].momentum) == (step <= top), "step \(step) of \(total)")
        }
        let last = try #require(found.last)
        #expect(abs(last.rate - final) < 1e-15 && abs(last.momentum - 0.95) < 1e-15)
    }

    /// The top is the last step of the first quarter.
    @Test(arguments: [8, 12, 100])
    func oneCycleBeginsLow(total: Int) {
        let recipe = Recipe.oneCycle
        let (first, top) = (recipe.rate(step: 0, of: total), recipe.rate(step: total / 4 - 1, of: total))
        #expect(abs(first.rate - recipe.learningRate / 25) < 1e-15 && abs(first.momentum - 0.95) < 1e-15)
        #expect(abs(top.rate - recipe.learningRate) < 1e-15 && abs(top.momentum - 0.85) < 1e-15)
    }

    /// With one step in the first quarter there is nothing to rise from.
    @Test func oneCycleOfFourStepsBeginsAtTheTop() {
        let first = Recipe.oneCycle.rate(step: 0, of: 4)
        #expect(abs(first.rate - Recipe.oneCycle.learningRate) < 1e-15 && abs(first.momentum - 0.85) < 1e-15)
    }

    @Test func theOtherSchedulesLeaveTheMomentum() {
        var recipe = Recipe.paper
        (recipe.learningRate, recipe.momentum) = (0.3, 0.7)
        for step in 0..<8 { #expect(recipe.rate(step: step, of: 8).momentum == 0.7) }
        recipe.schedule = .constant
        for step in 0..<8 {
            let found = recipe.rate(step: step, of: 8)
            #expect(found.rate == 0.3 && found.momentum == 0.7)
        }
    }

    /// What a name stands for is part of every result that was published with it.
    @Test func whatTheNamesStandFor() throws {
        let paper = Recipe(
            name: "paper", epochs: 300, batchSize: 64, learningRate: 0.1, schedule: .step, momentum: 0.9,
            nesterov: true, weightDecay: 1e-4, augmentation: .crop, initialization: .fanOut, dropout: 0)
        let oneCycle = Recipe(
            name: "one-cycle", epochs: 4, batchSize: 64, learningRate: 0.1, schedule: .oneCycle, momentum: 0.9,
            nesterov: true, weightDecay: 1e-4, augmentation: .crop, initialization: .fanIn, dropout: 0)
        #expect(try Recipe.named("paper") == paper)
        #expect(try Recipe.named("one-cycle") == oneCycle)
        for recipe in Recipe.all { try recipe.validate() }
    }

    @Test func whatIsNoNumberTrainsNothing() {
        for change in [
            { $0.learningRate = .nan }, { $0.momentum = .nan }, { $0.weightDecay = .nan }, { $0.dropout = .nan },
        ] as [(inout Recipe) -> Void] {
            var recipe = Recipe.oneCycle
            change(&recipe)
            #expect(throws: TrainingError.self) { try recipe.validate() }
        }
    }
}
