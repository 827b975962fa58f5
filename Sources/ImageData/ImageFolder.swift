import Files
import Foundation

/// A folder of images in class folders, in the layouts that torchvision's `ImageFolder` and Keras read.
///
/// - `train`, with `val`, `validation` or `valid`, and `test`, each of class folders. What is not there is held out of
///   `train`.
/// - Or class folders alone, of which a tenth each is held out to test on and to validate.
///
/// Images are decoded once, resized so that their shorter side has the network's size, and cut to the square in the
/// middle. torchvision's reference validates so, with a margin: it resizes to 256 pixels to cut out 224. Without one no
/// more is lost than the longer side has over the shorter. The squares are what is trained on, validated and tested,
/// and what an exported network makes of an image (`DenseNetClassifier`); random parts for training are cut out of
/// them.
///
/// What was decoded is kept in `ImageCache`, from which the next process maps it.
public enum ImageFolder: SizedDataSource {
    public static let name = "folder"
    public static let help = "JPEG and PNG images in class folders; --data-dir says where"

    public static func load(from folder: String?, _ preparation: ImagePreparation) throws -> DataSet {
        try load(from: folder, preparation, cache: ImageCache.standard())
    }

    /// The same with another cache, or with none: all pixels are then in memory.
    public static func load(
        from folder: String?, _ preparation: ImagePreparation, cache: ImageCache?
    ) throws -> DataSet {
        guard let folder else { throw DataError("--data folder needs --data-dir: a folder of class folders") }
        let images = FolderImages(try FolderLayout(folder), FolderReader(root: folder, preparation: preparation))
        return try cache.map { try $0.load(images) } ?? images.inMemory()
    }
}

/// The images of a folder, to be read.
struct FolderImages {
    let layout: FolderLayout
    let reader: FolderReader

    init(_ layout: FolderLayout, _ reader: FolderReader) { (self.layout, self.reader) = (layout, reader) }

    /// What is trained and validated on.
    var train: [FolderLayout.File] { layout.train + layout.validation }
    /// Bytes of all pixels, where every image can be read.
    var bytes: Int {
        let (bytes, overflows) = (train.count + layout.test.count).multipliedReportingOverflow(by: reader.imageBytes)
        return overflows ? .max : bytes
    }

    /// Reads them into memory.
    /// - Throws: `DataError` where they are more than memory holds, or too many cannot be read.
    func inMemory(notes: [String] = []) throws -> DataSet {
        let memory = ProcessInfo.processInfo.physicalMemory
        guard UInt64(bytes) <= memory else {
            let size = reader.preparation.size
            throw DataError(
                "\(train.count + layout.test.count) images of \(size)×\(size) take more than this machine's \(memory >> 30) GB of memory; choose a smaller --image-size, or a cache that has room for them"
            )
        }
        func read(_ files: [FolderLayout.File]) throws -> (pixels: PixelStorage, outcome: FolderReader.Outcome) {
            var pixels: [UInt8] = []
            pixels.reserveCapacity(files.count * reader.imageBytes)
            let outcome = try reader.read(files) { pixels += $0 }
            return (PixelStorage(pixels), outcome)
        }
        let (train, test) = (try read(train), try read(layout.test))
        return try dataSet(train.pixels, train.outcome, test.pixels, test.outcome, notes: notes)
    }

