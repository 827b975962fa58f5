import DenseNetArchitecture
import Studies
import Training

/// What a search keeps in mind of the study, so that a study of thousands is not read anew for every child.
struct Scoreboard {
    /// The trial of each network that was paid for. What layers read that nothing reads makes no other network.
    private var known: [[Network.Block]: Int] = [:]
    private let architecture: Architecture
    /// The last trial's number.
    private(set) var lastNumber = 0
    /// Children paid for in finished updates.
    private(set) var paid = 0
    /// Training images that were seen by then: before the first child, by the children and by the strategy.
    private(set) var images = 0
    /// Children paid for and finished.
    private(set) var finished = 0
    /// Training images they saw.
    private var childImages = 0
    /// The best of them, and the seconds the last few took.
    private(set) var best: Child?
    private var recent: [Double] = []
    /// Children that each update pays for.
    private var promises: [Int: Int] = [:]
    /// Trials whose end was told.
    private var told: Set<Int> = []
    /// The machines' failures so far.
    var failures = MachineFailures()
    /// The last update's record.
    private(set) var last: UpdateRecord?
    /// When this process began, and how many children were finished by then.
    let began = ContinuousClock.now
    private var finishedBefore = 0

    /// What a study holds, of which so many updates are finished.
    init(_ history: StudyHistory, updates: Int) {
        architecture = history.configuration.architecture
        for trial in history.trials {
            add(trial.number, trial.proposal)
            if trial.proposal.update <= updates { forget(trial) }
            if trial.state.isFinished { told.insert(trial.number) }
        }
        _ = failures.look(at: history.trials)
        images = history.configuration.imagesBefore ?? 0
        finish(history.trials.filter { $0.proposal.again == nil && $0.proposal.update <= updates }, images: 0)
        images += history.updates.reduce(0) { $0 + ($1.images ?? 0) }
        for child in history.children { finish(child) }
        finishedBefore = finished
        last = history.updates.last
    }

    /// A trial was recorded.
    mutating func add(_ number: Int, _ proposal: Proposal) {
        lastNumber = max(lastNumber, number)
        guard proposal.again == nil, proposal.repeatOf == nil else { return }
        promises[proposal.update, default: 0] += 1
        guard let blocks = blocks(proposal.connectivity) else { return }
        if known[blocks] == nil { known[blocks] = number }
    }

    /// Children that are proposed and paid for in the updates from one on.
    func promised(from update: Int) -> Int { promises.reduce(0) { $1.key >= update ? $0 + $1.value : $0 } }

    /// Whether a finished trial's end was not told; then it is now.
    mutating func isNews(_ trial: Trial) -> Bool { told.insert(trial.number).inserted }

    /// The trial of a connectivity's network, where it was paid for.
    func trial(of connectivity: Connectivity) -> Int? { blocks(connectivity).flatMap { known[$0] } }

    private func blocks(_ connectivity: Connectivity) -> [Network.Block]? {
        try? Network(architecture, connectivity).blocks
    }

    /// What failed is not known: the same network is tried again when it is proposed again.
    mutating func forget(_ trial: Trial) {
        guard trial.state == .failed, let blocks = blocks(trial.proposal.connectivity) else { return }
        if known[blocks] == trial.number { known[blocks] = nil }
    }

    /// The strategy learned from an update.
    mutating func learned(_ record: UpdateRecord) { last = record }

    /// An update's trials were finished, for which the strategy itself saw so many images.
    mutating func finish(_ update: [Trial], images own: Int) {
        paid += update.count { $0.proposal.repeatOf == nil }
        let seen = update.reduce(0) { $0 + $1.images }
        childImages += seen
        images += seen + own
        for trial in update { forget(trial) }
    }

    /// The most children that may be paid for after the finished updates.
    func remaining(_ configuration: SearchConfiguration) -> Int {
        let children = configuration.children - paid
        guard let budget = configuration.imageBudget else { return children }
        // What children saw so far tells what the next will see; the first update is paid whole.
        let each = Double(childImages) / Double(max(1, paid))
        guard each > 0 else { return images < budget ? children : 0 }
        // Children that hardly see any leave more than an `Int` holds.
        let left = Double(max(0, budget - images)) / each
        return left < Double(children) ? Int(left) : children
    }

    /// A child was finished.
    mutating func finish(_ child: Child) {
        guard child.repeatOf == nil else { return }
        finished += 1
        recent = recent.suffix(9) + [child.seconds]
        best = best.map { Search.ranked([$0, child])[0] } ?? child
    }

    /// Where the search is, for who watches.
    /// - Parameter workers: how many evaluate side by side.
    func status(
        _ configuration: SearchConfiguration, workers: Int, at now: ContinuousClock.Instant = .now
    ) -> SearchStatus {
        // Mean seconds a child of the last few.
        let pace = recent.reduce(0, +) / Double(max(1, recent.count))
        let remaining = remaining(configuration)
        // With a budget of images nobody knows before the first children saw some.
        let toCome = remaining > .max / 2 ? nil : paid + max(remaining, finished - paid)
        // The longer evaluations of children that are not trained are something else; what they take the first will
        // tell.
        let longer = configuration.top * configuration.reevaluationSeeds
        let isKnown = ![.masked, .shared].contains(configuration.evaluator.kind)
        let again = isKnown ? Double(longer) * configuration.reevaluationLength : 0
        let minutes = (now - began).seconds / 60
        return SearchStatus(
            finished: finished, of: toCome, images: images, best: best, last: last,
            childrenPerMinute: Double(finished - finishedBefore) / max(minutes, 1e-9),
            secondsLeft: toCome.map { pace * (Double(max(0, $0 - finished)) + again) / Double(workers) },
            longerAfter: isKnown ? 0 : longer,
            isByLoss: configuration.evaluator.reward == .loss)
    }
}
