import Files
import Foundation
import PickleFiles
import WeightFiles

/// The tensors a pickle of `torch.save` names: where each lies in which storage.
struct StateDict {
    /// Elements in a row, which tensors look into.
    struct Storage: Equatable {
        let key: String
        /// The element type as safetensors spells it.
        let type: String
        /// Elements.
        let count: Int
        let byteCount: Int
    }
    /// A tensor as a view of a storage: counted in elements.
    private struct View {
        let storage: Storage
        let offset: Int
        let shape: [Int]
        let strides: [Int]
    }

    /// The storages that its tensors need, by key.
    private var storages: [String: Storage] = [:]
    /// All storages that the pickle names, those of an optimizer too.
    private(set) var allStorages: [String: Storage] = [:]
    private var views: [(name: String, view: View)] = []
    /// The checkpoint's key; `nil` where the file is the state dict itself.
    private(set) var key: String?
    /// What is no tensor of the state dict.
    private(set) var leftOut: [String] = []

    /// The types of elements that storages have; a GPU's are written under another module.
    static let storages: [String: String] = {
        let types = [
            "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64",
            "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
            "BoolStorage": "BOOL",
        ]
        return Dictionary(
            uniqueKeysWithValues: types.flatMap { [("torch \($0.key)", $0.value), ("torch.cuda \($0.key)", $0.value)] })
    }()
    /// Where checkpoints keep the state dict, the most usual first.
    private static let keys = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights"]

    /// Reads what the pickle says.
    /// - Throws: `FileError` with a clause.
    init(_ calls: PickleCalls) throws {
        let nodes = calls.nodes
        for identity in nodes.persistent {
            guard let (storage, _) = try? storage(nodes, identity) else { continue }
            allStorages[storage.key] = storage
        }
        guard let root = nodes.dictionary(calls.root) else {
            throw FileError("it holds no dictionary of tensors, as a state dict is; write one with torch.save")
        }
        func isTensor(_ node: Int) -> Bool {
            if case .call = nodes[node] { Self.tensor(nodes, node) != nil } else { false }
        }
        var entries = root
        if !root.pairs.contains(where: { isTensor($0.1) && nodes.text($0.0) != nil }) || root.holds(Self.keys, nodes) {
            let found = Self.keys.lazy.compactMap { key -> (String, [Int])? in
                guard let pair = root.pairs.last(where: { nodes.text($0.0) == key }),
                    let inner = nodes.dictionary(pair.1)
                else { return nil }
                return (key, inner)
            }.first
            guard let found else {
                throw FileError(
                    "it holds no state dict: of its keys (\(Self.list(root.pairs.map { nodes.text($0.0) ?? "?" }))) none is one of \(Self.keys.joined(separator: ", "))"
                )
            }
            (key, entries) = found
            leftOut = root.pairs.compactMap { nodes.text($0.0) }.filter { $0 != found.0 }
        }
        var names: Set<String> = []
        for (name, value) in entries.pairs {
            guard let text = nodes.text(name) else {
                throw FileError("a name in its state dict is no text of up to \(PickleNodes.longestName) bytes")
            }
            guard names.insert(text).inserted else { throw FileError("'\(text.inSentence)' is in it twice") }
            guard let call = Self.tensor(nodes, value) else {
                leftOut.append(text)
                continue
            }
            do { views.append((text, try view(nodes, call))) } catch {
                throw FileError("'\(text.inSentence)' \(error)")
            }
        }
    }

    /// The arguments of the call that makes a tensor; `nil` for anything else.
    private static func tensor(_ nodes: PickleNodes, _ node: Int) -> [Int]? {
        guard case .call(let function, let arguments) = nodes[node], case .name(let name) = nodes[function],
            let values = nodes.tuple(arguments), let first = values.first
        else { return nil }
        switch name {
        case "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor": return values
        case "torch._utils _rebuild_parameter":
            // A parameter within a parameter is none.
            guard case .call(let inner, let arguments) = nodes[first], case .name(let name) = nodes[inner],
                name != "torch._utils _rebuild_parameter", name.hasPrefix("torch._utils _rebuild_tensor")
            else { return nil }
            return nodes.tuple(arguments)
        default: return nil
        }
    }

