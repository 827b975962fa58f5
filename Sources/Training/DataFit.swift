import DenseNetArchitecture
import ImageData

extension Architecture {
    /// Refuses a data set whose images or classes are others than the architecture's: a configuration and its data come
    /// from different files.
    /// - Throws: `TrainingError`.
    package func check(fits data: DataSet) throws {
        let set = data.train
        guard inputChannels == set.channels, imageSize == set.size, classes == data.classNames.count else {
            throw TrainingError(
                "the network takes \(inputChannels)×\(imageSize)×\(imageSize) images of \(classes) classes; \(data.name) has \(set.channels)×\(set.size)×\(set.size) of \(data.classNames.count)"
            )
        }
    }
}
