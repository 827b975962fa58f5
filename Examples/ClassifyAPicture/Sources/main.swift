import DenseNetRuntime
import Foundation

// classify-a-picture FOLDER PICTURE.ppm: the likeliest classes of a picture, by a network that ads export wrote.
// Pictures are binary PPM, which djpeg and pngtopnm write; an app has them decoded by its system.
do {
    guard CommandLine.arguments.count == 3 else { throw Failure("usage: classify-a-picture FOLDER PICTURE.ppm") }
    let classifier = try DenseNetClassifier(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
    let picture = try Picture(contentsOf: URL(fileURLWithPath: CommandLine.arguments[2]))
    let found = try classifier.classify(rgb: picture.rgb, width: picture.width, height: picture.height)
    for each in found.prefix(3) { print(String(format: "%5.1f%%  ", each.probability * 100) + each.label) }
} catch {
    FileHandle.standardError.write(Data("classify-a-picture: \(error)\n".utf8))
    exit(1)
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct Picture {
    let (width, height, rgb): (Int, Int, [UInt8])

    init(contentsOf file: URL) throws {
        let bytes = try Data(contentsOf: file)
        let words = bytes.prefix(64).split(maxSplits: 4) { $0 == 0x20 || $0 == 0x0A }
        let numbers = words.dropFirst().prefix(3).compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard words.first == Data("P6".utf8), numbers.count == 3, numbers[2] == 255, words.count == 5 else {
            throw Failure("\(file.path) is no binary PPM of bytes")
        }
        (width, height, rgb) = (numbers[0], numbers[1], [UInt8](bytes.dropFirst(words[4].startIndex)))
    }
}
