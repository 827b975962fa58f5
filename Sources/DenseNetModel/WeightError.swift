/// Why weights do not fit a network.
public enum WeightError: Error, Equatable, CustomStringConvertible {
    /// The network needs a tensor of this name.
    case missing(String)
    /// The network has no place for a tensor of this name.
    case unknown(String)
    /// A tensor of this name has another shape.
    case shape(String, found: [Int], needed: [Int])
    /// The smaller network has connections that the larger has not.
    case notASubset

    public var description: String {
        switch self {
        case .missing(let name):
            "the weights have no '\(name)', which the network needs; they belong to another network"
        case .unknown(let name):
            "the weights have '\(name)', which the network has no place for; they belong to another network"
        case .shape(let name, let found, let needed): "'\(name)' has shape \(found); the network needs \(needed)"
        case .notASubset:
            "the connectivity has connections that the trained network has not; only a subset can be rebuilt from it"
        }
    }
}
