import DenseNetModel
import Reporting
import Runs
import Training

/// How a training is watched, and what is printed of it.
struct TrainingOutput {
    let console: Console
    /// Whether curves for TensorBoard were asked for.
    let curves: Bool
    let json: Bool

    /// Trains, with progress, and prints the result.
    /// - Parameter on: what is said of the network's data; nothing where they are what is expected.
    func run(
        _ trainer: Trainer, resume: Bool, initial: DenseNet?, teacher: DenseNet? = nil, on data: String = ""
    ) throws {
        var trainer = trainer
        let curves = TensorBoardCurves(trainer.folder, asked: curves, console)
        trainer.observer = {
            console.show($0)
            curves.show($0)
        }
        for note in trainer.data.notes { console.line(note) }
        let cost = trainer.network.cost
        console.line(
            "training \(trainer.configuration.label)\(data): \(grouped(cost.parameters)) parameters, \(grouped(cost.macs)) MACs, \(plural(cost.connections, "connection")), \(plural(trainer.configuration.machine.threads, "thread"))"
        )
        let result = try trainer.run(resume: resume, initial: initial, teacher: teacher)
        try curves.finishTraining()
        if json { return try printJSON(result) }
        // Of classes alike in number they are the same but for chance.
        let balanced = result.balancedAccuracy.flatMap {
            abs($0 - result.accuracy) < 0.005
                ? nil : " (balanced \(percent($0))\(result.macroF1.map { ", macro F1 \(fixed($0, 4))" } ?? ""))"
        }
        print(
            """
            \(result.label): \(result.split) accuracy \(percent(result.accuracy))\(balanced ?? ""), loss \(fixed(result.loss, 4)), \
            \(grouped(result.parameters)) parameters, \(grouped(result.macs)) MACs, \(Int(result.imagesPerSecond)) images/s
            saved in \(result.run)
            """)
    }
}
