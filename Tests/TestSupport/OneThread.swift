import Testing
import Torch

/// Tests of a suite compute with one thread each: the number is the process's, and other tests set it meanwhile.
public struct OneThread: SuiteTrait, TestTrait, TestScoping {
    public let isRecursive = true
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Runtime.$scopedThreads.withValue(1, operation: function)
    }
}

extension Trait where Self == OneThread {
    /// One thread for all that a test computes.
    public static var oneThread: Self { Self() }
}
