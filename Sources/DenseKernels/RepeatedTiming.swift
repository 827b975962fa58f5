import Foundation

/// Times works that are done again and again, in turn: every repeated timing of this package goes through here.
/// - Parameters:
///   - repetitions: of each work, in each round.
///   - warmUp: repetitions at the beginning of each round that are not counted.
///   - rounds: so many times the repetitions, a third of a second apart, as other programs disturb for about so long.
///   - works: how many works are done in turn.
///   - work: does the work of this index.
/// - Returns: the milliseconds of each work's repetitions.
package func repeatedlyTimed(
    repetitions: Int, warmUp: Int, rounds: Int = 1, works: Int = 1, _ work: (Int) throws -> Void
) rethrows -> [[Double]] {
    var times = [[Double]](repeating: [], count: works)
    for round in 0..<rounds {
        if round > 0 { Thread.sleep(forTimeInterval: 0.3) }
        for repetition in 0..<warmUp + repetitions {
            for index in 0..<works {
                let began = ContinuousClock.now
                try work(index)
                let taken = (ContinuousClock.now - began).components
                if repetition >= warmUp {
                    times[index].append(Double(taken.seconds) * 1e3 + Double(taken.attoseconds) * 1e-15)
                }
            }
        }
    }
    return times
}

extension Array where Element == Double {
    /// The value that one in `parts` is below; of none, not a number.
    package func quantile(oneIn parts: Int) -> Double { isEmpty ? .nan : sorted()[count / parts] }

    /// The value that half are below; of none, not a number.
    package var median: Double { quantile(oneIn: 2) }

    /// The value that a tenth are below, as what else a machine does only adds; of none, not a number.
    package var undisturbed: Double { quantile(oneIn: 10) }
}
