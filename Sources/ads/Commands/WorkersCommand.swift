import ArgumentParser
import Foundation
import StudyPostgres

/// Prints what starts workers elsewhere, and starts nothing.
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "Print what starts workers of a study with Slurm, Kubernetes or ssh.",
        discussion: """
            Nothing is submitted and no database is asked: read what is printed, change it, and submit it. Each worker gives its \
            child back before it is ended, and ends with the search.

            EXAMPLE
              ads workers slurm --study "postgresql://db.example.org/ads?study=cifar" \\
                --count 16 --time 4:00:00 > workers.sh
            """,
        subcommands: [WorkersSlurmCommand.self, WorkersKubernetesCommand.self, WorkersSSHCommand.self])
}

/// What every launcher is told.
struct LauncherOptions: ParsableArguments {
    @Option(help: "The study: an address, postgresql://user@host/database?study=name.")
    var study: String

    @Option(help: "How many workers; with ssh on each machine.", transform: Whole(1...100_000).parse)
    var count: Int

    @Option(help: "Cores each gets: the search's --child-threads.", transform: Whole.threads.parse)
    var cores = 1

    @Option(help: "Where the data lie on the workers' machines, where not where they are looked for.")
    var dataDir: String?

    /// - Throws: `UsageError` where they cannot be told so.
    func workers(program: String) throws -> LaunchedWorkers {
        guard PostgresAddress.isOne(study) else {
            throw UsageError(
                "--study is an address of PostgreSQL, postgresql://...: workers elsewhere cannot reach a study in a folder"
            )
        }
        let address = try StudyAddress.check(study)
        for (option, text) in [("--data-dir", dataDir ?? "/"), ("--program", program)] {
            guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 }) else {
                throw UsageError("\(option) is empty or holds a control character")
            }
        }
        if let dataDir, !dataDir.hasPrefix("/") {
            throw UsageError("--data-dir \(dataDir): workers start elsewhere, so that a path from the root is needed")
        }
        return LaunchedWorkers(address: address, count: count, cores: cores, dataFolder: dataDir, program: program)
    }
}

struct WorkersSlurmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm", abstract: "Print a batch script: an array of workers for sbatch.",
        discussion: """
            A worker whose time ends gives its child back, and its task queues again until the search has ended.

            EXAMPLE
              ads workers slurm --study "postgresql://db.example.org/ads?study=cifar" \\
                --count 16 --time 4:00:00 > workers.sh
              sbatch workers.sh
            """)

    @OptionGroup var workers: LauncherOptions

    @Option(
        help: "The time limit of a task, as Slurm reads it: 90 (minutes), 4:00:00, 1-12 (days-hours).",
        transform: SlurmTime.parse)
    var time: SlurmTime

    @Option(help: "'ads' on the nodes; where it lies here, without it.")
    var program: String?

    func run() throws {
        let own = Bundle.main.executablePath ?? "ads"
        print(SlurmScript(workers: try workers.workers(program: program ?? own), time: time).text, terminator: "")
    }
}

struct WorkersKubernetesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubernetes", abstract: "Print a Job for kubectl.",
        discussion: """
            Passwords come from a secret, and none is in the manifest. Pods that are evicted or preempted are replaced, and count as \
            no failure.

            EXAMPLE
              ads workers kubernetes \\
                --study "postgresql://db.example.org/ads?study=cifar" --count 16 \\
                --image registry.example.org/ads:1 > job.yaml
              kubectl apply -f job.yaml
            """)

    @OptionGroup var workers: LauncherOptions

    @Option(help: "The image that holds 'ads'.")
    var image: String

    @Option(
        help: "The secret with the keys pgpass and root.crt (the certificate that the server's is checked by).",
        transform: KubernetesJob.name)
    var secret = "ads-database"

    @Option(help: "'ads' in the image.")
    var program = "ads"

    func run() throws {
        guard image.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\/:@-]{0,511}/) != nil else {
            throw UsageError("--image '\(image)' is no image's name, such as registry.example.org/ads:1")
        }
        let job = KubernetesJob(workers: try workers.workers(program: program), image: image, secret: secret)
        print(job.text, terminator: "")
    }
}

struct WorkersSSHCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh", abstract: "Print a shell script that starts workers on machines, and ends them.",
        discussion: """
            The script logs in without asking for anything (BatchMode), so that keys must be there.

            EXAMPLE
              ads workers ssh node1 node2 \\
                --study "postgresql://db.example.org/ads?study=cifar" --count 4 \\
                > workers.sh
              sh workers.sh
            """)

    @Argument(
        help: ArgumentHelp("The machines, as ssh knows them.", valueName: "host"), transform: SSHScript.host)
    var hosts: [String]

    @OptionGroup var workers: LauncherOptions

    @Option(help: "'ads' on the machines.")
    var program = "ads"

    func run() throws {
        print(SSHScript(workers: try workers.workers(program: program), hosts: hosts).text, terminator: "")
    }
}
