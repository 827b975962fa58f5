import Dispatch
import Randomness
import Synchronization

/// Batches made in the background, one after the other, while those before them are computed with.
///
/// Who takes them asks for a few ahead, which bounds the memory. Nothing waits for anything but the next batch, and
/// what was asked for and is not taken is let go of with the queue: there is no thread to stop.
package final class BatchQueue {
    /// Training batches that are asked for beside the one that is computed with: one is ready while one is made.
    package static let ahead = 2

    private let maker: BatchMaker
    private let background = DispatchQueue(label: "ads batches", qos: .userInitiated)
    /// In the order they were asked for.
    private var asked: [PendingBatch] = []

    /// A queue of a maker's batches.
    package init(_ maker: BatchMaker) { self.maker = maker }

    deinit { drop() }

    /// The number of batches that were asked for and not taken yet.
    package var count: Int { asked.count }

    /// Asks for the batch after those asked for before: `BatchMaker.batch` of these.
    package func ask(
        _ indices: ArraySlice<Int>, augmentation random: SeededGenerator? = nil, by augmentation: Augmentation = .crop
    ) {
        let (batch, maker) = (PendingBatch(), maker)
        asked.append(batch)
        background.async { batch.make { try maker.values(indices, random, augmentation) } }
    }

    /// The first batch that was asked for, once it is there; there must be one.
    /// - Throws: what making it throws; `TorchError`.
    package func take() throws -> Batch { try asked.removeFirst().wait().tensors() }

    /// Lets go of all that was asked for.
    package func drop() {
        for batch in asked { batch.cancel() }
        asked = []
    }
}

/// A batch that is being made by one thread and waited for by another.
private final class PendingBatch: Sendable {
    private let result = Mutex<Result<BatchValues, any Error>?>(nil)
    private let isCancelled = Atomic<Bool>(false)
    private let done = DispatchGroup()

    init() { done.enter() }

    func make(_ body: () throws -> BatchValues) {
        defer { done.leave() }
        guard !isCancelled.load(ordering: .relaxed) else { return }
        let made = Result { try body() }
        result.withLock { $0 = made }
    }

    /// Spares whoever has not begun to make it the work.
    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    func wait() throws -> BatchValues {
        done.wait()
        guard let made = result.withLock({ $0.take() }) else {
            throw DataError("a batch was let go of and then asked for")
        }
        return try made.get()
    }
}

extension BatchMaker {
    /// Calls `body` with the batch of each chunk of indices in turn, the next of which is made meanwhile.
    package func each(
        _ chunks: [ArraySlice<Int>], _ body: (_ indices: ArraySlice<Int>, _ batch: Batch) throws -> Void
    ) throws {
        let queue = BatchQueue(self)
        if let first = chunks.first { queue.ask(first) }
        for (number, chunk) in chunks.enumerated() {
            let batch = try queue.take()
            if number + 1 < chunks.count { queue.ask(chunks[number + 1]) }
            try body(chunk, batch)
        }
    }
}
