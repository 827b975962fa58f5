import ArgumentParser
import ConnectivitySearch
import Files
import Foundation
import Reporting
import Runs
import Studies
import StudyPostgres
import Training

struct StudyListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The studies at or below folders, a line each.",
        discussion: """
            EXAMPLE
              ads study list runs
            """)

    @Argument(help: "Folders, or the address of a database: postgresql://...", completion: .directory)
    var folders = ["."]

    func run() throws {
        var (found, unread) = (0, 0)
        for folder in folders {
            if PostgresAddress.isOne(folder) {
                try list(StudyAddress.check(folder), &found, &unread)
            } else {
                list(folder, depth: 0, &found, &unread)
            }
        }
        if found == 0 {
            throw UsageError(
                "no study in \(folders.joined(separator: ", ")): \(folders.allSatisfy(PostgresAddress.isOne) ? "'ads search --study' begins one" : "a search's folder has a study.sqlite")"
            )
        }
        if unread > 0 {
            throw FileError(
                "\(unread) of \(found) studies cannot be read; see \(unread == 1 ? "its line" : "their lines")")
        }
    }

    private func list(_ path: String, depth: Int, _ found: inout Int, _ unread: inout Int) {
        if RunFolder(path).hasStudy { tell(path, { try RunFolder(path).openStudy() }, &found, &unread) }
        guard depth < 3, let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
        for name in names.sorted() where !name.hasPrefix(".") {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder), isFolder.boolValue {
                list(path + "/" + name, depth: depth + 1, &found, &unread)
            }
        }
    }

    /// Every study of a database.
    private func list(_ address: PostgresAddress, _ found: inout Int, _ unread: inout Int) throws {
        for name in try PostgresStudy.names(in: address) {
            let own = address.study(named: name)
            tell(own.description, { try StudyPlace.open(own.description) }, &found, &unread)
        }
    }

    /// A study's line. A damaged one is a line, too: the others can still be listed.
    private func tell(
        _ name: String, _ open: () throws -> any StudyStorage, _ found: inout Int, _ unread: inout Int
    ) {
        found += 1
        do {
            print("\(name): \(try line(open()))")
        } catch {
            unread += 1
            print("\(name): \(error)")
        }
    }

    private func line(_ storage: any StudyStorage) throws -> String {
        // 'ads study create' makes one; an empty file is a damaged one.
        if storage is any FileSharing, try storage.configuration() == nil { return "no search yet" }
        let history = try StudyHistory(storage)
        let c = history.configuration
        let paid = history.children.filter { $0.repeatOf == nil }
        let best =
            (try? history.best()).map { "best \(percent(history.worth($0).accuracy)) at \(grouped($0.macs)) MACs" }
            ?? "none evaluated"
        let owner =
            try storage.owner().map {
                $0.owner.isDead || $0.secondsLeft < 0 ? ", left unfinished" : ", searched by \($0.owner)"
            } ?? ""
        return "\(c.strategy) on \(c.data.name), \(c.progress(paid.count)), \(best)\(owner)"
    }
}
