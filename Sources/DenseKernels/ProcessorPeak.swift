import Dispatch

extension LayerKernels {
    /// The multiply-adds a second that this processor's vector units do on `threads` threads, measured: 24 independent
    /// accumulators and nothing else, for about `seconds`. What a share of peak is a share of.
    public static func measurePeak(threads: Int, seconds: Double = 0.4) -> Double {
        let rounds = 200_000
        let began = ContinuousClock.now
        nonisolated(unsafe) let sink = UnsafeMutablePointer<Float>.allocate(capacity: threads * 16)
        defer { sink.deallocate() }
        var best = 0.0
        while ContinuousClock.now - began < .seconds(seconds) {
            let start = ContinuousClock.now
            DispatchQueue.concurrentPerform(iterations: threads) { thread in spin(rounds, sink + thread * 16) }
            let elapsed = ContinuousClock.now - start
            let done = Double(threads * rounds * 24 * 16)
            best = max(
                best, done / (Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18))
        }
        return best
    }
}

@inline(never) private func spin(_ rounds: Int, _ sink: UnsafeMutablePointer<Float>) {
    let (x, y) = (Vector(repeating: 0.999), Vector(repeating: 0.001))
    var a0 = x, a1 = x, a2 = x, a3 = x, a4 = x, a5 = x, a6 = x, a7 = x, a8 = x, a9 = x, a10 = x, a11 = x
    var b0 = y, b1 = y, b2 = y, b3 = y, b4 = y, b5 = y, b6 = y, b7 = y, b8 = y, b9 = y, b10 = y, b11 = y
    for _ in 0..<rounds {
        accumulate(&a0, x, y)
        accumulate(&a1, x, y)
        accumulate(&a2, x, y)
        accumulate(&a3, x, y)
        accumulate(&a4, x, y)
        accumulate(&a5, x, y)
        accumulate(&a6, x, y)
        accumulate(&a7, x, y)
        accumulate(&a8, x, y)
        accumulate(&a9, x, y)
        accumulate(&a10, x, y)
        accumulate(&a11, x, y)
        accumulate(&b0, x, y)
        accumulate(&b1, x, y)
        accumulate(&b2, x, y)
        accumulate(&b3, x, y)
        accumulate(&b4, x, y)
        accumulate(&b5, x, y)
        accumulate(&b6, x, y)
        accumulate(&b7, x, y)
        accumulate(&b8, x, y)
        accumulate(&b9, x, y)
        accumulate(&b10, x, y)
        accumulate(&b11, x, y)
    }
    let a = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11
    store(a + (b0 + b1 + b2 + b3 + b4 + b5 + b6 + b7 + b8 + b9 + b10 + b11), sink)
}
