import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import Runs
import Strategies
import StudySQLite
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
            StudyExportCommand.self, StudyDoctorCommand.self,
        ])
}

/// The study an argument names: a run's folder, or a study's file.
func openStudy(_ path: String) throws -> SQLiteStudy {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw UsageError("there is no run \(path)")
    }
    return try SQLiteStudy(path: isFolder.boolValue ? RunFolder(path).study : path, mustExist: true)
}

/// A limit as a user writes it: up to 1 a share of the dense network; milliseconds for a latency.
func limit(_ measure: CostMeasure, _ value: Double, _ history: StudyHistory) throws -> Int {
    guard value > 0, value.isFinite else { throw UsageError("a target of \(value); it must be over 0") }
    if measure == .latency { return Int(value * 1e3) }
    let dense = measure.of(try Network(history.configuration.architecture))
    return value <= 1 ? Int(value * Double(dense)) : Int(value)
}
