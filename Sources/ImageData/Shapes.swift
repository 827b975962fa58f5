import Foundation
import Randomness

/// A generated set, built in: 10 kinds of shapes, 32×32, in colour, turned, scaled, faint and noisy.
///
/// It stands in for photographs where none are at hand; the same images on every machine.
public enum Shapes: DataSource {
    public static let name = "shapes"
    public static let help = "generated shapes, built in: 10 classes, 6,000 + 2,000 images of 32×32"
    static let classNames = ["disc", "ring", "square", "frame", "triangle", "plus", "star", "half disc", "bars", "crescent"]

    public static func load(from folder: String?) throws -> DataSet {
        DataSet(
            name: name, train: generate(6_000, seed: 1), test: generate(2_000, seed: 2), classNames: classNames)
    }

    static func generate(_ count: Int, seed: UInt64) -> ImageSet {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(count * 3072)
        var labels: [UInt8] = []
        for i in 0..<count {
            var random = SeededGenerator(seed: seed, stream: UInt64(i))
            let label = random.index(below: 10)
            labels.append(UInt8(label))
            pixels.append(contentsOf: draw(label, &random))
        }
        return ImageSet(pixels: pixels, labels: labels, channels: 3, size: 32)
    }

    /// One image `[3, 32, 32]`.
    private static func draw(_ label: Int, _ random: inout SeededGenerator) -> [UInt8] {
        func color(_ random: inout SeededGenerator) -> [Double] { (0..<3).map { _ in random.uniform(30, 150) } }
        let (corner, slopeX, slopeY) = (color(&random), color(&random), color(&random))
        let contrast = random.uniform(70, 110)
        // Shapes are brighter than what is behind them, in each colour by another amount.
        let tint = (0..<3).map { _ in contrast * random.uniform(0.3, 1) }
        let radius = random.uniform(7, 12)
        let (x0, y0) = (random.uniform(radius, 31 - radius), random.uniform(radius, 31 - radius))
        let angle = random.uniform(-0.5, 0.5)
        let (cosine, sine) = (cos(angle), sin(angle))
        // Clutter: thin lines of the same strength that cross the picture.
        let lines = (0..<1).map { _ in
            (random.uniform(0, .pi), random.uniform(-14, 14), random.uniform() < 0.5 ? -contrast : contrast)
        }
        let noise = random.uniform(4, 12)
        var out = [UInt8](repeating: 0, count: 3072)
        for y in 0..<32 {
            for x in 0..<32 {
                var cover = 0.0
                // Four samples a pixel soften the edges.
                for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                    let (px, py) = (Double(x) + dx - 0.5 - x0, Double(y) + dy - 0.5 - y0)
                    if contains(label, (cosine * px + sine * py) / radius, (cosine * py - sine * px) / radius) { cover += 0.25 }
                }
                let clutter = lines.reduce(0.0) { sum, line in
                    let d = abs((Double(x) - 15.5) * cos(line.0) + (Double(y) - 15.5) * sin(line.0) - line.1)
                    return sum + (d < 0.8 ? line.2 : 0)
                }
                for c in 0..<3 {
                    let base = corner[c] + (slopeX[c] - 90) * Double(x) / 62 + (slopeY[c] - 90) * Double(y) / 62
                    let jitter = noise * (random.uniform() + random.uniform() + random.uniform() - 1.5)
                    let value = base + cover * tint[c] + (1 - cover) * clutter + jitter
                    out[c * 1024 + y * 32 + x] = UInt8(min(255, max(0, value.rounded())))
                }
            }
        }
        return out
    }

    /// Whether a point lies in the shape of a class, in the shape's own turned frame of radius 1.
    private static func contains(_ label: Int, _ u: Double, _ v: Double) -> Bool {
        let r = (u * u + v * v).squareRoot()
        let box = max(abs(u), abs(v))
        switch label {
        case 0: return r < 0.9
        case 1: return r < 0.95 && r > 0.6
        case 2: return box < 0.8
        case 3: return box < 0.85 && box > 0.52
        case 4: return v > -0.5 && v < 1 - 1.732 * abs(u)
        case 5: return (abs(u) < 0.28 && abs(v) < 1) || (abs(v) < 0.28 && abs(u) < 1)
        case 6:
            let turn = atan2(v, u) / (2 * .pi) * 5
            let phase = abs(turn - turn.rounded()) * 2
            return r < 1.05 - 0.62 * phase
        case 7: return r < 1 && v > -0.1
        case 8: return abs(u) < 0.9 && abs(v) < 0.75 && abs(v) > 0.25
        default: return r < 0.95 && ((u - 0.5) * (u - 0.5) + v * v).squareRoot() > 0.75
        }
    }
}
