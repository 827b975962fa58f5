import DenseNetModel
import DenseNetArchitecture
import Torch
import Foundation
let threads = Int(CommandLine.arguments.dropFirst().first ?? "1")!
try Runtime.setThreads(threads)
let arch = try Architecture(named: "densenet-22-12")
for pattern in ["dense"] {
  let network = try Network(arch, Connectivity(ConnectivityPatterns.parse(pattern), for: arch, seed: 3))
  print(pattern, network.cost)
  var results: [[[Float]]] = []
  for choice in CommandLine.arguments.count > 2 ? [KernelChoice.swift, .swift] : [KernelChoice.torch, .swift] {
    let net = try DenseNet(network, generator: Generator(seed: 1))
    net.kernels = choice
    let n = 128
    let x = try Tensor.zeros([n, 3, 32, 32]).fillNormal(Generator(seed: 2))
    let y = try Tensor((0..<n).map { Int64($0 % 10) }, [n])
    var out: [[Float]] = []
    for step in 0..<(4) {
      let t = Date()
      for p in net.parameters { p.clearGrad() }
      let logits = try net(x, training: true)
      let loss = try logits.crossEntropy(y)
      let t2 = Date()
      try loss.backward()
      let s = Date().timeIntervalSince(t)
      print(choice, "step", s, "forward", t2.timeIntervalSince(t), Double(n) / s, "img/s", try loss.item())
      if step == 0 { out = [try logits.floats()] + (try net.parameters.map { try $0.grad!.floats() }) + (try net.tensors.map { try $0.tensor.floats() }) }
    }
    try withoutGrad { out.append(try net(x, training: false).floats()) }
    results.append(out)
  }
  var worst: Float = 0
  for (a, b) in zip(results[0], results[1]) {
    let m = b.map(abs).max()!, d = zip(a, b).map { abs($0 - $1) }.max()!
    worst = max(worst, d / max(m, 1e-9))
  }
  print("worst relative", worst, "logits", zip(results[0][0], results[1][0]).map { abs($0 - $1) }.max()!)
}
