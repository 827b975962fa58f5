import Foundation

/// NumPy writes an array as `_reconstruct(ndarray, (0,), 'b')`, then its state `(version, shape, dtype, fortran,
/// bytes)`.
extension PickleReader {
    /// Bytes of the element types that arrays of numbers have.
    private static let elementBytes = [
        "b1": 1, "u1": 1, "i1": 1, "u2": 2, "i2": 2, "f2": 2, "u4": 4, "i4": 4, "f4": 4, "u8": 8, "i8": 8, "f8": 8,
    ]

    /// A call, of which two are recognised.
    mutating func reduce(at: Int) throws {
        let arguments = try pop()
        guard case .name(let name) = nodes[try pop()], let values = nodes.tuple(arguments) else {
            throw PickleError(
                "pickle, byte \(at): it calls something that is no name; only plain data and NumPy arrays are read")
        }
        if name.hasSuffix("_reconstruct") {
            push(nodes.addArray())
        } else if name == "numpy dtype", let first = values.first, let type = nodes.text(first) {
            push(nodes.add(.type(type)))
        } else {
            throw refusal(of: name, at: at)
        }
    }

    /// Gives the value below its state.
    mutating func build() throws {
        let state = nodes.tuple(try pop())
        let target = try top()
        // A type's state is `(version, byte order, ...)`.
        if case .type = nodes[target] {
            guard let state, state.count > 1, let order = nodes.text(state[1]) else {
                throw fail("a type's byte order was expected")
            }
            return try need(order != ">", "an array in big-endian order is not read")
        }
        guard let state, state.count == 5, let sizes = nodes.tuple(state[1]), case .type(let type) = nodes[state[2]],
            case .scalar(.bool(false)) = nodes[state[3]], case .scalar(.bytes(let bytes)) = nodes[state[4]]
        else { throw fail("an array in row-major order was expected") }
        guard var count = Self.elementBytes[type] else { throw fail("an array's elements are no numbers") }
        try need(sizes.count <= 64, "an array has \(sizes.count) dimensions; up to 64 are read")
        let shape = try sizes.map { size -> Int in
            guard case .scalar(.int(let n)) = nodes[size], n >= 0 else { throw fail("an array has an impossible size") }
            let (next, overflows) = count.multipliedReportingOverflow(by: max(n, 1))
            try need(!overflows, "an array has an impossible size")
            count = next
            return n
        }
        if shape.contains(0) { count = 0 }
        try need(count == bytes.count, "an array of \(shape) takes \(count) bytes; it has \(bytes.count)")
        let isFilled = nodes.fill(target, .array(type: type, shape: shape, bytes: bytes))
        try need(isFilled, "an array's state stands where there is no array")
    }
}
