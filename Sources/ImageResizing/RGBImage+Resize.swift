extension RGBImage {
    /// This image at another size, by bilinear interpolation that averages where it shrinks (antialiased): the same
    /// bytes as Pillow 13's `Image.resize(..., BILINEAR)`.
    /// - Throws: `ImageSizeError`.
    public func resized(width: Int, height: Int) throws(ImageSizeError) -> RGBImage {
        try Self.check(width: width, height: height)
        guard width != self.width || height != self.height else { return self }
        return resized(
            across: ResizeWeights(from: self.width, to: width, outputs: 0..<width),
            down: ResizeWeights(from: self.height, to: height, outputs: 0..<height))
    }

    /// The middle of this image as a square of `size` pixels: resized so that its shorter side has them, then cut off
    /// on both ends of the longer one.
    ///
    /// As torchvision's `Resize(size)` and `CenterCrop(size)` on a Pillow image, to the byte; what is cut off is never
    /// computed, so that no ratio of the sides takes memory.
    /// - Throws: `ImageSizeError`.
    public func squared(_ size: Int) throws(ImageSizeError) -> RGBImage {
        try Self.check(width: size, height: size)
        guard width != size || height != size else { return self }
        let shorter = min(width, height)
        func weights(_ length: Int) -> ResizeWeights {
            let newLength = size * length / shorter
            // Python's rounding, which is to even.
            let start = Int((Double(newLength - size) / 2).rounded(.toNearestOrEven))
            return ResizeWeights(from: length, to: newLength, outputs: start..<start + size)
        }
        return resized(across: weights(width), down: weights(height))
    }

    /// One side, rounded to bytes, then the other: the order is Pillow's, or bytes would be others.
    private func resized(across: ResizeWeights, down: ResizeWeights) -> RGBImage {
        let (newWidth, newHeight) = (across.starts.count, down.starts.count)
        // Since Pillow 13 (https://github.com/python-pillow/Pillow/pull/9549) an image that loses many rows, and not
        // half as many columns, loses the rows first: a photograph more than twice as high as wide.
        let isDownFirst =
            down.newLength < height && height - down.newLength > 2 * (width - across.newLength)
        let resized: [UInt8]
        if isDownFirst {
            let lower = pixels.withUnsafeBytes { flattened($0, stride: width * 3, from: 0, width: width, down) }
            let padded = lower.withUnsafeBytes { narrowed($0, width: width, rows: 0..<newHeight, across) }
            let stride = paddedStride(newWidth)
            resized = (0..<newHeight).flatMap { padded[$0 * stride..<$0 * stride + newWidth * 3] }
        } else {
            let rows = down.inputs
            let padded = pixels.withUnsafeBytes { narrowed($0, width: width, rows: rows, across) }
            resized = padded.withUnsafeBytes {
                flattened($0, stride: paddedStride(newWidth), from: rows.lowerBound, width: newWidth, down)
            }
        }
        return RGBImage(checkedWidth: newWidth, height: newHeight, pixels: resized)
    }
}

/// Bytes from one row of `narrowed` to the next: room for a byte behind the last pixel, and whole vectors.
private func paddedStride(_ width: Int) -> Int { (width * 3 + 1 + 15) / 16 * 16 }

/// Rows of an image `[rows, width, 3]` with another number of pixels, each in `paddedStride` bytes.
///
/// Four rows at a time, of which a pixel and one byte more each make a vector.
private func narrowed(
    _ pixels: UnsafeRawBufferPointer, width: Int, rows: Range<Int>, _ across: ResizeWeights
) -> [UInt8] {
    let rowBytes = width * 3
    let stride = paddedStride(across.starts.count)
    // Behind the image's last pixel there is no byte more.
    let last = Array(pixels[(rows.upperBound - 1) * rowBytes..<rows.upperBound * rowBytes]) + [0]
    return [UInt8](unsafeUninitializedCapacity: rows.count * stride) { all, count in
        let out = UnsafeMutableRawBufferPointer(all)
        last.withUnsafeBytes { last in
            for row in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: 4) {
                func input(_ i: Int) -> UnsafeRawBufferPointer {
                    row + i >= rows.upperBound - 1
                        ? last
                        : UnsafeRawBufferPointer(rebasing: pixels[(row + i) * rowBytes..<(row + i + 1) * rowBytes + 1])
                }
                func output(_ i: Int) -> UnsafeMutableRawBufferPointer {
                    let start = (min(row + i, rows.upperBound - 1) - rows.lowerBound) * stride
                    return UnsafeMutableRawBufferPointer(rebasing: out[start..<start + stride])
                }
                narrow((input(0), input(1), input(2), input(3)), across, (output(0), output(1), output(2), output(3)))
            }
        }
        count = rows.count * stride
    }
}

