import Randomness
import Testing

@testable import DenseKernels

/// Where a stem's convolution writes, and how threads share a map.
@Suite struct StemTests {
    /// Whole rows of whole tiles are written in place: nothing beside an image's own maps is touched, whatever the
    /// outputs leave for the last tile and whatever a row leaves for the last vector.
    @Test(arguments: [1, 4, 5, 11, 12, 13, 37], [(8, 1), (8, 2), (9, 2), (16, 1)])
    func writesItsOwnMapsAlone(outputs: Int, image: (size: Int, stride: Int)) {
        var random = SeededGenerator(seed: UInt64(outputs))
        let weights = uniform(outputs * 9, -1, 1, &random)
        let x = uniform(2 * image.size * image.size, -1, 1, &random)
        let stem = weights.withUnsafeBufferPointer {
            StemConvolution($0, outputs: outputs, inputs: 1, kernel: 3, stride: image.stride, padding: 1)
        }
        let shape = stem.shape(height: image.size, width: image.size)
        // An image at a time, so that what one writes too far is not written again by the next.
        var out = [Float](repeating: 7, count: 3 * shape.elements)
        x.withUnsafeBufferPointer { x in
            out.withUnsafeMutableBufferPointer { out in
                LayerKernels(threads: 1).convolveStem(
                    stem, UnsafeBufferPointer(rebasing: x[(image.size * image.size)...]), images: 1, height: image.size,
                    width: image.size, UnsafeMutableBufferPointer(rebasing: out[shape.elements...]))
            }
        }
        #expect(out[..<shape.elements].allSatisfy { $0 == 7 } && out[(2 * shape.elements)...].allSatisfy { $0 == 7 })
        #expect(!out[shape.elements..<2 * shape.elements].contains(7))
    }

    /// Threads that take an image's bands in their order end together: the long ones come first.
    @Test func bandsComeLongestFirst() throws {
        let grid = try #require(Grid(.winograd, height: 56, width: 56).shared(by: 6, images: 1))
        let rows = (0..<grid.panels(images: 1)).map { grid.panel($0, images: 1) }
        #expect(rows.map(\.rows) == [3, 3, 2, 2, 2, 2])
        #expect(rows.map(\.row) == [0, 3, 6, 8, 10, 12])
        // Statistics are added up by panels, which therefore never depend on threads.
        let own = Grid(.winograd, height: 56, width: 56)
        #expect((0..<own.panels(images: 1)).map { own.panel($0, images: 1).rows } == [3, 4, 3, 4])
    }
}
