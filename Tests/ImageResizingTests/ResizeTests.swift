import Testing

@testable import ImageResizing

@Suite struct ResizeTests {
    /// A grey image of one row.
    private func row(_ values: [UInt8]) throws -> RGBImage {
        try RGBImage(width: values.count, height: 1, pixels: values.flatMap { [$0, $0, $0] })
    }

    private func reds(_ image: RGBImage) -> [UInt8] {
        stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] }
    }

    /// By hand: a pixel made of four is weighted 1, 3, 3, 1 eighths, at an end 3, 3, 1 sevenths.
    @Test func halvesByHand() throws {
        let half = try row([0, 80, 40, 240, 8, 16]).resized(width: 3, height: 1)
        #expect(reds(half) == [40, 116, 45])
        let column = try RGBImage(width: 1, height: 6, pixels: [0, 80, 40, 240, 8, 16].flatMap { [$0, 0, 255] })
        let shorter = try column.resized(width: 1, height: 3)
        #expect(shorter.pixels == [40, 0, 255, 116, 0, 255, 45, 0, 255])
    }

    /// By hand: growing interpolates between the two nearest, with weights 1 and 3 quarters.
    @Test func doublesByHand() throws {
        #expect(try reds(row([0, 100]).resized(width: 4, height: 1)) == [0, 25, 75, 100])
    }

    /// The definition in plain arithmetic: the mean under a triangle, rows first; bytes may differ by rounding alone.
    @Test func isTheMeanUnderATriangle() throws {
        let (width, height, newWidth, newHeight) = (37, 23, 11, 31)
        let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 &+ $0 / 3) }
        let image = try RGBImage(width: width, height: height, pixels: pixels)
        func weights(_ length: Int, _ newLength: Int, _ output: Int) -> [Double] {
            let scale = Double(length) / Double(newLength)
            let center = (Double(output) + 0.5) * scale
            let all = (0..<length).map { max(0, 1 - abs(Double($0) + 0.5 - center) / max(scale, 1)) }
            return all.map { $0 / all.reduce(0, +) }
        }
        let ours = try image.resized(width: newWidth, height: newHeight)
        for y in 0..<newHeight {
            let down = weights(height, newHeight, y)
            for x in 0..<newWidth {
                let across = weights(width, newWidth, x)
                for c in 0..<3 {
                    var sum = 0.0
                    for (j, v) in down.enumerated() where v > 0 {
                        for (i, u) in across.enumerated() where u > 0 {
                            sum += u * v * Double(pixels[(j * width + i) * 3 + c])
                        }
                    }
                    #expect(abs(Double(ours.pixels[(y * newWidth + x) * 3 + c]) - sum) <= 1.01)
                }
            }
        }
    }

    @Test func anEvenImageStaysEven() throws {
        let image = try RGBImage(width: 311, height: 97, pixels: [UInt8](repeating: 255, count: 311 * 97 * 3))
        for (width, height) in [(1, 1), (640, 2), (17, 300), (311, 96)] {
            #expect(try image.resized(width: width, height: height).pixels.allSatisfy { $0 == 255 })
        }
    }

    /// The middle of the longer side; an odd rest is cut as Python rounds halves, to even.
    @Test func squaresAreCutFromTheMiddle() throws {
        let five = try row([1, 2, 3, 4, 5])
        #expect(try reds(five.squared(1)) == [3])
        #expect(try reds(row([1, 2, 3, 4]).squared(1)) == [3])
        #expect(try reds(row([1, 2]).squared(1)) == [1])
        #expect(try five.squared(1) == five.squared(1).resized(width: 1, height: 1))
        // The ends' pixels play no part: a line that would be 15 million pixels long is cut in no time.
        var line = [UInt8](repeating: 9, count: 65_535)
        line[0] = 200
        let square = try row(line).squared(224)
        #expect(square.width == 224 && square.height == 224 && square.pixels.allSatisfy { $0 == 9 })
    }

    @Test func sizesThatCannotBe() throws {
        let image = try row([1, 2])
        for (width, height) in [(0, 1), (1, -1), (65_536, 1), (1, Int.max), (Int.min, 1)] {
            let sentence = ImageSizeError("an image of \(width)×\(height) cannot be; sides are 1 to 65535")
            #expect(throws: sentence) { try image.resized(width: width, height: height) }
            #expect(throws: sentence) { try RGBImage(width: width, height: height, pixels: []) }
        }
        #expect(throws: ImageSizeError("an image of 0×0 cannot be; sides are 1 to 65535")) { try image.squared(0) }
        #expect(throws: ImageSizeError("5 bytes are no image of 2×1; it has 6")) {
            try RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5])
        }
    }
}
