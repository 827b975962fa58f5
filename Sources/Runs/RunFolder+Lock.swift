import Files

extension RunFolder {
    /// Calls `body` while no other process trains here: two at once would leave a run that is neither's.
    /// - Throws: `FileError` where another does, at once; what `body` throws.
    package func whileNobodyElseTrains<Result>(_ body: () throws -> Result) throws -> Result {
        try AtomicFile.makeFolder(checkpoints)
        return try FileLock.with(
            checkpoints + "/lock", isNeeded: false,
            waiting: {
                throw FileError(
                    "\(path) is being trained by another process; wait until that ends, or choose another folder with --out"
                )
            }, body)
    }
}
