import ConnectivitySearch
import Evaluation
import Files
import Foundation
import Runs
import Strategies
import Training

/// The command lines that repeat runs.
enum ReportCommands {
    /// What repeats a training; one that started with the weights of a search's dense network, or learned from its
    /// logits, is repeated from the search that found its network.
    static func command(for run: ReportContent.Trained, in content: ReportContent) -> String {
        let c = run.configuration
        guard let dense = c.startsFromRun ? c.initialWeights : c.distillation?.teacher else {
            return training(c, label: c.label, architecture: run.path)
        }
        // A search on another machine has its dense network elsewhere.
        let digest = c.startsFromRun ? c.initialDigest : c.distillation?.digest
        let search = content.searched.first {
            ($0.configuration.dense == dense || digest != nil && $0.configuration.denseDigest == digest)
                && $0.result?.connectivity == run.network.connectivity
        }
        var parts = [
            "ads retrain \(search.map { ShellText.word($0.path) } ?? "SEARCH")\(c.initialWeights == nil ? "" : " --inherit")"
        ]
        if let distillation = c.distillation {
            parts.append(
                "--distil --distil-temperature \(distillation.temperature) --distil-weight \(distillation.weight)")
        }
        // How images are prepared is the search's.
        parts += folder(c.data)
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        return lines(
            parts + recipe(c) + [machine(c.machine, seed: c.seed), "--label \(ShellText.word(c.label)) --out NEW-RUN"])
    }

    /// A training from fresh weights with a configuration's values.
    /// - Parameters:
    ///   - path: the run whose architecture is trained, with its connections or `dense`.
    static func training(
        _ c: TrainingConfiguration, label: String, architecture path: String, dense: Bool = false
    ) -> String {
        var parts = ["ads train --data \(ShellText.word(c.data.name))"]
        parts += data(c.data)
        parts.append("--arch \(ShellText.word(path + "/architecture.json"))\(dense ? " --connectivity dense" : "")")
        parts += recipe(c)
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        if c.testAtEnd { parts.append("--split test") }
        if let weights = c.initialWeights { parts.append("--weights \(ShellText.word(weights))") }
        if c.initialWeights != nil || c.isNormalizationGiven == true, let normalization = c.normalization {
            parts.append("--normalization \(normalization.typed)")
        }
        return lines(parts + [machine(c.machine, seed: c.seed), "--label \(ShellText.word(label)) --out NEW-RUN"])
    }

    private static func recipe(_ c: TrainingConfiguration) -> [String] {
        let r = c.recipe
        return [
            "--recipe \(ShellText.word(r.name)) --epochs \(r.epochs) --batch-size \(r.batchSize) --learning-rate \(r.learningRate) --schedule \(r.schedule.rawValue)",
            "--momentum \(r.momentum) --weight-decay \(r.weightDecay) --dropout \(r.dropout)",
        ] + (c.initialWeights == nil ? ["--initialization \(r.initialization.rawValue)"] : [])
            + ["--augmentation \(r.augmentation.rawValue)"] + (c.allData ? ["--all-data"] : [])
    }

    private static func data(_ data: DataIdentity) -> [String] {
        folder(data) + (data.preparation?.ignoresOrientation == true ? ["--no-exif"] : [])
    }

    private static func folder(_ data: DataIdentity) -> [String] {
        data.folder.map { ["--data-dir \(ShellText.word($0))"] } ?? []
    }

    private static func machine(_ m: Machine, seed: UInt64) -> String {
        "--seed \(seed) --threads \(m.threads) --device \(ShellText.word(m.device)) --kernels \(m.kernels.rawValue)"
    }

    private static func lines(_ parts: [String]) -> String { parts.joined(separator: " \\\n  ") }

    /// What no command says any more.
    private static func older(_ c: SearchConfiguration) -> String {
        guard c.searchesBlockEnds == true, c.space.keepsPredecessor else { return "" }
        return "\n# no layer could be left out here, as builds of that time searched; this one searches more"
    }

    /// The options of a search's workers.
    private static func workers(_ c: SearchConfiguration) -> String {
        "--child-threads \(c.threads)\(c.maxLost.map { " --max-lost \($0)" } ?? "")"
    }

