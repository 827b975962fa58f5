// The register tile of so few units that they would not fill a vector.

import CProcessor

/// The most units for which a vector of outputs pays: 4 tiles of an 8×8 map of one image would leave 12 lanes of 16 unused.
let fewUnits = 4

/// The same sums in the same order as `multiplyTile`, but lanes are outputs.
@inline(never) func multiplyFew(
    _ input: UnsafePointer<Float>, terms: Int, stride: Int, _ weights: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, units: Int, adding: Bool
) {
    var a0 = Vector.zero, a1 = Vector.zero, a2 = Vector.zero, a3 = Vector.zero
    var x = input
    var w = weights
    var k = 0
    while k < terms {
        // Behind the last term's weights lie others, or room for a vector.
        let t = load(w)
        ads_prefetch(w + 12 * 32)
        accumulate(&a0, t, Vector(repeating: x[0]))
        accumulate(&a1, t, Vector(repeating: x[1]))
        accumulate(&a2, t, Vector(repeating: x[2]))
        accumulate(&a3, t, Vector(repeating: x[3]))
        x += stride
        w += 12
        k &+= 1
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 64) { memory in
        guard let m = memory.baseAddress else { return }
        store(a0, m)
        store(a1, m + 16)
        store(a2, m + 32)
        store(a3, m + 48)
        for row in 0..<12 {
            for unit in 0..<units {
                let out = output + (row &* stride &+ unit)
                out.pointee = adding ? out.pointee + m[16 &* unit &+ row] : m[16 &* unit &+ row]
            }
        }
    }
}
