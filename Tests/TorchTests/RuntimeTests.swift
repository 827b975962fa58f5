import Testing

@testable import Torch

@Suite struct RuntimeTests {
    /// Whatever the rest of the process does meanwhile, and no longer than the work.
    @Test func threadsOfOnePieceOfWorkAlone() throws {
        let before = Runtime.threads
        try Runtime.withThreads(3) {
            Runtime.setKernelThreads(before)
            #expect(Runtime.threads == 3)
            try Runtime.withThreads(5) { #expect(Runtime.threads == 5) }
            #expect(Runtime.threads == 3)
        }
        #expect(Runtime.threads == before)
        for count in [0, -1, 1025, .max] {
            #expect(throws: ThreadsError.self) { try Runtime.withThreads(count) {} }
        }
    }
}