    static func command(for search: ReportContent.Searched) -> String {
        let c = search.configuration
        var parts = ["ads search --data \(ShellText.word(c.data.name))"]
        parts += data(c.data)
        parts.append(
            "--arch ARCHITECTURE.json --strategy \(ShellText.word(c.strategy)) --evaluator \(c.evaluator.kind.rawValue)"
        )
        if c.children < .max { parts.append("--children \(c.children)") }
        if let budget = c.imageBudget { parts.append("--images \(budget)") }
        if let epochs = c.evaluator.sharedEpochs { parts.append("--shared-epochs \(epochs)") }
        if let shared = c.shared { parts.append("--shared \(ShellText.word(shared))") }
        if let dense = c.dense { parts.append("--dense \(ShellText.word(dense))") }
        // What trains children is refused where none is.
        let prunes = (try? Strategies.named(c.strategy))?.needsDense ?? true
        let trains = c.evaluator.trainsChildren(top: c.top) || prunes
        if trains { parts.append("--child-epochs \(c.evaluator.epochs)") }
        parts.append("--batch-size \(c.evaluator.batchSize)")
        if trains || c.evaluator.kind == .shared { parts.append("--learning-rate \(c.evaluator.learningRate)") }
        if trains || c.evaluator.kind == .shared, let augmentation = c.evaluator.augmentation {
            parts.append("--augmentation \(augmentation.rawValue)")
        }
        if let halving = c.evaluator.halving { parts.append("--halving \(halving)") }
        if let reward = c.evaluator.reward { parts.append("--reward \(reward.rawValue)") }
        if let images = c.evaluator.scoreImages { parts.append("--score-images \(images)") }
        if c.searchesBlockEnds == true { parts.append("--search-block-end") }
        if let target = c.target {
            parts.append(
                "--target-\(target.measure.rawValue) \(target.measure == .latency ? "\(Double(target.limit) / 1e3)" : "\(target.limit)")"
            )
        }
        if let price = c.price { parts.append("--price-\(price.measure.rawValue) \(price.weight)") }
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        if let limit = c.limitValidation { parts.append("--limit-validation \(limit)") }
        parts.append("--top \(c.top)\(c.top > 0 ? " --reevaluation-seeds \(c.reevaluationSeeds)" : "")")
        parts.append("--children-per-update \(c.agent.childrenPerUpdate)")
        if let lag = c.lag { parts.append("--lag \(lag)") }
        // The agent's numbers are refused where there is no agent.
        if (try? Strategies.named(c.strategy))?.usesAgentSettings ?? true {
            parts.append(
                "--agent-rate \(c.agent.learningRate) --connection-rate \(c.agent.connectionRate) --entropy-bonus \(c.agent.entropyBonus) --critic-steps \(c.agent.criticSteps)"
            )
            // Without a dense network there is nothing to start from, and the option is refused.
            if c.dense != nil || c.agent.warmStart == 0 { parts.append("--warm-start \(c.agent.warmStart)") }
        }
        parts += [machine(c.machine, seed: c.seed), "\(workers(c)) --out NEW-RUN"]
        // An unfinished search has no network yet, so that its architecture is written here.
        let own = search.path + "/architecture.json"
        let isThere = FileManager.default.fileExists(atPath: own)
        let json = isThere ? nil : try? RunFolder.encoder(pretty: false).encode(c.architecture)
        let before =
            json.map { "echo \(ShellText.word(String(decoding: $0, as: UTF8.self))) > architecture.json\n" } ?? ""
        let command = lines(parts).replacing(
            "ARCHITECTURE.json", with: isThere ? ShellText.word(own) : "architecture.json")
        return before + command + older(c)
    }

    static func command(for calibrated: ReportContent.Calibrated) -> String {
        let calibration = calibrated.calibration.configuration
        let c = calibration.search
        var parts = ["ads calibrate --data \(ShellText.word(c.data.name))"]
        parts += data(c.data)
        parts.append(
            "--arch \(ShellText.word(calibrated.path + "/architecture.json")) --children \(c.children) --full-epochs \(calibration.fullEpochs) --full-seeds \(calibration.fullSeeds)"
        )
        let shared = calibration.dense == nil ? " --shared-epochs \(calibration.sharedEpochs)" : ""
        parts.append(
            "--child-epochs \(c.evaluator.epochs)\(shared) --batch-size \(c.evaluator.batchSize) --learning-rate \(c.evaluator.learningRate)"
        )
        if let augmentation = c.evaluator.augmentation { parts.append("--augmentation \(augmentation.rawValue)") }
        if let dense = calibration.dense { parts.append("--dense \(ShellText.word(dense))") }
        if let bands = calibration.bands {
            parts.append("--bands \(bands.map { "\($0)" }.joined(separator: ","))")
        }
        if c.searchesBlockEnds == true { parts.append("--search-block-end") }
        if let target = c.target { parts.append("--target-\(target.measure.rawValue) \(target.limit)") }
        if let limit = c.limitTrain { parts.append("--limit-train \(limit)") }
        if let limit = c.limitValidation { parts.append("--limit-validation \(limit)") }
        return lines(parts + [machine(c.machine, seed: c.seed), "\(workers(c)) --out NEW-RUN"]) + older(c)
    }
}
