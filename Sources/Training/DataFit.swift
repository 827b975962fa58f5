import DenseNetArchitecture
import Files
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

extension DataIdentity {
    /// Refuses a folder whose classes are others than those of the folder that was trained on: labels would mean
    /// something else.
    /// - Throws: `TrainingError` that names the first.
    package func check(classesOf data: DataSet) throws {
        guard name == ImageFolder.name, data.name == name, let classNames else { return }
        for (label, (mine, other)) in zip(classNames, data.classNames).enumerated() where mine != other {
            throw TrainingError(
                "the network's class \(label) is '\(mine.inSentence)', the folder's is '\(other.inSentence)'; classes must be the same ones"
            )
        }
    }
}
