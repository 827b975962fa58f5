import CTorch

/// The outputs of a function with a gradient of its own, made by Swift closures.
///
/// `forward` runs once, unrecorded. `backward` receives one gradient per output (`nil` where none arrived) and returns
/// one per input (`nil` for none); it runs on the thread that calls `Tensor.backward()` when everything is on the CPU,
/// on libtorch's thread for a GPU, and must not wait for the caller. It may hold on to any tensor, the outputs
/// included.
/// - Throws: what `forward` throws. What `backward` throws comes out of `Tensor.backward()` as a `TorchError`.
public func customFunction(
    _ name: String, inputs: [Tensor], forward: () throws -> [Tensor],
    backward: @escaping ([Tensor?]) throws -> [Tensor?]
) throws -> [Tensor] {
    let outputs = try withoutGrad(forward)
    let context = Unmanaged.passRetained(BackwardContext(name: name, inputs: inputs.count, body: backward))
    var results = [OpaquePointer?](repeating: nil, count: outputs.count)
    try check(name, inputs) {
        ct_custom_function(
            handles(inputs), Int32(inputs.count), handles(outputs), Int32(outputs.count), context.toOpaque(),
            runBackward, { if let held = $0 { Unmanaged<BackwardContext>.fromOpaque(held).release() } }, &results)
    }
    return try results.map { try Tensor(taking: $0, name, inputs) }
}

/// What the graph keeps until the gradient is no longer needed.
private final class BackwardContext {
    let name: String
    let inputs: Int
    let body: ([Tensor?]) throws -> [Tensor?]
    init(name: String, inputs: Int, body: @escaping ([Tensor?]) throws -> [Tensor?]) {
        self.name = name
        self.inputs = inputs
        self.body = body
    }
}

/// The C callback: borrowed gradients in, owned gradients out.
private func runBackward(
    _ pointer: UnsafeMutableRawPointer?, _ incoming: UnsafePointer<OpaquePointer?>?, _ incomingCount: Int32,
    _ outgoing: UnsafeMutablePointer<OpaquePointer?>?, _ outgoingCount: Int32, _ message: UnsafeMutablePointer<CChar>?,
    _ messageBytes: Int
) -> Int32 {
    guard let pointer, let outgoing else { return 1 }
    let context = Unmanaged<BackwardContext>.fromOpaque(pointer).takeUnretainedValue()
    do {
        let grads = try (0..<Int(incomingCount)).map { i -> Tensor? in
            guard let grad = incoming?[i] else { return nil }
            return try Tensor(taking: ct_clone_handle(grad), context.name, [])
        }
        let results = try withoutGrad { try context.body(grads) }
        precondition(
            results.count == context.inputs, "\(context.name): \(results.count) gradients for \(context.inputs) inputs")
        for (i, result) in results.enumerated() where i < Int(outgoingCount) {
            if let result {
                guard let owned = ct_clone_handle(result.handle) else { throw TorchError.last(context.name, [result]) }
                outgoing[i] = owned
            }
        }
        return 0
    } catch {
        if let message, messageBytes > 0 {
            let text = Array("\(context.name), backward: \(error)".utf8.prefix(messageBytes - 1))
            for (i, byte) in text.enumerated() { message[i] = CChar(bitPattern: byte) }
            message[text.count] = 0
        }
        return 1
    }
}
