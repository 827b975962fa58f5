import DenseKernels
import Torch

// The stem on our kernels, in inference; in training libtorch's takes a hundredth of a step.
extension DenseNet {
    /// The stem's output `[N, channels, H, W]` of images.
    func kernelStem(_ images: Tensor) throws -> Tensor {
        guard images.shape.count == 4, images.shape[1] == stem.shape[1], min(images.shape[2], images.shape[3]) > 0,
            images.type == .float32
        else {
            // libtorch says what does not fit.
            return try stemOutput(images, training: false)
        }
        let (x, shape) = (try images.contiguous(), images.shape)
        let convolution = try preparedStemConvolution()
        let out = convolution.shape(height: shape[2], width: shape[3])
        guard shape[0] > 0, out.height > 0, out.width > 0 else { return try stemOutput(images, training: false) }
        layerKernels.threads = Runtime.threads
        guard let norm = stemNorm else {
            let maps = try Tensor.empty([shape[0], out.channels, out.height, out.width])
            layerKernels.convolveStem(
                convolution, try elements(x), images: shape[0], height: shape[2], width: shape[3],
                try mutableElements(maps))
            return maps
        }
        let maps = try Tensor.empty([shape[0], out.channels, (out.height + 1) / 2, (out.width + 1) / 2])
        layerKernels.imageNetStem(
            convolution, try elements(x), images: shape[0], height: shape[2], width: shape[3],
            norm: (
                try elements(norm.scale), try elements(norm.shift), try elements(norm.mean), try elements(norm.variance)
            ),
            try mutableElements(maps))
        return maps
    }

    /// The packed weights, made anew when they changed.
    private func preparedStemConvolution() throws -> StemConvolution {
        if let held = preparedStem, held.version == stem.version { return held.convolution }
        let geometry = network.architecture.stem.geometry
        let convolution = StemConvolution(
            try elements(stem), outputs: stem.shape[0], inputs: stem.shape[1], kernel: stem.shape[2],
            stride: geometry.stride,
            padding: geometry.padding)
        preparedStem = (stem.version, convolution)
        return convolution
    }
}
