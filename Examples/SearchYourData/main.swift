// Searches connectivity for data of your own through the Swift API: your images in, a network as a value out.
//
//   swift run -c release search-your-data FOLDER
import ConnectivitySearch
import DenseNetArchitecture
import Foundation
import ImageData
import Runs
import Torch
import Training

// 1. Your images: bytes [N, C, H, W], a label each. Here: stripes, upright or lying.
func stripes(_ count: Int) -> ImageSet {
    var pixels: [UInt8] = []
    var labels: [Int32] = []
    for i in 0..<count {
        let isUpright = i % 2 == 0
        labels.append(isUpright ? 1 : 0)
        for channel in 0..<3 {
            for y in 0..<16 {
                for x in 0..<16 {
                    pixels.append(UInt8(((isUpright ? x : y) + i / 2) % 4 < 2 ? 60 + 40 * channel : 200))
                }
            }
        }
    }
    return ImageSet(pixels: pixels, labels: labels, channels: 3, size: 16)
}
let data = DataSet(name: "stripes", train: stripes(400), test: stripes(100), classNames: ["lying", "upright"])

// 2. The dense network to prune: two blocks of four layers, sized for the data.
let architecture = try Architecture(
    blocks: [4, 4], growthRate: 12, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8), imageSize: 16,
    classes: 2)

// 3. The search: twelve children trained from scratch, at most 75% of the dense network's MACs.
try Runtime.setThreads(2)
var plan = SearchPlan(architecture, data, machine: .current(device: .cpu, kernels: .automatic))
plan.children = 12
plan.childThreads = 2
plan.evaluator.batchSize = 32
plan.evaluator.epochs = 2
plan.target = (.macs, 0.75)

// 4. Run it in a folder; with resume it goes on after a crash.
let folder = RunFolder(CommandLine.arguments.dropFirst().first ?? "stripes-search")
var search = SearchRun(try plan.configuration(), data, folder: folder)
search.observer = { event in
    if case .child(let child, let status) = event {
        print("child \(status.finished): accuracy \(child.accuracy), best \(status.best?.accuracy ?? 0)")
    }
}
let result = try search.run(resume: true)

// 5. The result is a value: draw it, store it, build and train it.
print(try Network(architecture, result.connectivity).drawing)
print("found: \(result.connections) connections, \(result.macs) MACs, validated \(result.accuracy)")
