import Files
import Reporting

/// A shell script that starts workers on machines by ssh, and one line that stops them.
struct SSHScript {
    /// The workers, `count` a machine.
    var workers: LaunchedWorkers
    /// The machines, as ssh knows them.
    var hosts: [String]

    /// The script.
    var text: String {
        let log = "\(workers.name)-$(hostname)-$k.log"
        let start =
            "k=1; while [ $k -le \(workers.count) ]; do nohup \(ShellText.command(workers.words)) </dev/null >>\"\(log)\" 2>&1 & k=$((k + 1)); done"
        // The shell that runs pkill must not find itself.
        // Other studies' names may begin as this one's.
        let pattern = "[w]orker --study " + Self.literally(workers.address.description) + "( |$)"
        let stop = "pkill -TERM -f \(ShellText.word(pattern)) || [ $? -eq 1 ]"
        return """
            #!/bin/sh
            # \(workers.count) worker\(workers.count == 1 ? "" : "s") of the study \(workers.comment) on each machine: sh THIS-FILE; sh THIS-FILE stop ends them.
            # Each writes to \(log) in the home there. Passwords: ~/.pgpass there, mode 600.
            start=\(ShellText.word(start))
            stop=\(ShellText.word(stop))
            failed=0
            for host in \(ShellText.command(hosts)); do
              if [ "${1:-start}" = stop ]; then
                ssh -o BatchMode=yes -- "$host" "$stop"
              else
                ssh -o BatchMode=yes -- "$host" "$start"
              fi || { echo "$host: ssh or its command failed ($?)" >&2; failed=1; }
            done
            exit $failed

            """
    }

    /// Text that an extended regular expression finds as it is.
    private static func literally(_ text: String) -> String {
        text.map { #".?*+()[]{}|^$\"#.contains($0) ? "\\\($0)" : "\($0)" }.joined()
    }

    /// For `transform:` of an argument: a machine's name as ssh reads it.
    @Sendable static func host(_ text: String) throws -> String {
        guard text.wholeMatch(of: /[A-Za-z0-9_\[][A-Za-z0-9_.:@%\[\]-]{0,254}/) != nil else {
            throw RangeError("a machine as ssh knows it is needed, such as node1 or me@node1")
        }
        return text
    }
}
