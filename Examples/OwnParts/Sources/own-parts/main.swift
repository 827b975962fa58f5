// Adds parts of its own to the search: registers them, finds them by name, and searches with them.
//
//   own-parts FOLDER
import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import ImageData
import Runs
import Strategies
import Torch

try DataSources.register(Stripes.self)
try ConnectivityPatterns.register(AlternatingPattern.self)
try Strategies.register(OneLessStrategy.self)
try Evaluators.register(CheapnessEvaluator.self)

// Known by name from here on, to everything in this process.
let data = try DataSources.load("stripes")
let architecture = try Architecture(
    blocks: [3, 3], growthRate: 4, bottleneck: false, compression: 1, stem: .init(.cifar, channels: 8), imageSize: 16,
    classes: 2)
let alternating = Connectivity(try ConnectivityPatterns.parse("alternating"), for: architecture)
print("\(data.name): \(data.train.count) images; alternating keeps \(alternating.key)")

// The parts' names are in the search's folder, so that it is resumed by a process that registered them.
try Runtime.setThreads(1)
var plan = SearchPlan(architecture, data, machine: .current(device: .cpu, kernels: .automatic))
plan.strategy = OneLessStrategy.name
plan.evaluator = EvaluatorSettings(.init(rawValue: CheapnessEvaluator.name))
plan.evaluator.batchSize = 32
plan.children = 2
let folder = RunFolder(CommandLine.arguments.dropFirst().first ?? "own-parts-search")
_ = try SearchRun(plan.configuration(), data, folder: folder).run(resume: true)
let again = try SearchRun(continuing: folder, children: 3).run(resume: true)
print("found among \(again.children) children: \(again.connectivity.key), which saves \(again.accuracy)")
