import Foundation

/// What a pickle may hold here: plain data. Nothing is ever imported, called or built.
public indirect enum PickleValue: Equatable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    /// Python 2's `str` or Python 3's `bytes`.
    case bytes(Data)
    case string(String)
    case list([PickleValue])
    case tuple([PickleValue])
    /// Pairs in the order they were set.
    case dictionary([PickleValue: PickleValue])
    /// A NumPy array as the closed reader recognises it: element type, sizes, bytes.
    case array(type: String, shape: [Int], bytes: Data)
}

extension PickleValue: Hashable {}

/// Why a pickle was refused.
public struct PickleError: Error, Equatable, CustomStringConvertible {
    /// One sentence, with the byte it is about.
    public let description: String
    /// An error with its sentence.
    public init(_ description: String) { self.description = description }
}

/// A closed reader of Python pickles (protocols 0 to 2, as CIFAR's official files and PyTorch's are written).
///
/// A pickle is a program for a stack machine that can import and call anything. This reader knows the opcodes of plain data
/// and an allow-list of the names NumPy arrays are written with, which are recognised, never called; any other name is refused.
public struct PickleReader {
    /// The names that stand for NumPy arrays.
    public static let allowed: Set<String> = [
        "numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
    ]

    private let data: Data
    private var position: Int
    private var stack: [Item] = []
    private var memo: [Int: Item] = [:]

    private enum Item {
        case value(PickleValue)
        case mark
        case name(String)
        case dtype(String)
        /// Lists and dictionaries are filled after they are memoised; the slot is shared by all references.
        case slot(Slot)
    }
    private final class Slot {
        var list: [Item]?
        var pairs: [(Item, Item)] = []
        var array: PickleValue?
        init(list: [Item]?) { self.list = list }
    }

    /// Reads the one value a pickle holds.
    /// - Throws: `PickleError` when it is damaged or wants anything but plain data.
    public static func read(_ data: Data) throws -> PickleValue {
        var reader = PickleReader(data: data)
        return try reader.run()
    }

    private init(data: Data) {
        self.data = data
        position = data.startIndex
    }

    private func fail(_ reason: String) -> PickleError {
        PickleError("pickle, byte \(position - data.startIndex): \(reason)")
    }

    private mutating func take(_ count: Int) throws -> Data {
        guard count >= 0, count <= data.endIndex - position else { throw fail("it ends in the middle of a value") }
        defer { position += count }
        return data[position..<position + count]
    }
    private mutating func number(_ bytes: Int) throws -> Int {
        try take(bytes).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    }
    private mutating func line() throws -> String {
        guard let end = data[position...].firstIndex(of: 0x0A) else { throw fail("a line does not end") }
        defer { position = end + 1 }
        return String(decoding: data[position..<end], as: UTF8.self)
    }
    private mutating func pop() throws -> Item {
        guard let item = stack.popLast() else { throw fail("the stack is empty") }
        return item
    }
    private mutating func popToMark() throws -> [Item] {
        var items: [Item] = []
        while true {
            let item = try pop()
            if case .mark = item { return items.reversed() }
            items.append(item)
        }
    }
    private mutating func push(_ value: PickleValue) { stack.append(.value(value)) }
    private func slot(at item: Item?) throws -> Slot {
        guard case .slot(let slot)? = item else { throw fail("a list or dictionary was expected on the stack") }
        return slot
    }

