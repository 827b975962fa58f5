import DenseNetArchitecture
import Foundation
import Runs

/// What a model's metadata say of its images and classes; no standard says how.
struct ModelMetadata {
    /// The text of each key.
    let entries: [String: String]
    /// What a model is given that leaves the normalisation to the caller.
    static let normalizedInput = "float32, normalised: (value / 255 - mean) / std"

    /// `names` and `imgsz` are read by Ultralytics' loader; `preprocessing` has timm's fields and the classes in order,
    /// `network` what `architecture.json` of the run has.
    /// - Parameter input: what the model is given, as a clause.
    init(_ trained: TrainedNetwork, input: String) throws {
        struct Preprocessing: Encodable {
            let input: String
            let fields: PreprocessingFields
            let labelNames: [String]

            private enum CodingKeys: CodingKey { case input, labelNames }

            func encode(to encoder: any Encoder) throws {
                try fields.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(input, forKey: .input)
                try container.encode(labelNames, forKey: .labelNames)
            }
        }
        func json<Value: Encodable>(_ value: Value) throws -> String {
            String(decoding: try RunFolder.encoder(pretty: false).encode(value), as: UTF8.self)
        }
        let size = trained.network.architecture.imageSize
        entries = [
            // A Python dictionary; a text of JSON is one of Python's, too, as long as nothing beyond ASCII is escaped.
            "names": "{"
                + (try trained.classNames.enumerated().map { "\($0): \(try json($1))" }.joined(separator: ", "))
                + "}",
            "imgsz": "[\(size), \(size)]",
            "preprocessing": try json(
                Preprocessing(
                    input: input, fields: PreprocessingFields(trained), labelNames: trained.classNames)),
            "network": try json(trained.network),
        ]
    }
}
