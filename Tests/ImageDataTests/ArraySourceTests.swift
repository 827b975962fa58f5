import Files
import Foundation
import TestSupport
import Testing

@testable import ImageData

/// MNIST's and numpy's files as data sets.
@Suite struct ArraySourceTests {
    private let folder = TemporaryFolder()

    private func write(_ data: Data, _ path: String) throws {
        let url = URL(fileURLWithPath: folder(path))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    private func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
        var data = Data([0, 0, 8, UInt8(shape.count)])
        for length in shape {
            for shift in [24, 16, 8, 0] { data.append(UInt8(length >> shift & 255)) }
        }
        return data + Data(bytes)
    }

    /// Four files of three and two images of 2×2.
    private func fill(_ place: String, separator: String = "-") throws {
        try write(idx([3, 2, 2], (0..<12).map { UInt8($0) }), "\(place)/train-images\(separator)idx3-ubyte")
        try write(idx([3], [9, 0, 4]), "\(place)/train-labels\(separator)idx1-ubyte")
        try write(idx([2, 2, 2], (20..<28).map { UInt8($0) }), "\(place)/t10k-images\(separator)idx3-ubyte")
        try write(idx([2], [1, 2]), "\(place)/t10k-labels\(separator)idx1-ubyte")
    }

    private func message(_ name: String, _ path: String) -> String {
        do {
            return "read \(try DataSources.load(name, from: path).train.count)"
        } catch { return "\(error)" }
    }

    @Test(arguments: ["here", "here/mnist", "here/MNIST/raw", "here/MNIST"]) func whereFilesLie(place: String) throws {
        try fill(place, separator: place.hasSuffix("raw") ? "-" : ".")
        let data = try DataSources.load("mnist", from: folder("here"))
        #expect(data.train.labels == [9, 0, 4] && data.test.labels == [1, 2] && data.heldOut == .drawn)
        #expect(data.train.channels == 1 && data.train.size == 2 && Array(data.train.pixels) == Array(0..<12))
        #expect(Array(data.test.pixels) == Array(20..<28) && data.classNames == (0..<10).map(String.init))
        #expect(data.preparation == nil && data.usualAugmentation == .crop)
    }

