import ArgumentParser
import ConnectivitySearch
import DenseNetArchitecture
import Evaluation
import Foundation
import ImageData
import Randomness
import Runs
import Strategies
import Studies
import StudyPostgres
import Synchronization
import Training

/// What `Benchmarks/many-machines` measures: claims of many clients, and how busy a lag keeps many workers.
@main struct ManyMachines: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "many-machines", subcommands: [Claims.self, Taking.self, Searching.self, Working.self, Simulated.self])

    /// One line of JSON.
    static func say(_ values: [String: Double]) throws {
        print(String(decoding: try JSONSerialization.data(withJSONObject: values, options: .sortedKeys), as: UTF8.self))
    }
}

/// Sleeps as long as a child might take: lognormal with σ 0.3 about the plan's epochs, taken for seconds.
struct SleepingEvaluator: NamedEvaluator {
    static let name = "sleeping"
    static let help = "sleeps, for benchmarks"
    private let seconds: Double

    init(_ context: EvaluationContext) { seconds = context.plan.settings.epochs }

    /// How much longer than usual a child takes, the same wherever it is evaluated.
    static func factor(_ seed: UInt64) -> Double {
        var random = SeededGenerator(seed: seed, stream: 0x51E)
        return exp(0.3 * random.normal())
    }

    func evaluate(_ connectivity: Connectivity, seed: UInt64, length: Double) throws -> ChildEvaluation {
        let own = connectivity.key.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }
        Thread.sleep(forTimeInterval: seconds * Self.factor(own))
        var random = SeededGenerator(seed: own, stream: 0x51F)
        return ChildEvaluation(accuracy: random.uniform(), loss: 1, images: 1)
    }
}

/// Clients that claim and report as fast as the server answers, each with a connection of its own.
struct Claims: ParsableCommand {
    @Option(help: "The study's address; the study is a new one.") var study: String
    @Option(help: "Clients.") var clients = 16
    @Option(help: "Seconds.") var seconds = 10.0

