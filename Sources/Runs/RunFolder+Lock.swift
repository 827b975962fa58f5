import Files

extension RunFolder {
    /// Calls `body` while no other process trains here: two at once would leave a run that is neither's.
    /// - Throws: `FileError` where another does; what `body` throws.
    package func whileNobodyElseTrains<Result>(_ body: () throws -> Result) throws -> Result {
        try AtomicFile.makeFolder(checkpoints)
        var tries = 0
        return try FileLock.with(
            trainingLock, isNeeded: false,
            waiting: {
                // A fifth of a second: who only asks whether somebody trains touches the lock, too.
                tries += 1
                guard tries > 10 else { return }
                throw FileError(
                    "\(path) is being trained by another process; wait until that ends, or choose another folder with --out"
                )
            }, body)
    }

    /// Whether a process trains here; `true` where that cannot be known.
    package var isBeingTrained: Bool { FileLock.isHeld(trainingLock) }

    private var trainingLock: String { checkpoints + "/lock" }
}
