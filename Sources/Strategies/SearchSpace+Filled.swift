import DenseNetArchitecture

extension SearchSpace {
    /// Keeps connections in an order, each that still fits a target, so that children cost the same.
    /// - Parameter order: free entries, the most wanted first.
    /// - Returns: a decision per entry.
    func filled(_ order: [Int], within target: CostTarget) throws -> [Bool] {
        var choices = entries.map { !$0.isFree }
        for index in order {
            choices[index] = true
            if target.cost(of: try Network(architecture, connectivity(choices))) > target.limit {
                choices[index] = false
            }
        }
        return choices
    }
}