    /// The data set of pixels that were read.
    /// - Throws: `DataError` where one in a hundred or more cannot be read.
    func dataSet(
        _ trainPixels: PixelStorage, _ train: FolderReader.Outcome, _ testPixels: PixelStorage,
        _ test: FolderReader.Outcome, notes: [String] = []
    ) throws -> DataSet {
        let size = reader.preparation.size
        func set(_ pixels: PixelStorage, _ files: [FolderLayout.File], _ outcome: FolderReader.Outcome) -> ImageSet {
            let failed = Set(outcome.failures)
            let labels = files.indices.filter { !failed.contains($0) }.map { Int32(files[$0].label) }
            return ImageSet(pixels: pixels, labels: labels, channels: 3, size: size)
        }
        let leftOut = try judge(train.failures.map { self.train[$0] } + test.failures.map { layout.test[$0] })
        let failed = train.failures.count { $0 >= layout.train.count }
        let (trained, tested) = (set(trainPixels, self.train, train), set(testPixels, layout.test, test))
        // One in a hundred of all may be every one of a small split.
        for (part, files, count) in [
            ("validate", layout.validation, layout.validation.count - failed), ("test", layout.test, tested.count),
        ] {
            guard count > 0 || files.isEmpty else {
                throw DataError("none of the images to \(part) on can be read; the first: \(reader.reason(files[0]))")
            }
        }
        return DataSet(
            name: ImageFolder.name, train: trained, test: tested,
            classNames: layout.classNames.map(\.inSentence),
            heldOut: layout.validation.isEmpty ? .drawnFromEachClass : .last(layout.validation.count - failed),
            preparation: reader.preparation,
            notes: layout.notes + leftOut + unbalancedNotes(trained) + turnedNotes(train.turned + test.turned)
                + alphaNotes(train.alphasDropped + test.alphasDropped) + notes)
    }

    /// Files that cannot be read and are named beside the first.
    private static let named = 20

    /// What is said of images that cannot be read.
    /// - Throws: `DataError` where they are not under one in a hundred.
    private func judge(_ failures: [FolderLayout.File]) throws -> [String] {
        guard let first = failures.first else { return [] }
        let count = train.count + layout.test.count
        let classes = Dictionary(grouping: failures, by: \.label).sorted { $0.key < $1.key }
        let counted = classes.prefix(5).map { "\(layout.classNames[$0.key].inSentence) \($0.value.count)" }
        let which = "\(counted.joined(separator: ", "))\(classes.count > 5 ? ", …" : "")"
        let others = failures.dropFirst().prefix(Self.named).map { $0.path.inSentence }.joined(separator: ", ")
        let more = failures.count > Self.named + 1 ? ", …" : ""
        let sentence =
            "\(failures.count) of \(count) images cannot be read (\(which)); the first: \(reader.reason(first))\(others.isEmpty ? "" : "; the others: \(others)\(more)")"
        guard failures.count * 100 < count else {
            throw DataError("\(sentence); under 1% may be left out: repair or remove them")
        }
        return ["left out: \(sentence)"]
    }

    /// What is said of classes of which one has over twice as many images to train on as another.
    private func unbalancedNotes(_ trained: ImageSet) -> [String] {
        let counts = trained.labels.reduce(into: [Int](repeating: 0, count: layout.classNames.count)) {
            $0[Int($1)] += 1
        }
        let order = counts.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
        guard let rare = order.first, let common = order.last, counts[common] > 2 * counts[rare] else { return [] }
        let (least, most) = (layout.classNames[rare].inSentence, layout.classNames[common].inSentence)
        return [
            "classes are unbalanced, from \(counts[rare]) images of '\(least)' to \(counts[common]) of '\(most)': balanced accuracy and macro F1 tell what accuracy hides"
        ]
    }

    /// What is said of orientations.
    private func turnedNotes(_ turned: Int) -> [String] {
        guard turned > 0 else { return [] }
        let images = turned == 1 ? "1 image" : "\(turned) images"
        return [
            reader.preparation.ignoresOrientation
                ? "\(images) lie otherwise than EXIF says they are seen, and stay so (--no-exif)"
                : "turned \(images) as EXIF says; --no-exif leaves them as they lie"
        ]
    }

    /// What is said of alpha.
    private func alphaNotes(_ dropped: Int) -> [String] {
        guard dropped > 0 else { return [] }
        return ["dropped the transparency of \(dropped == 1 ? "1 image" : "\(dropped) images")"]
    }
}
