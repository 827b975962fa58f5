import DenseNetArchitecture
import DenseNetRuntime

extension Preprocessing {
    /// Images `[N, C, H, W]` of bytes as the network takes them, in the very operations that training has.
    func normalized(_ pixels: [UInt8], channels: Int, plane: Int) -> [Float] {
        var out = [Float](repeating: 0, count: pixels.count)
        for i in pixels.indices {
            let channel = i / plane % channels
            out[i] = (Float(pixels[i]) - mean[channel]) / deviation[channel]
        }
        return out
    }
}

/// The fields of timm's `pretrained_cfg` that say how an image becomes an input
/// (https://huggingface.co/docs/timm/reference/data).
struct PreprocessingFields: Encodable {
    /// Channels, height and width.
    let inputSize: [Int]
    /// Mean and deviation of each channel, in units of 0...1 as timm has them.
    let mean: [Double]
    let std: [Double]
    /// How an image of another size is brought to this one: training's images have had it.
    let interpolation = "bilinear"
    /// The side of the middle that is kept of a resized image, as a share of it.
    let cropPct = 1.0
    let cropMode = "center"

    init(_ trained: TrainedNetwork) {
        let a = trained.network.architecture
        inputSize = [a.inputChannels, a.imageSize, a.imageSize]
        mean = trained.preprocessing.mean.map { Double($0) / 255 }
        std = trained.preprocessing.deviation.map { Double($0) / 255 }
    }
}
