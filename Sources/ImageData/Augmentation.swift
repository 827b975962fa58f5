import Foundation
import Randomness

/// What becomes of an image each time it is trained on.
public enum Augmentation: String, Sendable, Hashable, CaseIterable {
    /// It stays as it is.
    case off = "none"
    /// It is moved by up to 4 pixels each way, over zeros, and every other one is mirrored: the DenseNet paper's.
    case crop
    /// A part of it, from 8% of its area to all and of a ratio of sides from 3:4 to 4:3, is resized to its size, and
    /// every other one is mirrored: torchvision's `RandomResizedCrop` and `RandomHorizontalFlip` with their defaults.
    case resizedCrop = "resized-crop"
}

extension Augmentation: Codable {
    /// Reads a word, or the truth value that earlier builds wrote.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let isOn = try? container.decode(Bool.self) {
            self = isOn ? .crop : .off
            return
        }
        let word = try container.decode(String.self)
        guard let known = Self(rawValue: word) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no augmentation is named '\(word)'")
        }
        self = known
    }

    /// Writes a truth value where that says it, as earlier builds did.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .off: try container.encode(false)
        case .crop: try container.encode(true)
        case .resizedCrop: try container.encode(rawValue)
        }
    }
}

extension DataSet {
    /// What its images are usually trained with: a part of each where they came in any size, else a small move.
    public var usualAugmentation: Augmentation { preparation == nil ? .crop : .resizedCrop }
}

/// The part of an image that becomes an image of a batch.
struct Window: Equatable {
    /// Where it begins; outside of the image there are zeros.
    var (left, top) = (0, 0)
    var width: Int
    var height: Int
    var isMirrored = false

    /// A whole image.
    init(whole size: Int) { (width, height) = (size, size) }

    /// Draws a window of an image `[size, size]`.
    init(of size: Int, by augmentation: Augmentation, _ random: inout SeededGenerator) {
        self.init(whole: size)
        switch augmentation {
        case .off: return
        case .crop:
            left = random.index(below: 9) - 4
            top = random.index(below: 9) - 4
        case .resizedCrop: drawPart(of: size, &random)
        }
        isMirrored = random.next() & 1 == 1
    }

    /// As `RandomResizedCrop.get_params`: ten tries, then the whole, whose ratio is one of those that are possible.
    private mutating func drawPart(of size: Int, _ random: inout SeededGenerator) {
        for _ in 0..<10 {
            let area = Double(size * size) * random.uniform(0.08, 1)
            // Such that a ratio is as likely as its inverse.
            let ratio = exp(random.uniform(log(3.0 / 4), log(4.0 / 3)))
            let width = Int((area * ratio).squareRoot().rounded(.toNearestOrEven))
            let height = Int((area / ratio).squareRoot().rounded(.toNearestOrEven))
            guard 1...size ~= width, 1...size ~= height else { continue }
            (self.width, self.height) = (width, height)
            top = random.index(below: size - height + 1)
            left = random.index(below: size - width + 1)
            return
        }
    }
}
