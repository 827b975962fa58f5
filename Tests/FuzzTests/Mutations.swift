import Foundation
import Randomness

/// Changes to a seed that a damaged or hostile file might have, the same ones on every run.
struct Mutations {
    private let seeds: [Data]
    private var random: SeededGenerator

    init(_ seeds: [Data], seed: UInt64) {
        self.seeds = seeds
        random = SeededGenerator(seed: seed)
    }

    private static let bytes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
    private static let words = [
        "9223372036854775807", "9223372036854775806", "-9223372036854775808", "-1", "0", "1e400", "1e308", "NaN", "0.5",
        "[", "]", "{}",
        "null", "true", "\"\"", "\\u0000", "18446744073709551615", "4294967296",
    ]

    mutating func next() -> Data {
        var data = Array(seeds[random.index(below: seeds.count)])
        for _ in 0...random.index(below: 4) { change(&data) }
        return Data(data)
    }

    private mutating func change(_ data: inout [UInt8]) {
        guard !data.isEmpty else { return data.append(UInt8(truncatingIfNeeded: random.next())) }
        let at = random.index(below: data.count)
        let length = 1 + random.index(below: min(16, data.count - at))
        switch random.index(below: 8) {
        case 0: data[at] ^= 1 << UInt8(random.index(below: 8))
        case 1: data[at] = Self.bytes[random.index(below: Self.bytes.count)]
        case 2: data.removeSubrange(at..<at + length)
        case 3: data.insert(contentsOf: data[at..<at + length], at: at)
        case 4: data.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
        case 5: data.removeSubrange(at...)
        case 6:
            let other = Array(seeds[random.index(below: seeds.count)])
            data.replaceSubrange(at..., with: other.dropFirst(random.index(below: other.count + 1)))
        default: replaceNumber(&data, near: at)
        }
    }

    /// The number at or after a place by one of the words.
    private mutating func replaceNumber(_ data: inout [UInt8], near at: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = data[at...].firstIndex(where: digits.contains) else { return }
        let end = data[start...].firstIndex { !digits.contains($0) } ?? data.endIndex
        data.replaceSubrange(start..<end, with: Array(Self.words[random.index(below: Self.words.count)].utf8))
    }
}
