import ImageData
import Testing

@Suite struct RegistryTests {
    /// Two images, and the folder that was asked for as the class's name.
    private enum Pair: DataSource {
        static let name = "pair"
        static let help = "two images"
        static func load(from folder: String?) throws -> DataSet {
            let set = ImageSet(pixels: [UInt8](repeating: 3, count: 2 * 3 * 4), labels: [0, 0], channels: 3, size: 2)
            return DataSet(name: name, train: set, test: set, classNames: [folder ?? "none"])
        }
    }

    /// The one test that changes what all tests see: nothing else may register or count data sets.
    @Test func aDataSetOfAnotherPackageIsNamed() throws {
        let unknown = DataError(
            "unknown data set 'pair'; known are cifar10, cifar100, mnist, fashion-mnist, shapes, folder, npz")
        #expect(throws: unknown) { try DataSources.load("pair") }
        try DataSources.register(Pair.self)
        #expect(try DataSources.load("pair", from: "here").classNames == ["here"])
        #expect(
            DataSources.all.map { $0.name } == [
                "cifar10", "cifar100", "mnist", "fashion-mnist", "shapes", "folder", "npz", "pair",
            ])
        let taken = DataError("a data set named 'pair' is there already; choose another name")
        #expect(throws: taken) { try DataSources.register(Pair.self) }
    }
}
