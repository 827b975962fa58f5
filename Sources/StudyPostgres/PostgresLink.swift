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
    private struct State {
        var connection: PostgresConnection?
        /// Whether all patience was in vain: then each call tries once, until one succeeds.
        var isHopeless = false
    }
    // libpq lets one thread at a time use a connection.
    private let state = Mutex(State())
    private let connections = Atomic<Int>(0)

    /// How many connections there were: another number means that the server was away in between.
    var generation: Int { connections.load(ordering: .relaxed) }

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
            try state.withLock { state in
                let (began, patience) = (ContinuousClock.now, state.isHopeless ? 0 : patience)
                var (outages, conflicts) = (0, 0)
                while true {
                    do {
                        let connection = try state.connection ?? connect()
                        state.connection = connection
                        let result = try body(connection)
                        if outages > 0 { observer("\(address) answers again") }
                        state.isHopeless = false
                        return result
                    } catch let failure as PostgresFailure {
                        if failure.lostConnection || failure.isElsewhere { state.connection = nil }
                        guard failure.mayPass else { throw failure }
                        if failure.isConflict, conflicts < 1000 {
                            conflicts += 1
                            Thread.sleep(forTimeInterval: .random(in: 0.01...0.05))
                            continue
                        }
                        outages += 1
                        // Who shall end tries once more: what it has to say may be the last of hours of work.
                        let isOver = began.duration(to: .now) >= .seconds(patience) && outages > 1
                        if isFirst || isOver || outages > 1 && givesUp() {
                            state.isHopeless = !isFirst
                            throw failure
                        }
                        if outages == 2 {
                            observer(
                                "\(address) does not answer (\(failure.message)); trying again for \(Int(patience)) s")
                        }
                        Self.wait(outages)
                    }
                }
            }
        }
    }

    /// Whether somebody wants the program to end.
    var isGivenUp: Bool { givesUp() }

    /// What came of waiting for notifications of a channel on the connection there is. Of one that broke nothing is
    /// said: the next call finds out.
    func hears(_ channel: String, for seconds: Double) -> PostgresConnection.Heard {
        state.withLock { state in
            guard let connection = state.connection else { return .deaf }
            do {
                return try connection.hears(channel, for: seconds)
            } catch {
                state.connection = nil
                return .began
            }
        }
    }

    /// Runs a statement that nobody needs, once; whatever comes of it is no error.
    func hint(_ sql: String, _ values: PostgresValue...) {
        state.withLock { state in
            do {
                try state.connection?.run(sql, values)
            } catch let failure as PostgresFailure where failure.lostConnection {
                state.connection = nil
            } catch {}
        }
    }

    private func connect() throws -> PostgresConnection {
        let connection = try PostgresConnection(address)
        connections.add(1, ordering: .relaxed)
        return connection
    }

    /// At once, then from 50 ms up to 5 s, by chance, so that many do not come together.
    private static func wait(_ outages: Int) {
        guard outages > 1 else { return }
        Thread.sleep(forTimeInterval: min(5, 0.025 * pow(2, Double(outages))) * .random(in: 0.5...1))
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
