import DenseNetArchitecture
import Files
import Foundation
import Runs
import Strategies
import Studies
import StudyPostgres

/// The network that a search ended with, and what that search was.
public struct FoundNetwork {
    /// The search.
    public let configuration: SearchConfiguration
    /// Its best child.
    public let network: Network

    /// What the search in a folder found.
    /// - Throws: `FileError` where its files are not a search's; `SearchError` where that is not finished.
    public init(in folder: RunFolder) throws {
        guard FileManager.default.fileExists(atPath: folder.architecture) else {
            throw SearchError(
                "the search in \(folder.path) is not finished; continue it with 'ads search --resume --out \(ShellText.word(folder.path))'"
            )
        }
        configuration = try folder.read(SearchConfiguration.self, from: folder.configuration)
        network = try folder.network()
    }

    /// What the search of a study in a database found.
    /// - Parameters:
    ///   - withDense: fetches the trained dense network that its children started from, where there is one.
    ///   - cache: the folder that fetched weights are kept in.
    /// - Throws: `FileError` where the study is not there; `SearchError` where its search is not finished.
    public init(of address: PostgresAddress, withDense: Bool, cache: String = StudyWorker.usualCache) throws {
        let storage = try StudyPlace.open(address, mustExist: true)
        let history = try StudyHistory(storage)
        guard let result = try SearchResult(history, of: storage.name) else {
            throw SearchError(
                "the search of \(address) is not finished; 'ads study best' writes the best child so far into a file for --connectivity"
            )
        }
        var found = history.configuration
        // Where things lie on another machine says nothing here.
        (found.dense, found.shared, found.data.folder) = (nil, nil, nil)
        if withDense { try SharedFiles.placeDense(&found, storage, cache: cache) }
        (configuration, network) = (found, try Network(found.architecture, result.connectivity))
    }

    /// Fetches the trained dense network that a study in a database carries into the cache.
    /// - Throws: `FileError`, `SearchError` where it carries none.
    public static func fetchDense(of address: PostgresAddress, cache: String = StudyWorker.usualCache) throws {
        let storage = try StudyPlace.open(address, mustExist: true)
        guard var configuration = try storage.configuration() else { return }
        try SharedFiles.placeDense(&configuration, storage, cache: cache)
    }
}
