import DenseKernels
import Testing

/// Memory that is too short for its shapes, and plans that lead outside it, stop the program before a kernel runs over
/// them.
@Suite struct LengthTests {
    /// One layer from channels 0 and 1 to channel 2 of maps of 4×4.
    private static func plan(
        reads: [Int] = [0, 1], writes: Int = 2, destination: Int = 0, outputs: Int = 1
    ) -> KernelPlan {
        KernelPlan(
            shapes: [MapShape(channels: 3, height: 4, width: 4)], inputChannels: 2,
            layers: [
                .init(.pointwise, source: 0, reads: reads, destination: destination, writes: writes, outputs: outputs)
            ])
    }

    /// Runs a forward pass on memory of some lengths.
    private static func forward(images: Int = 2, maps: Int = 96, scale: Int = 2, weight: Int = 2) -> [Float] {
        let (scales, weights) = ([Float](repeating: 1, count: scale), [Float](repeating: 1, count: weight))
        var values = (0..<maps).map { Float($0 % 7) }
        values.withUnsafeMutableBufferPointer { values in
            scales.withUnsafeBufferPointer { scales in
                weights.withUnsafeBufferPointer { weights in
                    let parameters = LayerParameters(scale: scales, shift: scales, weight: weights)
                    _ = LayerKernels(threads: 1).forwardTraining(plan(), [values], images: images, [parameters])
                }
            }
        }
        return values
    }

    @Test func whatFitsIsComputed() {
        let values = Self.forward()
        // BN makes deviations of the input's, shifted by 1: channel 2 is the sum of two rectified channels.
        #expect(values[32..<48].contains { $0 > 0 } && values[32..<48].allSatisfy { $0 >= 0 && $0 < 8 })
        #expect(values[..<32].elementsEqual((0..<32).map { Float($0 % 7) }))
    }

    @Test func whatIsTooShortStops() async {
        var stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.forward(maps: 95)
        }
        #expect(Self.text(stopped).contains("a plan's buffer has 95 elements; 96 are needed"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.forward(scale: 1)
        }
        #expect(Self.text(stopped).contains("1 scales and shifts and 2 weights for a layer from 2 to 1 channels"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.forward(weight: 1)
        }
        #expect(Self.text(stopped).contains("2 scales and shifts and 1 weights for a layer from 2 to 1 channels"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.forward(images: 0)
        }
        #expect(Self.text(stopped).contains("1 buffers of 0 images"))
    }

    @Test func plansThatLeadOutsideStop() async {
        var stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.plan(reads: [0, 3])
        }
        #expect(Self.text(stopped).contains("layer 0 reads [0, 3] of 3 channels"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.plan(writes: 3)
        }
        #expect(Self.text(stopped).contains("layer 0 writes 1 channels from 3 of 3"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.plan(destination: 1)
        }
        #expect(Self.text(stopped).contains("layer 0 goes from buffer 0 to 1; there are 1"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Self.plan(outputs: 0)
        }
        #expect(Self.text(stopped).contains("layer 0 writes 0 channels"))
    }

    /// An ImageNet stem's way with two images of 8×8, from one channel to five.
    private static func stem(images: Int = 2, size: Int = 8, elements: Int = 128, out: Int = 40) {
        let values = [Float](repeating: 1, count: 512)
        var pooled = [Float](repeating: 0, count: out)
        values.withUnsafeBufferPointer { values in
            pooled.withUnsafeMutableBufferPointer { pooled in
                let stem = StemConvolution(values, outputs: 5, inputs: 1, kernel: 3, stride: 2, padding: 1)
                LayerKernels(threads: 1).imageNetStem(
                    stem, UnsafeBufferPointer(rebasing: values[..<elements]), images: images, height: size, width: size,
                    norm: (values, values, values, values), pooled)
            }
        }
    }

    @Test func stemsOfShortMemoryStop() async {
        Self.stem()
        var stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Self.stem(elements: 127)
        }
        #expect(Self.text(stopped).contains("a stem's images has 127 elements; 128 are needed"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Self.stem(out: 39)
        }
        #expect(Self.text(stopped).contains("a stem's pooled maps has 39 elements; 40 are needed"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Self.stem(images: 0)
        }
        #expect(Self.text(stopped).contains("0 images of 8×8 leave a stem no output"))
        stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Self.stem(size: 0)
        }
        #expect(Self.text(stopped).contains("2 images of 0×0 leave a stem no output"))
    }

    private static func text(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }
}
