import Foundation
import Protobuf

/// The numbers of the fields are those of Model.proto and FeatureTypes.proto
/// (https://github.com/apple/coremltools/tree/main/mlmodel/format).
extension CoreMLModel {
    /// The number of `FLOAT32` among the types of arrays.
    static let floatArray = 65_568

    /// The bytes of `model.mlmodel`.
    package func encoded() -> Data {
        var description = ProtobufMessage()
        for input in inputs { description.add(1, input.message) }
        for output in outputs { description.add(10, output.message) }
        description.add(11, predictedFeature)
        description.add(12, predictedProbabilities)
        var about = ProtobufMessage()
        about.add(1, summary)
        about.add(3, author)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            var entry = ProtobufMessage()
            entry.add(1, key)
            entry.add(2, value)
            about.add(100, entry)
        }
        description.add(100, about)
        var model = ProtobufMessage()
        model.add(1, specificationVersion)
        model.add(2, description)
        model.add(502, program.message)
        return model.bytes
    }
}

extension CoreMLModel.Feature {
    fileprivate var message: ProtobufMessage {
        var (own, type) = (ProtobufMessage(), ProtobufMessage())
        switch kind {
        case .image(let width, let height, let colours):
            own.add(1, width)
            own.add(2, height)
            own.add(3, colours.rawValue)
            type.add(4, own)
        case .floats(let shape):
            own.add(1, packed: shape)
            own.add(2, CoreMLModel.floatArray)
            type.add(5, own)
        case .text: type.add(3, own)
        case .dictionary:
            own.add(2, ProtobufMessage())
            type.add(6, own)
        }
        var feature = ProtobufMessage()
        feature.add(1, name)
        feature.add(2, summary)
        feature.add(3, type)
        return feature
    }
}
