import Foundation
import Randomness

/// A generated set, built in: a class is four scenes of coloured shapes; an image is one of them, moved, mirrored, and
/// half hidden by the shapes of another scene that means nothing.
///
/// It stands in for photographs where none are at hand; the same images on every machine. What tells the classes apart
/// is spread over many shapes, colours and places, of which each image shows some clearly and some not: a layer that
/// reads few feature maps sees less of it.
public enum Shapes: DataSource {
    public static let name = "shapes"
    public static let help = "generated shapes, built in: 10 classes, 6,000 + 2,000 images of 32×32"
    public static var knownClasses: [String]? { classNames }
    static let classNames = (0..<10).map { "scenes \($0)" }
    private static let scenesPerClass = 4
    /// Scenes the hiding ones are taken from.
    private static let hidingScenes = 400
    /// How far scenes are moved, in pixels each way.
    private static let reach = 6
    private static let canvas = 32 + 2 * reach

    public static func load(from folder: String?) throws -> DataSet {
        let scenes = (0..<10 * scenesPerClass + hidingScenes).map { drawScene(stream: UInt64($0)) }
        return DataSet(
            name: name, train: generate(6_000, scenes, seed: 1), test: generate(2_000, scenes, seed: 2),
            classNames: classNames)
    }

    private static func generate(_ count: Int, _ scenes: [[Double]], seed: UInt64) -> ImageSet {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(count * 3072)
        var labels: [Int32] = []
        for i in 0..<count {
            var random = SeededGenerator(seed: seed, stream: UInt64(i))
            let label = random.index(below: 10)
            labels.append(Int32(label))
            let scene = scenes[label * scenesPerClass + random.index(below: scenesPerClass)]
            let hiding = scenes[10 * scenesPerClass + random.index(below: hidingScenes)]
            compose(scene, hiding, &random, &pixels)
        }
        return ImageSet(pixels: pixels, labels: labels, channels: 3, size: 32)
    }

    /// Where a scene is cut to an image, and whether it is mirrored.
    private struct Placement {
        let x: Int
        let y: Int
        let mirrored: Bool

        func index(_ c: Int, _ px: Int, _ py: Int) -> Int {
            (c * canvas + py + y) * canvas + (mirrored ? canvas - 1 - px - x : px + x)
        }
    }

    /// Appends one image `[3, 32, 32]`.
    private static func compose(
        _ scene: [Double], _ hiding: [Double], _ random: inout SeededGenerator, _ pixels: inout [UInt8]
    ) {
        func place() -> Placement {
            Placement(
                x: random.index(below: 2 * reach + 1), y: random.index(below: 2 * reach + 1),
                mirrored: random.uniform() < 0.5)
        }
        let (own, other) = (place(), place())
        let (brightness, contrast) = (random.uniform(108, 148), random.uniform(20, 40))
        for c in 0..<3 {
            for y in 0..<32 {
                for x in 0..<32 {
                    // Three uniforms stand in for a normal deviate of deviation 20.
                    let noise = 40 * (random.uniform() + random.uniform() + random.uniform() - 1.5)
                    let value =
                        brightness + contrast * (scene[own.index(c, x, y)] + 0.7 * hiding[other.index(c, x, y)]) + noise
                    pixels.append(UInt8(min(255, max(0, value.rounded()))))
                }
            }
        }
    }

    /// A scene `[3, canvas, canvas]`: coloured shapes on top of one another, of mean 0 and deviation 1.
    private static func drawScene(stream: UInt64) -> [Double] {
        var random = SeededGenerator(seed: 3, stream: stream)
        var out = [Double](repeating: 0, count: 3 * canvas * canvas)
        for _ in 0..<10 {
            let kind = random.index(below: 10)
            let color = (0..<3).map { _ in random.uniform(-1, 1) }
            let radius = random.uniform(5, 11)
            let (x0, y0, angle) = (
                random.uniform(0, Double(canvas)), random.uniform(0, Double(canvas)), random.uniform(-.pi, .pi)
            )
            let (cosine, sine) = (cos(angle), sin(angle))
            for y in 0..<canvas {
                for x in 0..<canvas {
                    var cover = 0.0
                    // Four samples a pixel soften the edges.
                    for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                        let (px, py) = ((Double(x) + dx - x0) / radius, (Double(y) + dy - y0) / radius)
                        if contains(kind, cosine * px + sine * py, cosine * py - sine * px) { cover += 0.25 }
                    }
                    for c in 0..<3 { out[(c * canvas + y) * canvas + x] += cover * color[c] }
                }
            }
        }
        let mean = out.reduce(0, +) / Double(out.count)
        let deviation = (out.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(out.count)).squareRoot()
        return out.map { ($0 - mean) / max(deviation, 1e-6) }
    }

    /// Whether a point lies in a shape, in the shape's own turned frame of radius 1.
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
