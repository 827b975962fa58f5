extension [Double] {
    /// The nearest numbers, by least squares, that never fall: neighbours that do are replaced by their mean. The
    /// pool-adjacent-violators algorithm (Barlow et al., Statistical Inference under Order Restrictions, 1972).
    package var isotonic: [Double] {
        var pools: [(sum: Double, count: Int)] = []
        for number in self {
            pools.append((number, 1))
            while let last = pools.last, let before = pools.dropLast().last,
                before.sum / Double(before.count) > last.sum / Double(last.count)
            {
                pools.removeLast(2)
                pools.append((before.sum + last.sum, before.count + last.count))
            }
        }
        return pools.flatMap { [Double](repeating: $0.sum / Double($0.count), count: $0.count) }
    }
}