private typealias Four<Row> = (Row, Row, Row, Row)

private func narrow(
    _ rows: Four<UnsafeRawBufferPointer>, _ across: ResizeWeights, _ out: Four<UnsafeMutableRawBufferPointer>
) {
    across.weights.withUnsafeBufferPointer { weights in
        for x in across.starts.indices {
            var sums = SIMD16<Int32>(repeating: ResizeWeights.half)
            var at = across.starts[x] * 3
            for i in x * across.taps..<x * across.taps + across.counts[x] {
                let four = SIMD4<UInt32>(
                    rows.0.loadUnaligned(fromByteOffset: at, as: UInt32.self),
                    rows.1.loadUnaligned(fromByteOffset: at, as: UInt32.self),
                    rows.2.loadUnaligned(fromByteOffset: at, as: UInt32.self),
                    rows.3.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                let bytes = unsafeBitCast(four, to: SIMD16<UInt8>.self)
                sums &+= SIMD16<Int32>(truncatingIfNeeded: bytes) &* weights[i]
                at += 3
            }
            // The next pixel is written over each one's fourth byte.
            let four = unsafeBitCast(rounded(sums), to: SIMD4<UInt32>.self)
            out.0.storeBytes(of: four.x, toByteOffset: x * 3, as: UInt32.self)
            out.1.storeBytes(of: four.y, toByteOffset: x * 3, as: UInt32.self)
            out.2.storeBytes(of: four.z, toByteOffset: x * 3, as: UInt32.self)
            out.3.storeBytes(of: four.w, toByteOffset: x * 3, as: UInt32.self)
        }
    }
}

/// Another number of rows `[newRows, width, 3]` from the image's, `stride` bytes apart, of which `rows` begins with the
/// one numbered `first`. Sixteen bytes of a row at a time, its end one at a time.
private func flattened(
    _ rows: UnsafeRawBufferPointer, stride: Int, from first: Int, width: Int, _ down: ResizeWeights
) -> [UInt8] {
    let rowBytes = width * 3
    return [UInt8](unsafeUninitializedCapacity: down.starts.count * rowBytes) { all, count in
        let out = UnsafeMutableRawBufferPointer(all)
        down.weights.withUnsafeBufferPointer { weights in
            for y in down.starts.indices {
                let start = (down.starts[y] - first) * stride
                let taps = y * down.taps..<y * down.taps + down.counts[y]
                let vectors = rowBytes & ~15
                for x in Swift.stride(from: 0, to: vectors, by: 16) {
                    var sums = SIMD16<Int32>(repeating: ResizeWeights.half)
                    var at = start + x
                    for i in taps {
                        let bytes = rows.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
                        sums &+= SIMD16<Int32>(truncatingIfNeeded: bytes) &* weights[i]
                        at += stride
                    }
                    out.storeBytes(of: rounded(sums), toByteOffset: y * rowBytes + x, as: SIMD16<UInt8>.self)
                }
                for x in vectors..<rowBytes {
                    var sum = ResizeWeights.half
                    for (row, i) in taps.enumerated() { sum &+= Int32(rows[start + x + row * stride]) &* weights[i] }
                    out[y * rowBytes + x] = UInt8(min(255, sum >> ResizeWeights.bits))
                }
            }
        }
        count = down.starts.count * rowBytes
    }
}

/// Sums of weighted bytes as bytes; many rounded weights may add up to a little over 1.
@inline(__always)
private func rounded(_ sums: SIMD16<Int32>) -> SIMD16<UInt8> {
    let bytes = pointwiseMin(sums &>> ResizeWeights.bits, SIMD16(repeating: 255))
    return SIMD16<UInt8>(truncatingIfNeeded: bytes)
}
