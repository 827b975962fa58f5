import DenseNetArchitecture
import Evaluation
import Files
import Foundation
import ImageData
import Runs
import Torch

/// Scores a calibration's masked children with several numbers of images; a line of `readings.jsonl` keeps each
/// child's.
struct MaskedScores {
    private let search: SearchConfiguration
    private let data: DataSet
    private let folder: RunFolder

    /// What a line holds.
    private struct Line: Codable {
        var connectivity: Connectivity
        var scores: [ImageScore]
    }

    /// - Parameters:
    ///   - search: the search of the masked children.
    ///   - folder: the calibration's.
    init(_ search: SearchConfiguration, _ data: DataSet, folder: RunFolder) {
        (self.search, self.data, self.folder) = (search, data, folder)
    }

    /// The scores of connectivities, by number of images for statistics, then by number of validation images; those
    /// that are known are not computed again.
    /// - Throws: `Interrupted` with what is known kept; `SearchError`, `FileError`.
    func read(
        _ connectivities: [Connectivity], _ tell: (SearchEvent) -> Void
    ) throws -> [Connectivity: [ImageScore]] {
        let context = EvaluationContext(search.evaluation, data, folder: folder)
        let (train, validation) = (context.children.train.count, context.children.validation.count)
        var known = try kept(ImageGrid(train: train, validation: validation, search.evaluator))
        var reader: MaskedReader?
        try Runtime.setThreads(search.threads)
        for (index, connectivity) in connectivities.enumerated() where known[connectivity] == nil {
            do {
                try Interruption.check("")
                let own = try reader ?? MaskedReader(context)
                reader = own
                let scores = try own.scores(connectivity)
                let line = try RunFolder.encoder(pretty: false).encode(Line(connectivity: connectivity, scores: scores))
                try AtomicFile.append(line: line, to: folder.readings)
                known[connectivity] = scores
                tell(.note("child \(index + 1)/\(connectivities.count) scored with \(scores.count) numbers of images"))
            } catch is Interrupted {
                throw Interrupted(
                    description:
                        "interrupted; the scores of \(known.count) children are kept. Continue with the same command and --resume"
                )
            }
        }
        return known
    }

    /// The scores that lines hold. One that was cut off, or that is of other numbers of images, is computed again.
    private func kept(_ grid: ImageGrid) throws -> [Connectivity: [ImageScore]] {
        guard FileManager.default.fileExists(atPath: folder.readings) else { return [:] }
        var known: [Connectivity: [ImageScore]] = [:]
        for text in try AtomicFile.read(folder.readings).split(separator: 0x0A) {
            let line = try? JSONFile.decode(
                Line.self, from: Data(text), named: folder.readings, RunFolder.decoder)
            guard let line, grid.fits(line.scores) else { continue }
            known[line.connectivity] = line.scores
        }
        return known
    }
}
