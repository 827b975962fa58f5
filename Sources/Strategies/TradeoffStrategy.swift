/// The agent with a reward that trades accuracy against MACs, after Learning to Search Efficient DenseNet with
/// Layer-wise Pruning (LWP; Zhang et al., 2018), of which only the abstract is known: that the reward trades the two is
/// theirs, the shape, accuracy less a price of the share of the dense network's MACs, is ours.
public final class TradeoffStrategy: AdsStrategy {
    public override class var name: String { "ads-tradeoff" }
    public override class var help: String { "the agent with a reward that pays for MACs" }
    /// The whole dense network is worth ten points of accuracy less than one without cost; ours.
    public override class var defaultPrice: Price? { .init(.macs, weight: 0.1) }
}
