// Adds parts of its own to the search: registers them, finds them by name, and searches with them.
//
//   own-parts FOLDER
import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import ImageData
import Torch
import Training

try DataSources.register(Stripes.self)
try ConnectivityPatterns.register(AlternatingPattern.self)

// Known by name from here on, to everything in this process.
let data = try DataSources.load("stripes")
let architecture = try Architecture(
    blocks: [3, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8), imageSize: 16,
    classes: 2)
let alternating = Connectivity(try ConnectivityPatterns.parse("alternating"), for: architecture)
let evaluator = CheapnessEvaluator(architecture: architecture)
let worth = try evaluator.evaluate(alternating, seed: 0, length: 1).accuracy
print("\(data.name): \(data.train.count) images; alternating keeps \(alternating.key) and saves \(worth)")

// The data set's name is in the search's folder, so that it is resumed by a process that registered it.
var settings = EvaluatorSettings(.scratch)
settings.batchSize = 32
try Runtime.setThreads(1)
let configuration = SearchConfiguration(
    strategy: "random", architecture: architecture, data: DataIdentity(data, folder: nil), seed: 0, children: 2,
    evaluator: settings, machine: .current(device: .cpu, kernels: .automatic))
let folder = RunFolder(CommandLine.arguments.dropFirst().first ?? "own-parts-search")
_ = try SearchRun(configuration, data, folder: folder).run(resume: true)
let again = try SearchRun(continuing: folder, children: 3).run(resume: true)
print("found among \(again.children) children: \(again.connectivity.key)")
