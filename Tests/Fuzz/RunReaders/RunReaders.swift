import ConnectivitySearch
import DenseNetArchitecture
import Files
import Foundation
import FuzzedReaders
import ImageData
import Strategies
import Torch
import Training

extension FuzzedReader {
    /// The readers whose modules are linked with libtorch.
    public static let runs = [cifarBinary, cifarPickle, training, search]

    private static let cifarBinary = FuzzedReader("cifar-binary", throwing: DataError.self) { data in
        let layout = CIFAR100.layout
        // Records are larger than a corpus' seeds: an odd first byte stands for a whole record that begins with what
        // follows.
        let record = 2 + 3072
        let isRecord = data.first.map { $0 % 2 == 1 } ?? false
        let padded = isRecord ? data.dropFirst().prefix(record) + Data(count: max(0, record - data.count + 1)) : data
        if let set = try? layout.images(binary: padded, named: "x", count: 1), set.labels.contains(where: { $0 >= 100 })
        {
            throw BrokenPromise("the label \(set.labels)")
        }
        _ = try layout.images(binary: padded, named: "x", count: 1)
        _ = try layout.classNames(text: data, named: "x")
    }

    private static let cifarPickle = FuzzedReader("cifar-pickle", throwing: DataError.self) { data in
        _ = try? CIFAR10.layout.classNames(pickle: data, named: "x")
        _ = try CIFAR10.layout.images(pickle: data, named: "x", count: 0)
    }

    private static let training = FuzzedReader(
        "training", throwing: FileError.self, TrainingError.self, DeviceError.self
    ) { data in
        let configuration = try decode(TrainingConfiguration.self, data)
        _ = configuration.difference(from: configuration)
        try configuration.recipe.validate()
        try configuration.distillation?.validate()
        _ = try Device(named: configuration.machine.device)
        for step in [0, 1, 99] {
            let (rate, momentum) = configuration.recipe.rate(step: step, of: 100)
            if !rate.isFinite || !momentum.isFinite {
                throw BrokenPromise("a learning rate of \(rate), a momentum of \(momentum)")
            }
        }
    }

    private static let search = FuzzedReader(
        "search", throwing: FileError.self, SearchError.self, ArchitectureError.self
    ) { data in
        let configuration = try decode(SearchConfiguration.self, data)
        _ = configuration.difference(from: configuration)
        try configuration.validate()
        _ = (configuration.budget, configuration.progress(1), try configuration.space.cheapest().cost)
    }
}
