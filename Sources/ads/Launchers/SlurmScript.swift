import Files
import Reporting

/// A batch script for Slurm: an array of workers that queue again when their time ends before the search does.
///
/// - The signal before the limit goes to the script alone (`B:`), which asks its worker to end; the child waits for
///   another worker, and the task for its next turn. https://slurm.schedmd.com/sbatch.html#OPT_signal
/// - Preemption, `scancel` and the limit itself send TERM to every process of a task, so that the script passes none
///   on: a second TERM would end a worker at once, with its child. Who cancels does not want the task again.
/// - `exit 130` is a worker that was stopped before the search ended.
struct SlurmScript {
    /// The workers.
    var workers: LaunchedWorkers
    /// The time limit of a task as Slurm has it.
    var time: SlurmTime

    /// Seconds before the limit at which a worker gives its child back. Slurm may send a signal 60 seconds early, and
    /// looks once a minute.
    static let notice = 120

    /// The script.
    var text: String {
        """
        #!/bin/bash
        # \(workers.count) worker\(workers.count == 1 ? "" : "s") of the study \(workers.comment). Submit it: sbatch THIS-FILE
        # What sbatch is told (--partition=, --account=, --array=) goes before what stands here.
        #SBATCH --job-name=\(workers.name)
        #SBATCH --array=1-\(workers.count)
        #SBATCH --time=\(time.text)
        #SBATCH --cpus-per-task=\(workers.cores)
        #SBATCH --requeue
        #SBATCH --open-mode=append
        #SBATCH --signal=B:USR1@\(Self.notice)

        # USR1: the time limit is near. TERM, from preemption or scancel, reaches the worker by itself.
        limit=false stopped=false
        trap 'limit=true; kill -TERM "$worker" 2>/dev/null' USR1
        trap 'stopped=true' TERM

        \(ShellText.command(workers.words)) &
        worker=$!
        # A signal ends a wait before the worker ends; the last one gives the worker's status, again if it has.
        wait "$worker"
        while kill -0 "$worker" 2>/dev/null; do wait "$worker"; done
        wait "$worker"
        status=$?
        # The child waits for another worker, and this task for its next turn.
        if [ "$status" -eq 130 ] && $limit && ! $stopped; then
          scontrol requeue "${SLURM_JOB_ID}"
          exit 0
        fi
        exit "$status"

        """
    }
}

/// A time limit as Slurm reads it: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes or
/// days-hours:minutes:seconds.
struct SlurmTime: Equatable {
    /// As it was typed.
    let text: String
    /// In seconds.
    let seconds: Int

    /// For `transform:` of an option.
    @Sendable static func parse(_ text: String) throws -> SlurmTime {
        let needed = RangeError("a time of Slurm's such as 90, 4:00:00 or 1-12 (days-hours) is needed, up to a year")
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        let parts = halves[halves.count - 1].split(separator: ":", omittingEmptySubsequences: false)
        let numbers = (halves.count == 2 ? [halves[0]] : []) + parts
        let values = numbers.compactMap { part in
            part.utf8.count <= 6 && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        guard halves.count <= 2, parts.count <= 3, values.count == numbers.count else { throw needed }
        let units: [Int] =
            switch (halves.count, parts.count) {
            case (2, _): Array([86_400, 3600, 60, 1].prefix(1 + parts.count))
            case (_, 1): [60]
            case (_, 2): [60, 1]
            default: [3600, 60, 1]
            }
        let seconds = zip(values, units).reduce(0) { $0 + $1.0 * $1.1 }
        guard seconds <= 366 * 86_400 else { throw needed }
        guard seconds > 2 * SlurmScript.notice else {
            throw RangeError(
                "workers give their children back \(SlurmScript.notice) seconds before the limit; over \(2 * SlurmScript.notice / 60) minutes are needed"
            )
        }
        return SlurmTime(text: text, seconds: seconds)
    }
}
