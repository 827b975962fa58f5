import ArgumentParser
import ConnectivitySearch
import Files
import Foundation
import Reporting
import Training

struct StudyTrialsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trials", abstract: "Every trial of a study.",
        discussion: """
            EXAMPLE
              ads study trials runs/ads --csv > trials.csv
            """)

    @Argument(help: "A search's folder, its study.sqlite, or an address: postgresql://...", completion: .file())
    var study: String

    @Flag(help: "Comma-separated values with a header, for spreadsheets and data frames.")
    var csv = false

    func run() throws {
        let history = try StudyHistory(openStudy(study))
        let children = Dictionary(uniqueKeysWithValues: history.children.map { ($0.number, $0) })
        if csv {
            print(
                "trial,state,update,position,again,repeat_of,accuracy,loss,reward,macs,parameters,connections,seed,images,seconds,lost,worker,failure,connectivity"
            )
        }
        for trial in history.trials {
            let (p, last) = (trial.proposal, trial.curve.last)
            if csv {
                let fields: [String?] = [
                    "\(trial.number)", trial.state.rawValue, "\(p.update)", "\(p.position)", p.again.map(String.init),
                    p.repeatOf.map(String.init),
                    last.map { "\($0.accuracy)" }, last.map { "\($0.loss)" },
                    children[trial.number].map { "\($0.reward)" }, "\(p.macs)",
                    "\(p.parameters)", "\(p.connections)", "\(p.seed)", "\(trial.images)", "\(trial.seconds)",
                    "\(trial.lost)", last.map { Self.plain($0.worker) }, trial.failure.map(Self.plain),
                    p.connectivity.key,
                ]
                print(fields.map { Self.quoted($0 ?? "") }.joined(separator: ","))
            } else {
                let what =
                    p.again.map { "child \($0) again" } ?? p.repeatOf.map { "repeats child \($0)" }
                    ?? "update \(p.update)"
                let result =
                    trial.failure.map { ", \($0.inSentence(upTo: 400))" } ?? last.map {
                        ", validation \(percent($0.accuracy)), \(fixed(trial.seconds, 1)) s"
                    } ?? ""
                print("trial \(trial.number): \(trial.state.rawValue), \(what), \(grouped(p.macs)) MACs\(result)")
            }
        }
    }

    /// What a worker wrote, of which no spreadsheet makes a formula.
    static func plain(_ text: String) -> String {
        guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) else { return text }
        return "'" + text
    }

    /// A field as RFC 4180 has it.
    private static func quoted(_ text: String) -> String {
        text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
            ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }
}