    /// A tensor from storage, offset, sizes and strides.
    private mutating func view(_ nodes: PickleNodes, _ arguments: [Int]) throws -> View {
        guard arguments.count >= 4, case .persistent(let identity) = nodes[arguments[0]],
            let offset = nodes.int(arguments[1]), let shape = nodes.tuple(arguments[2])?.map({ nodes.int($0) ?? -1 }),
            let strides = nodes.tuple(arguments[3])?.map({ nodes.int($0) ?? -1 })
        else { throw FileError("is no tensor of a storage") }
        let (storage, shift) = try self.storage(nodes, identity)
        guard storages.updateValue(storage, forKey: storage.key) ?? storage == storage else {
            throw FileError("needs storage '\(storage.key.inSentence)' to be of another type or size than others do")
        }
        guard shape.count == strides.count, shape.count <= 64,
            (shape + strides + [offset, shift]).allSatisfy({ $0 >= 0 })
        else { throw FileError("has impossible sizes") }
        let impossible = FileError("reaches behind its storage of \(storage.count) elements")
        var (last, overflows) = offset.addingReportingOverflow(shift)
        var count = 1
        for (size, stride) in zip(shape, strides) where size > 1 {
            let (step, first) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, second) = last.addingReportingOverflow(step)
            let (product, third) = count.multipliedReportingOverflow(by: size)
            (last, count, overflows) = (sum, product, overflows || first || second || third)
        }
        guard !overflows, shape.contains(0) || last < storage.count else { throw impossible }
        // One element read for many would make much of a small file.
        guard count <= storage.count || shape.contains(0) else {
            throw FileError("of \(shape) has more elements than its storage's \(storage.count)")
        }
        // An empty tensor may say that it begins anywhere.
        let start = shape.contains(0) ? 0 : offset + shift
        return View(storage: storage, offset: start, shape: shape, strides: strides)
    }

    /// A storage from `('storage', type, key, location, elements)`, in the legacy container with a part of it:
    /// `(key, offset, elements)`; and where in it the tensor's begins.
    private func storage(_ nodes: PickleNodes, _ identity: Int) throws -> (Storage, shift: Int) {
        guard let parts = nodes.tuple(identity), parts.count >= 5, nodes.text(parts[0]) == "storage",
            case .name(let name) = nodes[parts[1]], let type = Self.storages[name], let key = nodes.text(parts[2]),
            let count = nodes.int(parts[4])
        else { throw FileError("has a storage that is not one of torch.save") }
        var shift = 0
        if parts.count > 5, let part = nodes.tuple(parts[5]), part.count == 3 {
            guard let start = nodes.int(part[1]) else { throw FileError("has a storage that is no part of another") }
            shift = start
        }
        guard count >= 0, let bytes = try? StoredTensor.byteCount(type: type, shape: [count]) else {
            throw FileError("has a storage of \(count) elements")
        }
        return (Storage(key: key, type: type, count: count, byteCount: bytes), shift)
    }

    /// The tensors, each in row-major order, once every storage's bytes are known to have its size.
    /// - Throws: `FileError` with a clause.
    func tensors(_ bytes: (Storage) throws -> Data) throws -> [String: StoredTensor] {
        var contents: [String: Data] = [:]
        for (key, storage) in storages {
            let data = try bytes(storage)
            guard data.count == storage.byteCount else {
                throw FileError(
                    "storage '\(key.inSentence)' has \(data.count) bytes where its tensors need \(storage.byteCount)")
            }
            contents[key] = data
        }
        // Any number of tensors may look into one storage, and whoever uses them may copy each.
        let held = contents.values.reduce(0) { $0 + $1.count }
        let most = 2 * held + (64 << 20)
        var total = 0
        var tensors: [String: StoredTensor] = [:]
        for (name, view) in views {
            guard let data = contents[view.storage.key] else { continue }
            let size = view.storage.count == 0 ? 0 : view.storage.byteCount / view.storage.count
            let gather = Gather(shape: view.shape, strides: view.strides, elementBytes: size)
            total += gather.count * size
            guard total <= most else {
                throw FileError("its tensors are \(total) bytes and more, over twice what its storages hold")
            }
            tensors[name] = StoredTensor(
                type: view.storage.type, shape: view.shape, bytes: gather.rowMajor(data, from: view.offset * size))
        }
        return tensors
    }

    /// The first of some names, and how many more there are.
    private static func list(_ names: [String]) -> String {
        let first = names.prefix(8).map(\.inSentence).joined(separator: ", ")
        return names.count > 8 ? "\(first) and \(names.count - 8) more" : first
    }
}

extension [Int] {
    /// Whether one of some keys of these pairs has a dictionary, which is then what is meant.
    fileprivate func holds(_ keys: [String], _ nodes: PickleNodes) -> Bool {
        pairs.contains { pair in
            guard let name = nodes.text(pair.0), keys.contains(name) else { return false }
            return nodes.dictionary(pair.1) != nil
        }
    }
}
