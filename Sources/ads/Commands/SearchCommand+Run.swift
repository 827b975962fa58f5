import ConnectivitySearch
import DenseNetArchitecture
import Files
import Reporting
import Runs
import Strategies

// A search from its options to what it says of what it found.
extension SearchCommand {
    func run() throws {
        try data.cache.apply()
        if workers.workers == 0, study == nil, !resume {
            throw UsageError("--workers 0 leaves the work to other machines, which need --study")
        }
        let console = Console(quiet: output.quiet)
        let folder = RunFolder(out)
        let applied = try machine.apply(resuming: resume)
        var search: SearchRun
        // Begun on another machine.
        if resume, !folder.exists, let address = try address(),
            try !SearchRun.adopt(address, in: folder, dataFolder: data.dataDir), data.data == nil
        {
            throw SearchError("\(address) holds no search that was started; start it without --resume")
        }
        if try continues(resume, folder, data, "search") {
            search = try continued(folder)
        } else {
            let (set, value) = try chosen(
                data, network, refusing: "a search starts from the dense network", of: child.dense)
            for note in set.notes { console.line(note) }
            tellOfConnections(value, network, console)
            search = SearchRun(
                try settings(
                    value.architecture, set, .current(device: applied.device, kernels: applied.kernels), console), set,
                folder: folder)
            search.studyAddress = try address()
        }
        let progress = SearchConsole(console)
        let curves = TensorBoardCurves(folder, asked: self.curves.tensorboard, console)
        search.observer = {
            progress.show($0)
            curves.show($0)
        }
        let c = search.configuration
        (search.workers, search.workerCommand) = workers.processes(for: c, in: folder, threads: machine.threads)
        console.line(
            "searching with \(c.strategy): \(c.budget), \(c.evaluator.kind.rawValue), \(c.target.map { "at most \(grouped($0.limit)) \($0.measure.noun)" } ?? "no target"), \(search.workers == 0 ? "workers elsewhere" : plural(search.workers, "worker")) with \(plural(c.threads, "thread")) each"
        )
        if search.workers == 0 {
            let place = try study ?? folder.address()?.description ?? folder.absolutePath
            console.line("children wait for: ads worker --study \(ShellText.word(place))")
        }
        let result: SearchResult
        do {
            result = try search.run(resume: resume)
        } catch let interrupted as Interrupted {
            curves.keepUp()
            throw interrupted
        }
        try curves.finishSearch()
        if output.json { return try printJSON(result) }
        if let latency = result.latency {
            print(
                "one image takes \(fixed(latency.timed, 3)) ms, timed whole; \(fixed(latency.predicted, 3)) ms by the table, at most \(fixed(latency.target, 3)) ms asked\(latency.timed > latency.target * 1.05 ? ": missed by more than 5%" : "")"
            )
        }
        print(
            """
            best of \(result.children) children (\(result.repeats) repeats): child \(result.child), validated \(percent(result.accuracy))\(c.top > 0 ? " when evaluated again" : "")
            \(grouped(result.parameters)) parameters, \(grouped(result.macs)) MACs (\(percent(result.macsShare)) of dense), \(result.connections) connections
            \(try Network(c.architecture, result.connectivity).drawing)
            saved in \(folder.path); \(c.evaluator.inherits ? "tune" : "train") it in full with: ads retrain \(ShellText.word(folder.path))\(c.evaluator.inherits ? " --inherit" : "")
            """)
    }
}
