import Files
import Foundation

/// A closed reader of Python pickles (protocols 0 to 5, as CIFAR's official files and PyTorch's are written).
///
/// A pickle is a program for a stack machine that can import and call anything. This reader knows the opcodes of plain
/// data and a list of the names that a file of its kind is written with, NumPy's arrays unless told otherwise. They are
/// recognised, never called; any other name is refused.
public struct PickleReader {
    /// The names that stand for NumPy arrays.
    public static let allowed: Set<String> = [
        "numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
    ]

    let limits: PickleLimits
    /// What may be named; `nil` for NumPy's arrays, which become values.
    let names: PickleNames?
    private(set) var bytes: PickleBytes
    var nodes = PickleNodes()
    /// Numbers of nodes.
    private(set) var stack: [Int] = []
    /// Heights of the stack at which marks stand.
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]
    /// Keys and values that calls copied out of lists.
    var copied = 0

    /// Reads the one value a pickle holds.
    /// - Throws: `PickleError` when it is damaged, larger than the limits, or wants anything but plain data.
    public static func read(_ data: Data, limits: PickleLimits = PickleLimits()) throws -> PickleValue {
        guard data.count <= limits.bytes else {
            throw PickleError("pickle: it has \(data.count) bytes; up to \(limits.bytes) are read")
        }
        var reader = PickleReader(data, limits, nil)
        let result = try reader.run()
        do {
            return try reader.nodes.value(result, limits)
        } catch let error as PickleError {
            throw PickleError("pickle, byte \(reader.bytes.offset - 1): \(error)")
        }
    }

    init(_ data: Data, _ limits: PickleLimits, _ names: PickleNames?) {
        self.limits = limits
        self.names = names
        bytes = PickleBytes(data)
    }

    func fail(_ reason: String) -> PickleError { bytes.fail(reason) }

    /// Runs to the end.
    /// - Returns: the number of the result.
    mutating func run() throws -> Int {
        for _ in 0..<limits.instructions {
            let at = bytes.offset
            let opcode = try bytes.byte()
            if opcode == UInt8(ascii: ".") { return try pop() }
            let isKnown = try scalar(opcode) || structure(opcode) || reference(opcode, at: at)
            guard isKnown else {
                throw PickleError(
                    "pickle, byte \(at): opcode 0x\(String(opcode, radix: 16)) makes or calls an object; \(read)"
                )
            }
        }
        throw fail("it has over \(limits.instructions) instructions; fewer are read")
    }

    // MARK: The stack

    /// The top of the stack, above the last mark.
    func top() throws -> Int {
        guard let last = stack.last else { throw fail("the stack is empty") }
        guard stack.count > marks.last ?? 0 else { throw fail("a mark stands where a value was expected") }
        return last
    }
    mutating func pop() throws -> Int {
        let item = try top()
        stack.removeLast()
        return item
    }
    private mutating func popToMark() throws -> [Int] {
        guard let mark = marks.popLast() else { throw fail("there is no mark on the stack") }
        // As a slice they would share the stack, of which all that lies below would be copied.
        let items = Array(stack[mark...])
        stack.removeLast(items.count)
        return items
    }
    mutating func push(_ node: Int) { stack.append(node) }
    private mutating func push(_ value: PickleValue) { push(nodes.add(.scalar(value))) }
    private mutating func pushTuple(_ count: Int) throws {
        var items: [Int] = []
        for _ in 0..<count { items.append(try pop()) }
        push(nodes.addTuple(items.reversed()))
    }

    // MARK: Opcodes

    /// Numbers and texts.
    private mutating func scalar(_ opcode: UInt8) throws -> Bool {
        switch Character(UnicodeScalar(opcode)) {
        case "N": push(.none)
        case "\u{88}": push(.bool(true))
        case "\u{89}": push(.bool(false))
        case "I":
            push(
                try bytes.numberLine { text in
                    if text == "00" || text == "01" { return .bool(text == "01") }
                    return Int(text).map(PickleValue.int)
                })
        case "L": push(.int(try bytes.numberLine { Int($0.hasSuffix("L") ? String($0.dropLast()) : $0) }))
        case "J": push(.int(try bytes.signed(4)))
        case "K": push(.int(try bytes.number(1)))
        case "M": push(.int(try bytes.number(2)))
        case "\u{8a}": push(.int(try bytes.signed(bytes.number(1))))
        case "\u{8b}": push(.int(try bytes.signed(bytes.number(4))))
        case "G": push(.float(try bytes.double()))
        case "F": push(.float(try bytes.numberLine { Double($0) }))
        case "U", "C": push(.bytes(try bytes.text(lengthBytes: 1)))
        case "T", "B": push(.bytes(try bytes.text(lengthBytes: 4)))
        case "\u{8e}": push(.bytes(try bytes.text(lengthBytes: 8)))
        case "\u{8c}": push(.string(String(decoding: try bytes.text(lengthBytes: 1), as: UTF8.self)))
        case "X": push(.string(String(decoding: try bytes.text(lengthBytes: 4), as: UTF8.self)))
        case "\u{8d}": push(.string(String(decoding: try bytes.text(lengthBytes: 8), as: UTF8.self)))
        case "S": push(.bytes(try bytes.quotedLine()))
        case "V": push(.string(try bytes.escapedLine()))
        default: return false
        }
        return true
    }

    /// Lists, tuples, dictionaries.
    private mutating func structure(_ opcode: UInt8) throws -> Bool {
        switch Character(UnicodeScalar(opcode)) {
        case "(": marks.append(stack.count)
        case "0": if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case "1": _ = try popToMark()
        case "2": push(try top())
        case "]": push(nodes.addList([]))
        case "l": push(nodes.addList(try popToMark()))
        case "a":
            let item = try pop()
            try append(CollectionOfOne(item))
        case "e":
            let items = try popToMark()
            try append(items)
        case ")": push(nodes.addTuple([]))
        case "t": push(nodes.addTuple(try popToMark()))
        case "\u{85}": try pushTuple(1)
        case "\u{86}": try pushTuple(2)
        case "\u{87}": try pushTuple(3)
        case "}": push(nodes.addDictionary([]))
        case "d": push(nodes.addDictionary(try pairs(popToMark())))
        case "s":
            let value = try pop()
            let key = try pop()
            try set([key, value])
        case "u":
            let items = try pairs(popToMark())
            try set(items)
        default: return false
        }
        return true
    }

    // The nodes are changed before `need` is called: as its argument they would be copied, being part of `self`.

    private mutating func append(_ items: some Sequence<Int>) throws {
        let isList = nodes.append(items, toList: try top())
        try need(isList, "a list was expected on the stack")
    }
    private mutating func set(_ pairs: some Sequence<Int>) throws {
        let isDictionary = nodes.append(pairs, toDictionary: try top())
        try need(isDictionary, "a dictionary was expected on the stack")
    }

    /// The memo, framing, and names.
    private mutating func reference(_ opcode: UInt8, at: Int) throws -> Bool {
        switch Character(UnicodeScalar(opcode)) {
        case "\u{80}":
            let version = try bytes.number(1)
            try need(version <= 5, "protocol \(version) is unknown")
        // A frame says how long the instructions are that follow; they are read one by one here.
        case "\u{95}": _ = try bytes.take(8)
        case "p": memo[try memoLine()] = try top()
        case "q": memo[try bytes.number(1)] = try top()
        case "r": memo[try bytes.number(4)] = try top()
        case "\u{94}": memo[memo.count] = try top()
        case "g": try pushMemo(memoLine())
        case "h": try pushMemo(bytes.number(1))
        case "j": try pushMemo(bytes.number(4))
        case "c": try pushName(bytes.line(), bytes.line(), at: at)
        case "\u{93}":
            guard case .scalar(.string(let attribute)) = nodes[try pop()],
                case .scalar(.string(let module)) = nodes[try pop()]
            else {
                throw fail("a name was expected")
            }
            try pushName(module, attribute, at: at)
        case "R": try names == nil ? reduce(at: at) : keepCall(at: at)
        case "b": try names == nil ? build() : skipState()
        case "Q" where names != nil: push(nodes.add(.persistent(try pop())))
        default: return false
        }
        return true
    }

    func need(_ condition: Bool, _ otherwise: String) throws {
        if !condition { throw fail(otherwise) }
    }
    private func pairs(_ items: [Int]) throws -> [Int] {
        try need(items.count % 2 == 0, "a dictionary has a key without a value")
        return items
    }
    private mutating func memoLine() throws -> Int { try bytes.numberLine { Int($0).flatMap { $0 >= 0 ? $0 : nil } } }
    private mutating func pushMemo(_ index: Int) throws {
        guard let item = memo[index] else { throw fail("memo \(index) was never stored") }
        push(item)
    }
}
