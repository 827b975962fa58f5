import ConnectivitySearch
import Foundation

/// The command lines that repeat runs.
enum ReportCommands {
    static func command(for run: ReportContent.Trained) -> String {
        let c = run.configuration
        let r = c.recipe
        var parts = ["ads train --data \(c.data.name)"]
        if let folder = c.data.folder { parts.append("--data-dir \(quoted(folder))") }
        parts.append("--arch \(quoted(run.path + "/architecture.json"))")
        parts.append("--recipe \(r.name) --epochs \(r.epochs) --batch-size \(r.batchSize) --learning-rate \(r.learningRate) --schedule \(r.schedule.rawValue)")
        parts.append("--momentum \(r.momentum) --weight-decay \(r.weightDecay) --initialization \(r.initialization.rawValue) --dropout \(r.dropout)")
        if !r.augment { parts.append("--no-augment") }
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        if c.allData { parts.append("--all-data") }
        if c.testAtEnd { parts.append("--split test") }
        parts.append("--seed \(c.seed) --threads \(c.machine.threads) --device \(c.machine.device) --kernels \(c.machine.kernels.rawValue)")
        parts.append("--label \(quoted(c.label)) --out NEW-RUN")
        return parts.joined(separator: " \\\n  ")
    }

    static func command(for search: ReportContent.Searched) -> String {
        let c = search.configuration
        var parts = ["ads search --data \(c.data.name)"]
        if let folder = c.data.folder { parts.append("--data-dir \(quoted(folder))") }
        parts.append("--arch ARCHITECTURE.json --strategy \(c.strategy) --evaluator \(c.evaluator.kind.rawValue)")
        if c.children < .max { parts.append("--children \(c.children)") }
        if let budget = c.imageBudget { parts.append("--images \(budget)") }
        if let epochs = c.evaluator.sharedEpochs { parts.append("--shared-epochs \(epochs)") }
        if let shared = c.shared { parts.append("--shared \(quoted(shared))") }
        if let dense = c.dense { parts.append("--dense \(quoted(dense))") }
        parts.append("--child-epochs \(c.evaluator.epochs) --batch-size \(c.evaluator.batchSize) --learning-rate \(c.evaluator.learningRate)")
        if let halving = c.evaluator.halving { parts.append("--halving \(halving)") }
        if c.searchesBlockEnds == true { parts.append("--search-block-end") }
        if let target = c.target { parts.append("--target-\(target.measure.rawValue) \(target.measure == .latency ? "\(Double(target.limit) / 1e3)" : "\(target.limit)")") }
        if let price = c.price { parts.append("--price-\(price.measure.rawValue) \(price.weight)") }
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        if let limit = c.limitValidation { parts.append("--limit-validation \(limit)") }
        parts.append("--top \(c.top) --reevaluation-seeds \(c.reevaluationSeeds)")
        parts.append("--children-per-update \(c.agent.childrenPerUpdate) --agent-rate \(c.agent.learningRate) --entropy-bonus \(c.agent.entropyBonus)")
        parts.append("--seed \(c.seed) --threads \(c.machine.threads) --child-threads \(c.threads) --device \(c.machine.device) --kernels \(c.machine.kernels.rawValue) --out NEW-RUN")
        return parts.joined(separator: " \\\n  ").replacing("ARCHITECTURE.json", with: quoted(search.path + "/architecture.json"))
    }

    static func command(for calibrated: ReportContent.Calibrated) -> String {
        let calibration = calibrated.calibration.configuration
        let c = calibration.search
        var parts = ["ads calibrate --data \(c.data.name)"]
        if let folder = c.data.folder { parts.append("--data-dir \(quoted(folder))") }
        parts.append("--arch \(quoted(calibrated.path + "/architecture.json")) --children \(c.children) --full-epochs \(calibration.fullEpochs) --full-seeds \(calibration.fullSeeds)")
        parts.append("--child-epochs \(c.evaluator.epochs) --shared-epochs \(calibration.sharedEpochs) --batch-size \(c.evaluator.batchSize) --learning-rate \(c.evaluator.learningRate)")
        if let target = c.target { parts.append("--target-\(target.measure.rawValue) \(target.limit)") }
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        if let limit = c.limitValidation { parts.append("--limit-validation \(limit)") }
        parts.append("--seed \(c.seed) --threads \(c.machine.threads) --child-threads \(c.threads) --device \(c.machine.device) --kernels \(c.machine.kernels.rawValue) --out NEW-RUN")
        return parts.joined(separator: " \\\n  ")
    }

    private static func quoted(_ text: String) -> String {
        text.allSatisfy { $0.isLetter || $0.isNumber || "/._-:+".contains($0) } ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