    @Test func fashionHasNames() throws {
        try fill("here/FashionMNIST/raw")
        let data = try DataSources.load("fashion-mnist", from: folder("here"))
        #expect(
            data.classNames[9] == "ankle boot" && data.classNames.count == 10 && FashionMNIST.knownClasses?.count == 10)
        #expect(
            message("mnist", folder("here")).hasPrefix(
                "no mnist in \(folder("here")): expected train-images-idx3-ubyte"))
    }

    @Test func idxFilesThatDoNotFit() throws {
        let here = folder("here")
        func refusal(_ file: String, _ data: Data?) throws -> String {
            try fill("here")
            if let data { try write(data, "here/" + file) } else { unlink(folder("here/" + file)) }
            return message("mnist", here)
        }
        let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
        #expect(
            try refusal(labels, nil)
                == "\(here) has no train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz; mnist needs all four files")
        #expect(
            try refusal(labels, idx([2], [0, 1]))
                == "\(here)/\(labels) is an array of 2; 3 labels were expected, one for each image")
        #expect(
            try refusal(labels, idx([3], [0, 1, 10]))
                == "\(here)/\(labels), image 2: label 10; labels of mnist are 0 to 9")
        #expect(
            try refusal(images, idx([3, 2, 1], [UInt8](repeating: 0, count: 6)))
                == "\(here)/\(images) is an array of 3×2×1; square images of 1 to 4096 pixels, one after the other, were expected"
        )
        #expect(try refusal(images, idx([12], [UInt8](repeating: 0, count: 12))).contains("is an array of 12; square"))
        #expect(
            try refusal(images, idx([3, 2, 2], [1]))
                == "\(here)/\(images): it ends after 17 bytes where 11 more were expected; fetch it again")
        #expect(
            try refusal("t10k-images-idx3-ubyte", idx([2, 1, 1], [0, 1]))
                == "\(here) has images of 2×2 to train on and of 1×1 to test on")
        try write(idx([0], []), "here/t10k-labels-idx1-ubyte")
        try write(idx([0, 2, 2], []), "here/t10k-images-idx3-ubyte")
        #expect(message("mnist", here) == "\(here) has 3 images to train on and 0 to test on; too few")
        #expect(try refusal("other", Data()) == "read 3")
    }

    @Test(.enabled(if: peerPython != nil, "PyTorch is needed: numpy beside it writes what this test reads"))
    func whatNumpyWrites() throws {
        let done = try run(try #require(peerPython), [packageRoot + "/Tests/Peers/arrays.py", folder.path])
        #expect(done.status == 0, "\(done.errors)")
        func raw(_ name: String) throws -> [UInt8] {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder(name + ".raw"))))
        }
        for name in ["plain", "zipped"] {
            let data = try DataSources.load("mnist", from: folder(name))
            #expect(try Array(data.train.pixels) + data.test.pixels == raw(name))
            #expect(data.train.labels == (0..<12).map { Int32($0 % 10) } && data.test.labels == [9, 8, 7, 6, 5])
        }
        for name in ["stored", "deflated"] {
            let data = try DataSources.load("npz", from: folder(name + ".npz"))
            #expect(try Array(data.train.pixels) + data.test.pixels == raw(name))
            #expect(data.train.channels == 1 && data.train.size == 7 && data.heldOut == .drawn)
            #expect(data.train.labels == (0..<9).map { Int32($0 % 3) } && data.test.labels == [0, 1, 2, 0])
            #expect(data.classNames == ["0", "1", "2"])
        }
        let medical = try DataSources.load("npz", from: folder("medical.npz"))
        #expect(try Array(medical.train.pixels) + medical.test.pixels == raw("medical"))
        #expect(medical.train.channels == 3 && medical.heldOut == .last(3) && medical.train.count == 11)
        #expect(medical.train.labels == [0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1] && medical.test.labels == [1, 1])
        #expect(Split(of: medical, seed: 3).validation == [8, 9, 10])
        #expect(message("npz", folder("bomb.npz")) == "\(folder("bomb.npz")) has no array 'x_test'")
    }

    /// What is no array of images, or of labels for them, is known by its header: what lies behind, which may be any
    /// number of bytes, is not inflated; here it is damaged.
    @Test(.enabled(if: peerPython != nil, "PyTorch is needed: numpy beside it writes what this test reads"))
    func whatDoesNotFitIsNotInflated() throws {
        let path = folder("x.npz")
        func refusal(_ array: String, _ change: String) throws -> String {
            let script = """
                import zipfile
                import numpy as np
                z, random = lambda *shape: np.zeros(shape, np.uint8), np.random.default_rng(0)
                a = dict(x_train=z(4, 300, 300), y_train=np.array([0, 1, 0, 1]), x_test=z(2, 300, 300), y_test=np.array([1, 0]))
                a['\(array)'] = \(change)
                np.savez_compressed('\(path)', **a)
                entry = zipfile.ZipFile('\(path)').getinfo('\(array).npy')
                with open('\(path)', 'r+b') as file:
                    file.seek(entry.header_offset + entry.compress_size // 2)
                    file.write(b'damaged!')
                """
            let done = try run(try #require(peerPython), ["-c", script])
            #expect(done.status == 0, "\(done.errors)")
            return message("npz", path)
        }
        #expect(try refusal("y_train", "random.integers(0, 2, (4, 100000))").contains("a whole number for each of 4"))
        #expect(try refusal("y_train", "random.random(100000)").contains("a whole number for each of 4"))
        #expect(try refusal("x_train", "random.random((4, 300, 300))").contains("uint8 was expected"))
        #expect(try refusal("x_train", "random.integers(0, 255, (4, 300, 300), np.uint8)").contains("'x_train.npy'"))
    }

    /// A file of arrays that Python makes from an expression each.
    @Test(.enabled(if: peerPython != nil, "PyTorch is needed: numpy beside it writes what this test reads"))
    func npzFilesThatDoNotFit() throws {
        let path = folder("x.npz")
        func refusal(_ changes: String) throws -> String {
            let script = """
                import numpy as np
                z = lambda *shape: np.zeros(shape, np.uint8)
                a = dict(x_train=z(4, 3, 3), y_train=np.array([0, 1, 0, 1]), x_test=z(2, 3, 3), y_test=np.array([1, 0]))
                \(changes)
                np.savez('\(path)', **a)
                """
            let done = try run(try #require(peerPython), ["-c", script])
            #expect(done.status == 0, "\(done.errors)")
            return message("npz", path)
        }
        #expect(try refusal("") == "read 4")
        #expect(try refusal("a['y_train'] = a['y_train'][:, None].astype('>i2')") == "read 4")
        #expect(
            try refusal("del a['x_train']")
                == "\(path) has no array x_train or train_images; it has x_test, y_test, y_train")
        #expect(try refusal("del a['y_test']") == "\(path) has no array 'y_test'")
        #expect(
            try refusal("a['x_train'] = a['x_train'].astype(float)")
                == "\(path): 'x_train' has elements of type '<f8'; uint8 was expected")
        for (change, shape) in [("z(4, 3, 4)", "(4, 3, 4)"), ("z(4, 3, 3, 5)", "(4, 3, 3, 5)"), ("z(4, 9)", "(4, 9)")] {
            #expect(
                try refusal("a['x_train'] = \(change)")
                    == "\(path): 'x_train' has the shape \(shape); (N, H, W) or (N, H, W, C) of squares of 1 to 4096 pixels and 1 to 4 channels was expected"
            )
        }
        #expect(
            try refusal("a['y_train'] = z(4, 2)")
                == "\(path): 'y_train' has the shape (4, 2) and type '|u1'; a whole number for each of 4 images was expected"
        )
        #expect(try refusal("a['y_train'] = np.zeros(4)").contains("type '<f8'; a whole number"))
        #expect(
            try refusal("a['y_train'] = np.array([0, 1, -1, 0])")
                == "\(path): 'y_train', image 2: label -1; labels are 0 to 65535")
        #expect(try refusal("a['y_train'] = np.array([0, 1, 65536, 0])").contains("image 2: label 65536"))
        #expect(
            try refusal("a['y_train'], a['y_test'] = z(4), z(2)")
                == "\(path): all labels are 0; two classes are the least")
        let gap = ", and the largest label is 2; number the classes from 0 without gaps"
        // Counted from 1; a number left out; one that is held out or tested on alone.
        #expect(
            try refusal("a['y_train'], a['y_test'] = np.array([1, 2, 1, 2]), np.array([1, 2])")
                == "\(path): no image to train on has the label 0" + gap)
        #expect(
            try refusal("a['y_train'] = np.array([0, 2, 0, 2])")
                == "\(path): no image to train on has the label 1" + gap)
        #expect(
            try refusal("a['x_val'], a['y_val'] = z(1, 3, 3), np.array([2])")
                == "\(path): no image to train on has the label 2" + gap)
        #expect(
            try refusal("a['y_test'] = np.array([1, 2])") == "\(path): no image to train on has the label 2" + gap)
        #expect(
            try refusal("a['x_test'] = z(2, 3, 3, 3)")
                == "\(path): images of test are 3×3 of 3 channels, those of train 3×3 of 1")
        #expect(
            try refusal("a['x_test'], a['y_test'] = z(0, 3, 3), z(0)")
                == "\(path) has 4 images to train on and 0 to test on; too few")
        #expect(try refusal("a['x_train'] = np.array([{}] * 4)").contains("Python's objects"))
        #expect(throws: DataError("--data npz needs --data-dir: a .npz file")) { try DataSources.load("npz") }
        #expect(message("npz", folder.path) == "\(folder.path) is a folder; a file was expected")
        #expect(message("npz", folder("none")) == "there is no file \(folder("none"))")
    }
}