    private mutating func run() throws -> PickleValue {
        while true {
            let at = position - data.startIndex
            let opcode = try take(1).first ?? 0
            switch Character(UnicodeScalar(opcode)) {
            case "\u{80}":
                let version = try number(1)
                guard version <= 5 else { throw fail("protocol \(version) is unknown") }
            case ".":
                let result = try resolve(pop(), depth: 0)
                return result
            case "(": stack.append(.mark)
            case "0": _ = try pop()
            case "1": _ = try popToMark()
            case "N": push(.none)
            case "\u{88}": push(.bool(true))
            case "\u{89}": push(.bool(false))
            case "I":
                let text = try line()
                if text == "00" || text == "01" {
                    push(.bool(text == "01"))
                } else {
                    guard let n = Int(text) else { throw fail("'\(text)' is no number") }
                    push(.int(n))
                }
            case "L":
                let text = try line()
                guard let n = Int(text.hasSuffix("L") ? String(text.dropLast()) : text) else { throw fail("'\(text)' is no number") }
                push(.int(n))
            case "J": push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
            case "K": push(.int(try number(1)))
            case "M": push(.int(try number(2)))
            case "\u{8a}":
                let count = try number(1)
                guard count <= 8 else { throw fail("a number of \(count) bytes is too large") }
                let raw = try number(count)
                let shift = 64 - 8 * count
                push(.int(count == 0 ? 0 : (raw << shift) >> shift))
            case "G":
                let bits = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                push(.float(Double(bitPattern: bits)))
            case "F":
                let text = try line()
                guard let x = Double(text) else { throw fail("'\(text)' is no number") }
                push(.float(x))
            case "U": push(.bytes(Data(try take(number(1)))))
            case "T": push(.bytes(Data(try take(number(4)))))
            case "C": push(.bytes(Data(try take(number(1)))))
            case "B": push(.bytes(Data(try take(number(4)))))
            case "X": push(.string(String(decoding: try take(number(4)), as: UTF8.self)))
            case "\u{8c}": push(.string(String(decoding: try take(number(1)), as: UTF8.self)))
            case "S":
                let text = try line()
                guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote,
                    !text.contains("\\")
                else { throw fail("a quoted text was expected") }
                push(.bytes(Data(text.dropFirst().dropLast().utf8)))
            case "V": push(.string(try line()))
            case "]": stack.append(.slot(Slot(list: [])))
            case "}": stack.append(.slot(Slot(list: nil)))
            case "l": stack.append(.slot(Slot(list: try popToMark())))
            case "d":
                let slot = Slot(list: nil)
                slot.pairs = try pairs(popToMark())
                stack.append(.slot(slot))
            case "a":
                let item = try pop()
                try slot(at: stack.last).list?.append(item)
            case "e":
                let items = try popToMark()
                try slot(at: stack.last).list?.append(contentsOf: items)
            case "s":
                let value = try pop()
                let key = try pop()
                try slot(at: stack.last).pairs.append((key, value))
            case "u":
                let added = try pairs(popToMark())
                try slot(at: stack.last).pairs.append(contentsOf: added)
            case ")": push(.tuple([]))
            case "t": try pushTuple(popToMark())
            case "\u{85}": try pushTuple([pop()])
            case "\u{86}":
                let b = try pop()
                try pushTuple([pop(), b])
            case "\u{87}":
                let c = try pop()
                let b = try pop()
                try pushTuple([pop(), b, c])
            case "p": memo[try memoIndex(line())] = stack.last
            case "q": memo[try number(1)] = stack.last
            case "r": memo[try number(4)] = stack.last
            case "\u{94}": memo[memo.count] = stack.last
            case "\u{95}": _ = try take(8)
            case "g": try pushMemo(memoIndex(line()))
            case "h": try pushMemo(number(1))
            case "j": try pushMemo(number(4))
            case "c":
                let name = try line() + " " + line()
                guard Self.allowed.contains(name) else { throw refusal(of: name, at: at) }
                stack.append(.name(name))
            case "\u{93}":
                guard case .value(.string(let attribute)) = try pop(), case .value(.string(let module)) = try pop() else {
                    throw fail("a name was expected")
                }
                let name = module + " " + attribute
                guard Self.allowed.contains(name) else { throw refusal(of: name, at: at) }
                stack.append(.name(name))
            case "R": try reduce(at: at)
            case "b": try build()
            default:
                throw PickleError(
                    "pickle, byte \(at): opcode 0x\(String(opcode, radix: 16)) makes or calls an object; only plain data and NumPy arrays are read")
            }
            guard stack.count < 1_000_000 else { throw fail("the stack grows without end") }
        }
    }

    private func refusal(of name: String, at: Int) -> PickleError {
        PickleError(
            "pickle, byte \(at): it wants '\(name.replacing(" ", with: "."))', which is refused: only plain data and NumPy arrays are read, and nothing is executed")
    }

    private func memoIndex(_ text: String) throws -> Int {
        guard let n = Int(text), n >= 0 else { throw fail("'\(text)' is no memo index") }
        return n
    }
    private mutating func pushMemo(_ index: Int) throws {
        guard let item = memo[index] else { throw fail("memo \(index) was never stored") }
        stack.append(item)
    }
    private mutating func pushTuple(_ items: [Item]) throws {
        push(.tuple(try items.map { try resolve($0, depth: 0) }))
    }
    private func pairs(_ items: [Item]) throws -> [(Item, Item)] {
        guard items.count % 2 == 0 else { throw fail("a dictionary has a key without a value") }
        return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
    }

    /// NumPy writes an array as `_reconstruct(ndarray, (0,), 'b')`, then its state.
    private mutating func reduce(at: Int) throws {
        let arguments = try resolve(pop(), depth: 0)
        guard case .name(let name) = try pop(), case .tuple(let values) = arguments else {
            throw PickleError("pickle, byte \(at): it calls something that is no name; only plain data and NumPy arrays are read")
        }
        if name.hasSuffix("_reconstruct") {
            let slot = Slot(list: nil)
            slot.array = PickleValue.none
            stack.append(.slot(slot))
        } else if name == "numpy dtype", case .bytes(let type)? = values.first {
            stack.append(.dtype(String(decoding: type, as: UTF8.self)))
        } else if name == "numpy dtype", case .string(let type)? = values.first {
            stack.append(.dtype(type))
        } else {
            throw refusal(of: name, at: at)
        }
    }

    private mutating func build() throws {
        let state = try pop()
        guard let target = stack.last else { throw fail("the stack is empty") }
        // A dtype's state is its byte order and flags; the byte arrays read here have none.
        if case .dtype = target { return }
        guard case .slot(let slot) = target, slot.array != nil, case .value(.tuple(let parts)) = state, parts.count == 5,
            case .tuple(let sizes) = parts[1], case .string(let type) = parts[2], case .bool(false) = parts[3],
            case .bytes(let bytes) = parts[4]
        else { throw fail("an array in row-major order was expected") }
        let shape = try sizes.map { size -> Int in
            guard case .int(let n) = size, n >= 0 else { throw fail("an array has an impossible size") }
            return n
        }
        slot.array = .array(type: type, shape: shape, bytes: bytes)
    }

    private func resolve(_ item: Item, depth: Int) throws -> PickleValue {
        guard depth < 100 else { throw fail("values are nested over 100 deep") }
        switch item {
        case .value(let value): return value
        case .dtype(let type): return .string(type)
        // Names only ever stand in a call's arguments.
        case .name(let name): return .string(name)
        case .mark: throw fail("a mark stands where a value was expected")
        case .slot(let slot):
            if let array = slot.array { return array }
            if let list = slot.list { return .list(try list.map { try resolve($0, depth: depth + 1) }) }
            var out: [PickleValue: PickleValue] = [:]
            for (key, value) in slot.pairs { out[try resolve(key, depth: depth + 1)] = try resolve(value, depth: depth + 1) }
            return .dictionary(out)
        }
    }
}
