import Files

/// Why a value describes no network; each is a sentence for the person who wrote it.
public enum ArchitectureError: Error, Equatable, CustomStringConvertible {
    /// A number or a combination of numbers is impossible; the reason.
    case invalid(String)
    /// No architecture has this name.
    case unknownName(String)
    /// A name's depth does not make equal blocks: depths are whole multiples of `step` plus 4.
    case depthDoesNotFit(name: String, depth: Int, step: Int)
    /// Matrices do not fit their architecture; the reason.
    case connectivity(String)
    /// No pattern has this name; how the known ones are written.
    case unknownPattern(String, known: [String])
    /// What follows a pattern's colon makes no sense to it; what it expects.
    case badPatternArgument(pattern: String, argument: String?, expected: String)
    /// A pattern of another package cannot be named; the reason.
    case cannotRegister(String)

    public var description: String {
        switch self {
        case .invalid(let reason): "invalid architecture: \(reason)"
        case .unknownName(let name):
            "unknown architecture '\(name.inSentence)'; known are densenet-L-k (densenet-40-12), densenet-bc-L-k (densenet-bc-100-12), "
                + "densenet121, densenet161, densenet169, densenet201, or a JSON file"
        case .depthDoesNotFit(let name, let depth, let step):
            "'\(name)': depth \(depth) does not fit; three equal blocks need a depth of \(step)·n + 4, "
                + "such as \(Swift.max(1, (depth - 4) / step) * step + 4) or \((Swift.max(1, (depth - 4) / step) + 1) * step + 4)"
        case .connectivity(let reason): "invalid connectivity: \(reason)"
        case .unknownPattern(let name, let known):
            "unknown connectivity '\(name.inSentence)'; known are \(known.joined(separator: ", ")), or a JSON file"
        case .badPatternArgument(let pattern, let argument, let expected):
            "connectivity '\(pattern)\(argument.map { ":" + $0.inSentence } ?? "")': \(expected)"
        case .cannotRegister(let reason): reason
        }
    }
}
