/// What a worker's role of the database may do: look at plans, trials and weights, claim a trial that waits, and say
/// what it found of one that runs. It can neither add, propose, decide nor delete anything, and what is finished no
/// role changes. Of running trials it can say what is not true, whoever has them: one database is one circle of trust.
public enum WorkerRole {
    /// Columns that a claim, a heartbeat and a report write.
    static let written = [
        "state", "held", "ended", "outcome", "checksum", "worker", "token", "lease_until", "reported",
    ]

    /// The statements that give a role these rights, for the owner of the tables to run.
    public static func grants(to role: String) -> String {
        let name = "\"" + role.replacing("\"", with: "\"\"") + "\""
        return """
            GRANT USAGE ON SCHEMA ads TO \(name);
            GRANT SELECT ON ads.migration, ads.trial, ads.shared, ads.blob TO \(name);
            GRANT SELECT (id, name, plan, plan_checksum) ON ads.study TO \(name);
            GRANT UPDATE (\(written.joined(separator: ", "))) ON ads.trial TO \(name);
            """
    }
}
