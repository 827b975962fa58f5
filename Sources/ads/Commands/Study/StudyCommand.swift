import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import Strategies
import Studies
import StudyPostgres
import Training

struct StudyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Looks into the studies that searches leave: trials, the best, the file's health, an export.",
        discussion: """
            A study may be looked at while it is searched.

            EXAMPLE
              ads study best runs/ads --target-macs 0.5
            """,
        subcommands: [
            StudyListCommand.self, StudyShowCommand.self, StudyBestCommand.self, StudyTrialsCommand.self,
            StudyExportCommand.self, StudyDoctorCommand.self, StudyCreateCommand.self,
        ])
}

/// The study an argument names: a run's folder, a study's file, or an address of PostgreSQL.
func openStudy(_ path: String) throws -> any StudyStorage {
    guard PostgresAddress.isOne(path) || FileManager.default.fileExists(atPath: path) else {
        throw UsageError("there is no run \(path)")
    }
    return try StudyPlace.open(path)
}

/// A limit as a user writes it: up to 1 a share of the dense network; milliseconds for a latency.
func limit(_ measure: CostMeasure, _ value: Double, _ history: StudyHistory) throws -> Int {
    guard value > 0, value.isFinite else { throw UsageError("a target of \(value); it must be over 0") }
    if measure == .latency { return Int(value * 1e3) }
    let dense = measure.of(try Network(history.configuration.architecture))
    return value <= 1 ? Int(value * Double(dense)) : Int(value)
}
