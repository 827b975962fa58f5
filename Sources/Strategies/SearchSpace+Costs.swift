import DenseNetArchitecture

extension SearchSpace {
    /// What each free connection adds to the cheapest network by itself; 0 for those that are not free.
    package func separateCosts(_ cost: (Network) -> Int) throws -> [Int] {
        let least = cost(try cheapest())
        return try entries.indices.map { index in
            guard entries[index].isFree else { return 0 }
            var choices = entries.map { _ in false }
            choices[index] = true
            return cost(try Network(architecture, connectivity(choices))) - least
        }
    }

    /// Adds connections in an order, each that still fits, so that children cost the same.
    /// - Parameters:
    ///   - order: entries, the most wanted first; those that are kept already stay.
    ///   - choices: a decision per entry.
    func adding(_ order: [Int], to choices: [Bool], while fits: (Network) -> Bool) throws -> [Bool] {
        var choices = choices
        for index in order where !choices[index] {
            choices[index] = true
            if try !fits(Network(architecture, connectivity(choices))) { choices[index] = false }
        }
        return choices
    }
}
