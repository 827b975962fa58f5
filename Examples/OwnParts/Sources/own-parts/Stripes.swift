import ImageData

/// A data set: stripes, upright or lying, 16×16.
enum Stripes: DataSource {
    static let name = "stripes"
    static let help = "stripes, upright or lying"

    static func load(from folder: String?) throws -> DataSet {
        DataSet(name: name, train: images(200), test: images(50), classNames: ["lying", "upright"])
    }

    private static func images(_ count: Int) -> ImageSet {
        var (pixels, labels): ([UInt8], [Int32]) = ([], [])
        for i in 0..<count {
            labels.append(Int32(i % 2))
            for _ in 0..<3 {
                for y in 0..<16 {
                    for x in 0..<16 { pixels.append(((i % 2 == 1 ? x : y) + i / 2) % 4 < 2 ? 60 : 200) }
                }
            }
        }
        return ImageSet(pixels: pixels, labels: labels, channels: 3, size: 16)
    }
}
