/// What makes a process a study's only search: it proves every write with it.
public struct Ownership: Sendable, Hashable {
    /// The process.
    public let owner: WorkerIdentity
    /// Made by the search; never used before.
    public let token: String

    /// A fresh one.
    public init(_ owner: WorkerIdentity = .current, token: String = Claim.newToken()) {
        (self.owner, self.token) = (owner, token)
    }
}

/// Who searches a study, as a value: every event in either state. Storages keep it as they keep trials' lives.
public struct OwnerLife: Sendable, Hashable {
    /// An owner and the end of its lease, in seconds of the storage's clock.
    public struct Lease: Sendable, Hashable {
        /// The owner; its token is empty in studies of older versions, which had none, and proves nothing.
        public var ownership: Ownership
        /// The end.
        public var until: Double

        /// A lease.
        public init(_ ownership: Ownership, until: Double) { (self.ownership, self.until) = (ownership, until) }
    }

    /// The lease, where the study is owned.
    public private(set) var lease: Lease?

    /// As a storage wrote it.
    public init(_ lease: Lease? = nil) { self.lease = lease }

    /// Whether a search may write. A lease that ran out still proves it: the study is lost when another takes it, not
    /// before.
    public func proves(_ ownership: Ownership) -> Bool {
        !ownership.token.isEmpty && lease?.ownership.token == ownership.token
    }

    /// A search wants the study; refused while another holds a lease that runs and is not known to be dead.
    public mutating func owned(
        by ownership: Ownership, at now: Double, until: Double, isDead: (WorkerIdentity) -> Bool
    ) -> TrialLife.Answer {
        guard !ownership.token.isEmpty else { return .refused }
        if let lease, !proves(ownership), lease.until >= now, !isDead(lease.ownership.owner) { return .refused }
        lease = Lease(ownership, until: until)
        return .changed
    }

    /// The search lives.
    public mutating func extended(_ ownership: Ownership, until: Double) -> TrialLife.Answer {
        guard proves(ownership) else { return .refused }
        lease?.until = until
        return .changed
    }

    /// The search ends.
    public mutating func disowned(_ ownership: Ownership) -> TrialLife.Answer {
        guard proves(ownership) else { return .refused }
        lease = nil
        return .changed
    }
}
