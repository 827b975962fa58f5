import CTorch
import Synchronization

/// libtorch's global settings.
public enum Runtime {
    /// libtorch's version, e.g. "2.13.0".
    public static var version: String { String(cString: ct_torch_version()) }

    /// The instruction set libtorch picked for this processor, e.g. "AVX512".
    public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

    /// What `setThreads` was given; 0 before.
    private static let wantedThreads = Atomic<Int>(0)

    /// The threads that only the work inside of `withThreads` computes with, in this task alone.
    @TaskLocal package static var scopedThreads: Int?

    /// The threads to compute with; libtorch's own number until it is set.
    public static var threads: Int {
        if let scopedThreads { return scopedThreads }
        let wanted = wantedThreads.load(ordering: .relaxed)
        return wanted > 0 ? wanted : Int(ct_num_threads())
    }

    /// Sets the threads to compute with, libtorch's too.
    /// - Throws: `ThreadsError` for a number that is none of a machine's; `TorchError` when libtorch refuses it.
    public static func setThreads(_ count: Int) throws {
        guard 1...1024 ~= count else { throw ThreadsError(count: count) }
        wantedThreads.store(count, ordering: .relaxed)
        try setLibtorchThreads(count)
    }

    /// Computes with a number of threads of its own, whatever the rest of the process computes with.
    /// - Throws: `ThreadsError` for a number that is none of a machine's; what the work throws.
    public static func withThreads<Result>(_ count: Int, _ work: () throws -> Result) throws -> Result {
        guard 1...1024 ~= count else { throw ThreadsError(count: count) }
        return try $scopedThreads.withValue(count, operation: work)
    }

    /// Sets the threads of our kernels alone, whose results are the same bits at any number; from any thread, at any
    /// time.
    public static func setKernelThreads(_ count: Int) { wantedThreads.store(count, ordering: .relaxed) }

    /// Sets the threads of libtorch's operations alone. After each operation they look for more to do for milliseconds,
    /// on the cores that our kernels compute on: beside those, one is faster.
    /// - Throws: `TorchError` when libtorch refuses the number.
    public static func setLibtorchThreads(_ count: Int) throws {
        if ct_num_threads() != Int32(count) { try check("set_num_threads", []) { ct_set_num_threads(Int32(count)) } }
    }

    /// Makes the allocator keep large freed blocks for the next step; a tenth of a training step on Linux.
    public static func keepFreedMemory() { ct_keep_freed_memory() }

    /// Seeds libtorch's default generators, which dropout draws from.
    public static func seed(_ seed: UInt64) throws { try check("manual_seed", []) { ct_manual_seed(seed) } }

    /// Has cuDNN take the algorithms that give the same bits every time.
    public static func beDeterministic() throws { try check("deterministic", []) { ct_set_deterministic(true) } }

    /// The state of the default CPU generator, to store in a checkpoint.
    public static func generatorState() throws -> [UInt8] {
        try Tensor(taking: ct_default_generator_state(), "generator_state", []).bytes()
    }

    /// Restores the state of the default CPU generator.
    public static func setGeneratorState(_ state: [UInt8]) throws {
        let tensor = try Tensor(state, [state.count])
        try check("set_generator_state", []) { ct_default_generator_set_state(tensor.handle) }
    }
}

/// Throws what libtorch reported when a status is not zero.
func check(_ operation: String, _ operands: @autoclosure () -> [Tensor], _ body: () -> Int32) throws {
    if body() != 0 { throw TorchError.last(operation, operands()) }
}

/// A number of threads that no machine computes with.
public struct ThreadsError: Error, Equatable, CustomStringConvertible {
    /// The number.
    public let count: Int

    public var description: String { "\(count) threads; 1 to 1024 are possible" }
}
