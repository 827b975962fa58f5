extension Architecture: CustomStringConvertible {
    /// What it is, in words: "blocks of 4, 4 layers, growth rate 12, compression 1.0, stem 16, ...".
    public var description: String {
        let layers = blocks.map(String.init).joined(separator: ", ")
        let kind = bottleneck ? ", bottleneck" : ""
        let images = "\(inputChannels)×\(imageSize)×\(imageSize) images"
        return
            "blocks of \(layers) layers, growth rate \(growthRate)\(kind), compression \(compression), stem \(stem.channels), \(images), \(classes) classes"
    }
}