    func run() throws {
        let address = try PostgresAddress(study)
        let storage = try PostgresStudy(address)
        let ownership = Ownership()
        try storage.own(ownership, for: 86_400, isDead: { _ in false })
        let architecture = try Architecture(named: "densenet-40-12")
        let connectivity = try Network(architecture).connectivity
        let each = 1000
        func add(_ update: Int) throws {
            _ = try storage.add(
                (0..<each).map {
                    Proposal(
                        update: update, position: $0, connectivity: connectivity, macs: 1, parameters: 1,
                        connections: 1, seed: 0)
                }, by: ownership)
        }
        for update in 1...4 { try add(update) }
        let pairs = Atomic(0)
        let left = Atomic(clients)
        let taken = Mutex(Set<Int>())
        let end = Date().addingTimeInterval(seconds)
        let failure = Mutex<(any Error)?>(nil)
        for _ in 0..<clients {
            Thread {
                defer { left.subtract(1, ordering: .relaxed) }
                do {
                    let own = try PostgresStudy(address)
                    while Date() < end {
                        guard let claim = try own.claim(.current, token: Claim.newToken(), for: 90) else {
                            Thread.sleep(forTimeInterval: 0.002)
                            continue
                        }
                        let point = CurvePoint(
                            length: 1, images: 1, accuracy: 0.5, loss: 1, seconds: 1, worker: "\(WorkerIdentity.current)")
                        guard try own.report(claim, .evaluated(point, isLast: true)),
                            taken.withLock({ $0.insert(claim.trial.number).inserted })
                        else { throw ValidationError("trial \(claim.trial.number) was given out twice") }
                        pairs.add(1, ordering: .relaxed)
                    }
                } catch { failure.withLock { $0 = error } }
            }.start()
        }
        var update = 4
        while left.load(ordering: .relaxed) > 0 {
            if pairs.load(ordering: .relaxed) > (update - 2) * each, Date() < end {
                update += 1
                try add(update)
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
        if let error = failure.withLock({ $0 }) { throw error }
        try ManyMachines.say([
            "clients": Double(clients), "pairs a second": Double(pairs.load(ordering: .relaxed)) / seconds,
        ])
    }
}

/// Takes all that waits, and keeps it: other workers then have nothing to do.
struct Taking: ParsableCommand {
    @Option var study: String

    func run() throws {
        let storage = try PostgresStudy(PostgresAddress(study), mustExist: true)
        var count = 0.0
        while try storage.claim(.current, token: Claim.newToken(), for: 3600) != nil { count += 1 }
        try ManyMachines.say(["taken": count])
    }
}

/// A worker that knows how to sleep.
struct Working: ParsableCommand {
    @Option var study: String

    func run() throws {
        Interruption.install()
        try Evaluators.register(SleepingEvaluator.self)
        _ = try StudyWorker(study: study).run()
    }
}

/// A search whose children sleep, with workers as processes.
struct Searching: ParsableCommand {
    @Option(help: "The study's address; the study is a new one.") var study: String
    @Option(help: "The run's folder.") var out: String
    @Option var workers = 4
    @Option var children = 200
    @Option(help: "Children an update.") var each = 5
    @Option var lag = 0
    @Option(help: "Seconds a child sleeps.") var seconds = 0.5

    func run() throws {
        Interruption.install()
        try Evaluators.register(SleepingEvaluator.self)
        let processes = try (0..<workers).map { _ in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
            process.arguments = ["working", "--study", study]
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }
        defer { for process in processes where process.isRunning { process.terminate() } }
        var plan = SearchPlan(
            try Architecture(named: "densenet-22-12"), try Shapes.load(from: nil),
            machine: .current(device: .cpu, kernels: .automatic))
        plan.evaluator = EvaluatorSettings(.init(rawValue: SleepingEvaluator.name))
        (plan.evaluator.epochs, plan.children, plan.top, plan.lag) = (seconds, children, 0, lag)
        plan.agent.childrenPerUpdate = each
        plan.lease = 90
        let configuration = try plan.configuration()
        var search = SearchRun(configuration, plan.data, folder: RunFolder(out))
        search.studyAddress = try PostgresAddress(study)
        search.workers = 0
        // The first quarter is for workers that begin.
        let watch = Watch()
        search.observer = { event in
            guard case .child(let child, let status) = event else { return }
            if status.finished == children / 4 { watch.begin = Date() }
            if status.finished > children / 4 { watch.busy += child.repeatOf == nil ? child.seconds : 0 }
            watch.end = Date()
        }
        _ = try search.run(resume: false)
        for process in processes { process.waitUntilExit() }
        let storage = try PostgresStudy(PostgresAddress(study), mustExist: true)
        let digest = try StudyHistory(storage).digest(strategy: storage.strategy()?.state)
        print("digest \(digest)")
        try ManyMachines.say([
            "workers": Double(workers), "each": Double(each), "lag": Double(lag),
            "efficiency": watch.busy / Double(workers) / watch.end.timeIntervalSince(watch.begin),
        ])
    }

    private final class Watch {
        var (begin, end, busy) = (Date(), Date(), 0.0)
    }
}

/// The same without processes: workers that take the next child at once, updates that are proposed at once.
struct Simulated: ParsableCommand {
    @Option var workers = 4
    @Option var children = 20_000
    @Option(help: "Children an update.") var each = 5
    @Option var lag = 0

    func run() throws {
        var free = [Double](repeating: 0, count: workers)
        // When each update's last child was finished, and those before it were learned from.
        var (learned, busy): ([Double], Double) = ([], 0)
        for update in 0..<children / each {
            let proposed = update > lag ? learned[update - 1 - lag] : 0
            var last = learned.last ?? 0
            for position in 0..<each {
                let seconds = SleepingEvaluator.factor(UInt64(update * each + position))
                let worker = free.indices.min { free[$0] < free[$1] } ?? 0
                free[worker] = max(free[worker], proposed) + seconds
                (busy, last) = (busy + seconds, max(last, free[worker]))
            }
            learned.append(last)
        }
        try ManyMachines.say([
            "workers": Double(workers), "each": Double(each), "lag": Double(lag),
            "efficiency": busy / Double(workers) / (learned.last ?? 1),
        ])
    }
}
