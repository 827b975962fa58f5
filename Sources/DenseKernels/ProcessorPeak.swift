import CProcessor
import Dispatch

extension LayerKernels {
    /// The multiply-adds a second that this processor's vector units do on `threads` threads, measured: as many
    /// independent sums as a register tile has and nothing else, for about `seconds`. What a share of peak is a share
    /// of.
    public static func measurePeak(threads: Int, seconds: Double = 0.4) -> Double {
        let rounds = 200_000
        let began = ContinuousClock.now
        nonisolated(unsafe) let sink = UnsafeMutablePointer<Float>.allocate(capacity: threads)
        defer { sink.deallocate() }
        var best = 0.0
        while ContinuousClock.now - began < .seconds(seconds) {
            let start = ContinuousClock.now
            DispatchQueue.concurrentPerform(iterations: threads) { thread in sink[thread] = ads_multiply_adds(rounds) }
            let elapsed = (ContinuousClock.now - start).components
            let done = Double(threads * rounds * Int(ADS_TILE_LANES) * 2 * Int(ADS_TILE_ROWS))
            best = max(best, done / (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18))
        }
        return best
    }
}
