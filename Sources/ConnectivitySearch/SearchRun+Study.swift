import Files
import Foundation
import ImageData
import Runs
import Strategies
import Studies
import StudyPostgres
import Training

// Where a search's study lies, and its folder beside it.
extension SearchRun {
    /// The study, and for a new search its folder.
    func study(resume: Bool) throws -> any StudyStorage {
        if resume && folder.exists { return try folder.openStudy(mustExist: false) }
        let manager = FileManager.default
        guard let studyAddress else {
            guard !manager.fileExists(atPath: folder.studyAddress) else {
                throw SearchError(
                    "\(folder.studyAddress) says that this search has its study in a database; give that with --study, or remove the file"
                )
            }
            try folder.create()
            return try folder.openStudy(mustExist: false)
        }
        guard !manager.fileExists(atPath: folder.study) else {
            throw SearchError("\(folder.path) has a study of its own; choose another folder with --out")
        }
        let storage = try StudyPlace.open(studyAddress, mustExist: false)
        guard try storage.plan() == nil else {
            throw SearchError(
                "\(studyAddress) holds a search already; continue it with --resume, or give this one another name (?study=...)"
            )
        }
        try folder.create()
        try AtomicFile.write(Data("\(studyAddress)\n".utf8), to: folder.studyAddress)
        return storage
    }

    /// Makes the folder of a search that was begun elsewhere, by its study: the weights that its children start from
    /// are fetched, and where the data lie is this machine's to say.
    /// - Parameter cache: the folder that fetched weights are kept in.
    /// - Returns: whether a search was begun there at all.
    /// - Throws: `FileError`, `SearchError`.
    public static func adopt(
        _ address: PostgresAddress, in folder: RunFolder, dataFolder: String?, cache: String = StudyWorker.usualCache
    ) throws -> Bool {
        let storage: PostgresStudy
        do { storage = try StudyPlace.open(address, mustExist: true) } catch StudyError.missing { return false }
        guard var configuration = try storage.configuration() else { return false }
        try StudyWorker.check(configuration)
        (configuration.isFinished, configuration.found, configuration.data.folder) = (
            nil, nil, dataFolder.map(DataIdentity.absolute)
        )
        try SharedFiles.place(&configuration, storage, cache: cache)
        try folder.create()
        try AtomicFile.write(Data("\(address)\n".utf8), to: folder.studyAddress)
        try folder.write(configuration, to: folder.configuration)
        return true
    }
}
