import Foundation

/// A pickle whose calls stand as they are written, for whoever knows what they mean.
package struct PickleCalls {
    /// All its values.
    package let nodes: PickleNodes
    /// The number of its result.
    package let root: Int
    /// The bytes it takes.
    package let length: Int
}

extension PickleReader {
    /// Reads the first pickle of some bytes, which may go on behind it, and leaves its calls as they are written.
    /// - Throws: `PickleError`, as above.
    package static func readCalls(
        _ data: Data, names: PickleNames, limits: PickleLimits = PickleLimits()
    ) throws -> PickleCalls {
        let most = min(data.count, limits.bytes)
        var reader = PickleReader(data.prefix(most), limits, names)
        let root = try reader.run()
        return PickleCalls(nodes: reader.nodes, root: root, length: reader.bytes.offset)
    }

    /// A call, which stays one; a dictionary's becomes the dictionary.
    mutating func keepCall(at: Int) throws {
        let arguments = try pop()
        let function = try pop()
        guard case .name(let name) = nodes[function], let values = nodes.tuple(arguments) else {
            throw PickleError("pickle, byte \(at): it calls something that is no name; nothing is executed")
        }
        guard names?.dictionaries.contains(name) == true else {
            return push(nodes.add(.call(function, arguments: arguments)))
        }
        // Python 2 gives the items to the call, as a list of pairs; later ones are set one by one.
        let pairs = values.first.flatMap { nodes.list($0) } ?? []
        // The same list may be given to any number of calls.
        copied += pairs.count
        try need(copied <= limits.values, "its dictionaries would have over \(limits.values) keys")
        push(
            nodes.addDictionary(
                try pairs.flatMap { pair -> [Int] in
                    guard let both = nodes.list(pair) ?? nodes.tuple(pair), both.count == 2 else {
                        throw fail("a dictionary of pairs was expected")
                    }
                    return both
                }))
    }

    /// What is set on an object beside its contents is nothing that is read.
    mutating func skipState() throws {
        _ = try pop()
        switch nodes[try top()] {
        case .dictionary, .call: return
        default: throw fail("something is set on what is no object")
        }
    }
}
