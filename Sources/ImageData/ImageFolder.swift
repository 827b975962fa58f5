import Foundation
import Randomness

/// A folder of images in class folders, in the layouts that torchvision's `ImageFolder` and Keras read.
///
/// - `train`, with `val`, `validation` or `valid`, and `test`, each of class folders. What is not there is held out of
///   `train`.
/// - Or class folders alone, of which a tenth each is held out to test on and to validate.
///
/// Images are decoded once, resized so that their shorter side has the network's size, and cut to the square in the
/// middle. torchvision's reference validates so, with a margin: it resizes to 256 pixels to cut out 224. Without one no
/// more is lost than the longer side has over the shorter.
public enum ImageFolder: SizedDataSource {
    public static let name = "folder"
    public static let help = "JPEG and PNG images in class folders; --data-dir says where"

    public static func load(from folder: String?, _ preparation: ImagePreparation) throws -> DataSet {
        guard let folder else { throw DataError("--data folder needs --data-dir: a folder of class folders") }
        let layout = try FolderLayout(folder)
        let reader = FolderReader(root: folder, preparation: preparation)
        let train = try reader.read(layout.train + layout.validation)
        let test = try reader.read(layout.test)
        let failures = train.failures + test.failures
        let files = layout.train + layout.validation + layout.test
        let leftOut = try FolderReader.judge(failures, of: files.count, layout.classNames)
        let failed = train.failures.count { $0.index >= layout.train.count }
        return DataSet(
            name: name, train: train.set, test: test.set, classNames: layout.classNames.map(\.inSentence),
            heldOut: layout.validation.isEmpty ? .drawnFromEachClass : .last(layout.validation.count - failed),
            preparation: preparation,
            notes: layout.notes + leftOut + FolderReader.notes(turned: train.turned + test.turned, preparation)
                + FolderReader.notes(alphasDropped: train.alphasDropped + test.alphasDropped))
    }
}
