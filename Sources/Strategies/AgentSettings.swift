/// Every number of the agent, with where it comes from.
public struct AgentSettings: Codable, Sendable, Hashable {
    /// Size of the LSTM. ENAS' macro controller has 64 (github.com/melodyguan/enas), N2N 2×30, PaddleSlim 100.
    public var hidden = 64
    /// The shared logits are c·tanh(·) (Bello et al., arXiv 1611.09940); ENAS uses 1.5 to 2.5.
    public var tanhConstant = 2.5
    /// The shared weights start uniform in ± this, as in ENAS.
    public var initialRange = 0.1
    /// Adam's learning rate of the shared weights, N2N's.
    public var learningRate = 3e-3
    /// Adam's learning rate of the connections' own terms: a study has tens of updates, and a term must be able to
    /// decide its connection in a few. Ours.
    public var connectionRate = 0.3
    /// Children an update, as N2N's rollouts.
    public var childrenPerUpdate = 5
    /// Weight of the old value in the running variance of rewards that advantages are scaled by; ours.
    public var deviationDecay = 0.9
    /// Weight of the entropy in the objective, as in ENAS.
    public var entropyBonus = 1e-4
    /// Gradients longer than this are scaled down, as in PaddleSlim.
    public var gradientClip = 5.0
    /// Steps an update under the critic; without it, with 0, an update is one step. Ours;
    /// `Benchmarks/landscapes.sh` plays others.
    public var criticSteps = 4
    /// Children that are drawn for the critic in a step, and not evaluated; ours.
    public var imagined = 32
    /// Where a trained dense network is at hand, the connections' terms start at so many times their standardised
    /// magnitudes in it; at 0 without.
    public var warmStart = 1.0
    /// What `exploreMore` multiplies the entropy bonus with, as often as it stays under `mostEntropyBonus`; ours.
    public var entropyRaise = 10.0
    /// At a weight of 1 a decision takes deviations of rewards to be made, which is next to coin flips: the agent then
    /// forgot what it had learned. Ours.
    static let mostEntropyBonus = 0.2

    /// The defaults.
    public init() {}

    /// Settings of a study; what studies of older versions do not have is the default, and the critic, which they went
    /// without.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        hidden = try values.decodeIfPresent(Int.self, forKey: .hidden) ?? hidden
        tanhConstant = try values.decodeIfPresent(Double.self, forKey: .tanhConstant) ?? tanhConstant
        initialRange = try values.decodeIfPresent(Double.self, forKey: .initialRange) ?? initialRange
        learningRate = try values.decodeIfPresent(Double.self, forKey: .learningRate) ?? learningRate
        connectionRate = try values.decodeIfPresent(Double.self, forKey: .connectionRate) ?? connectionRate
        childrenPerUpdate = try values.decodeIfPresent(Int.self, forKey: .childrenPerUpdate) ?? childrenPerUpdate
        deviationDecay = try values.decodeIfPresent(Double.self, forKey: .deviationDecay) ?? deviationDecay
        entropyBonus = try values.decodeIfPresent(Double.self, forKey: .entropyBonus) ?? entropyBonus
        gradientClip = try values.decodeIfPresent(Double.self, forKey: .gradientClip) ?? gradientClip
        entropyRaise = try values.decodeIfPresent(Double.self, forKey: .entropyRaise) ?? entropyRaise
        criticSteps = try values.decodeIfPresent(Int.self, forKey: .criticSteps) ?? 0
        warmStart = try values.decodeIfPresent(Double.self, forKey: .warmStart) ?? 0
        imagined = try values.decodeIfPresent(Int.self, forKey: .imagined) ?? imagined
    }

    /// Refuses numbers that no agent can be made of, as a file may hold anything.
    /// - Throws: `SearchError`.
    package func validate() throws {
        func need(_ condition: Bool, _ reason: String) throws { if !condition { throw SearchError(reason) } }
        let most = 1_000_000
        try need(
            1...most ~= childrenPerUpdate, "\(childrenPerUpdate) children an update; 1 to \(most) are possible")
        try need(1...4096 ~= hidden, "an agent of \(hidden) units; 1 to 4096 are possible")
        try need(0...1000 ~= criticSteps, "\(criticSteps) steps by the critic; 0 to 1000 are possible")
        try need(2...4096 ~= imagined, "\(imagined) children imagined; 2 to 4096 are possible")
        try need(0...100 ~= warmStart, "a warm start of \(warmStart) deviations; 0 to 100 are possible")
        for (value, what) in [
            (learningRate, "a learning rate of the agent"), (connectionRate, "a learning rate of the connections"),
            (entropyBonus, "an entropy bonus"), (tanhConstant, "a constant of the logits' tanh"),
            (initialRange, "a range of the first weights"),
        ] {
            try need(0...Double(most) ~= value, "\(what) of \(value); 0 to \(most) are possible")
        }
        try need(0..<1 ~= deviationDecay, "old variances weighted by \(deviationDecay); 0 to under 1 is possible")
        try need(1e-9...1e9 ~= gradientClip, "gradients up to a length of \(gradientClip); 1e-9 to 1e9 is possible")
        try need(
            1...Double(most) ~= entropyRaise, "an entropy bonus raised by \(entropyRaise); 1 to \(most) is possible")
    }
}
