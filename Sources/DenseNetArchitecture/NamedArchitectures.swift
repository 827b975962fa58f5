import Files

extension Architecture {
    /// A published architecture by name: `densenet-L-k`, `densenet-bc-L-k` (the paper's CIFAR networks, three equal
    /// blocks), `densenet121`, `densenet161`, `densenet169`, `densenet201` (torchvision's).
    /// - Throws: `ArchitectureError` when the name is unknown or the depth does not fit.
    public init(named name: String) throws {
        if let known = Self.imageNet[name] {
            try self.init(
                blocks: known.blocks, growthRate: known.growthRate, bottleneck: true, compression: 0.5,
                stem: Stem(.imageNet, channels: known.stem), imageSize: 224, classes: 1000)
            return
        }
        var parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        let bottleneck = parts.count == 4 && parts[1] == "bc"
        if bottleneck { parts.remove(at: 1) }
        guard parts.count == 3, parts[0] == "densenet", parts.dropFirst().allSatisfy(Self.isNumber) else {
            throw ArchitectureError.unknownName(name)
        }
        // What follows computes with both.
        guard let depth = Int(parts[1]), let growthRate = Int(parts[2]), depth <= 10_000, growthRate <= 10_000 else {
            throw ArchitectureError.invalid("'\(name.inSentence)': depth and growth rate are at most 10000")
        }
        // Section 4.1 of the paper: four layers lie outside the blocks, a bottleneck layer counts twice.
        let step = bottleneck ? 6 : 3
        guard depth > 4, (depth - 4) % step == 0 else {
            throw ArchitectureError.depthDoesNotFit(name: name, depth: depth, step: step)
        }
        try self.init(
            blocks: [Int](repeating: (depth - 4) / step, count: 3), growthRate: growthRate, bottleneck: bottleneck,
            compression: bottleneck ? 0.5 : 1, stem: Stem(.cifar, channels: bottleneck ? 2 * growthRate : 16))
    }

    private static func isNumber(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { 0x30...0x39 ~= $0 } }

    private static let imageNet: [String: (blocks: [Int], growthRate: Int, stem: Int)] = [
        "densenet121": ([6, 12, 24, 16], 32, 64), "densenet169": ([6, 12, 32, 32], 32, 64),
        "densenet201": ([6, 12, 48, 32], 32, 64), "densenet161": ([6, 12, 36, 24], 48, 96),
    ]
}
