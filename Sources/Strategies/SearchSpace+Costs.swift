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

    /// What the dense network saves without each free connection, on average; 0 for those that are not free.
    ///
    /// That is what its reader saves or, where that is more, its share of the layer it reads, which is left out once
    /// nobody reads it: all who may read it have equal ones.
    package func savings(_ cost: (Network) -> Int) throws -> [Int] {
        let dense = cost(try Network(architecture))
        func saved(without gone: (Entry) -> Bool) throws -> Int {
            dense - cost(try Network(architecture, connectivity(entries.map { !gone($0) })))
        }
        var shares: [[Int]: Int] = [:]
        return try entries.map { entry in
            guard entry.isFree else { return 0 }
            let source = [entry.block, entry.source]
            func reads(_ other: Entry) -> Bool { [other.block, other.source] == source }
            if shares[source] == nil { shares[source] = try saved(without: reads) / entries.count(where: reads) }
            return max(try saved { $0 == entry }, shares[source] ?? 0)
        }
    }

    /// Adds connections in an order, each that still fits, so that children cost the same; those of layers that nothing
    /// reads once something does, as a layer that is read would cost all of them at once.
    /// - Parameters:
    ///   - order: entries, the most wanted first; those that are kept already stay.
    ///   - choices: a decision per entry.
    ///   - limit: the most the network may cost.
    func adding(_ order: [Int], to choices: [Bool], upTo limit: Int, _ cost: (Network) -> Int) throws -> [Bool] {
        var choices = choices
        var blocks = try Network(architecture, connectivity(choices)).blocks
        var isDone = false
        while !isDone {
            isDone = true
            for index in order where !choices[index] {
                choices[index] = true
                let more = try Network(architecture, connectivity(choices))
                if more.blocks == blocks || cost(more) > limit {
                    choices[index] = false
                } else {
                    (blocks, isDone) = (more.blocks, !dropsLayers)
                }
            }
        }
        return choices
    }
}
