import Files
import Foundation
import Studies
import Synchronization

/// The one connection of a process to a study: made when it is needed, and made again when it broke.
final class PostgresLink: Sendable {
    private let address: PostgresAddress
    private let patience: Double
    private let observer: PostgresStudy.Observer
    private let givesUp: @Sendable () -> Bool
    // libpq lets one thread at a time use a connection.
    private let connection = Mutex<PostgresConnection?>(nil)

    /// - Parameters:
    ///   - patience: seconds that a broken connection is tried again for.
    ///   - givesUp: asked between two tries.
    init(
        _ address: PostgresAddress, patience: Double, observer: @escaping PostgresStudy.Observer,
        givesUp: @escaping @Sendable () -> Bool
    ) {
        (self.address, self.patience, self.observer, self.givesUp) = (address, patience, observer, givesUp)
    }

    /// What a body does with the connection; again from its start where the connection broke in it, which the body must
    /// bear.
    /// - Parameter isFirst: who has never reached the server is told at once.
    /// - Throws: what the body throws; errors of the server as `FileError`.
    func perform<Result>(isFirst: Bool = false, _ body: (PostgresConnection) throws -> Result) throws -> Result {
        try explained {
            try connection.withLock { known in
                let began = ContinuousClock.now
                var tries = 0
                while true {
                    do {
                        let connection = try known ?? PostgresConnection(address)
                        known = connection
                        let result = try body(connection)
                        if tries > 0 { observer("\(address) answers again") }
                        return result
                    } catch let failure as PostgresFailure where failure.mayPass {
                        if failure.lostConnection { known = nil }
                        // Two transactions in each other's way are no outage.
                        let isOutage = failure.state.map { !$0.hasPrefix("40") } ?? true
                        guard !(isFirst && isOutage), began.duration(to: .now) < .seconds(patience), !givesUp() else {
                            throw failure
                        }
                        if isOutage, tries == 0 {
                            observer(
                                "\(address) does not answer (\(failure.message)); trying again for \(Int(patience)) s")
                        }
                        if isOutage { tries += 1 }
                        // At once, then from 50 ms up to 5 s, by chance, so that many do not come together.
                        if tries != 1 {
                            Thread.sleep(forTimeInterval: min(5, 0.025 * pow(2, Double(tries))) * .random(in: 0.5...1))
                        }
                    }
                }
            }
        }
    }

    /// What a body throws, in words for people.
    func explained<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as PostgresFailure {
            throw failure.explained(address.description)
        } catch let damage as Damage {
            throw FileError(
                "\(address) is damaged (\(damage.what) is not what was written); restore the database from a copy, or take another name. Nothing was changed"
            )
        }
    }
}
