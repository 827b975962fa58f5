/// A Core ML model as a value: as much of the format as our networks need
/// (https://apple.github.io/coremltools/mlmodel/index.html).
package struct CoreMLModel: Equatable {
    /// The version of the format; 6 is that of iOS 15 and macOS 12.
    package var specificationVersion = 0
    /// What it is given, as an app sees it.
    package var inputs: [Feature] = []
    /// What it gives, as an app sees it.
    package var outputs: [Feature] = []
    /// The output that holds the most likely class.
    package var predictedFeature = ""
    /// The output that holds each class's probability.
    package var predictedProbabilities = ""
    /// What Xcode shows of it.
    package var summary = ""
    /// What made it.
    package var author = ""
    /// Free text by key.
    package var metadata: [String: String] = [:]
    /// What it computes.
    package var program = MILProgram()

    /// An input or output.
    package struct Feature: Equatable {
        package var name: String
        package var summary: String
        package var kind: Kind
    }

    /// What an input or output is.
    package enum Kind: Equatable {
        case image(width: Int, height: Int, Colours)
        /// An array of 32-bit floats.
        case floats([Int])
        case text
        /// From texts to numbers.
        case dictionary
    }

    /// The colours of an image, by their number in the format.
    package enum Colours: Int {
        case grey = 10
        case rgb = 20
    }
}
