import Files

/// The tables of all studies of a database, in a schema of their own, `ads`; entries are only ever added.
enum PostgresSchema {
    /// The first key of the advisory lock that keeps two programs from making them at once; any number that others do
    /// not use.
    private static let lock = 0x6164_7331

    private static let migrations = [
        // 1: studies with plan, owner and strategy; trials; updates. Names as in the SQLite file.
        """
        CREATE TABLE ads.study (
            id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 200),
            made timestamptz NOT NULL DEFAULT now(),
            plan text, plan_checksum text,
            owner text, owner_token text, owner_until float8,
            state bytea, progress text, state_checksum text,
            CHECK ((plan IS NULL) = (plan_checksum IS NULL)),
            CHECK (num_nulls(owner, owner_token, owner_until) IN (0, 3)),
            CHECK (num_nulls(state, progress, state_checksum) IN (0, 3)))
        """,
        """
        CREATE TABLE ads.trial (
            study int8 NOT NULL REFERENCES ads.study ON DELETE CASCADE, number int8 NOT NULL CHECK (number > 0),
            update_number int8 NOT NULL, position int8 NOT NULL,
            state text NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'COMPLETE', 'PRUNED', 'FAILED')),
            held boolean NOT NULL, lost int8 NOT NULL, ended text, proposal text NOT NULL, outcome text NOT NULL,
            checksum text NOT NULL, worker text, token text, lease_until float8, reported text,
            PRIMARY KEY (study, number), UNIQUE (study, update_number, position),
            CHECK ((state = 'RUNNING') = (token IS NOT NULL)),
            CHECK ((token IS NULL) = (worker IS NULL) AND (token IS NULL) = (lease_until IS NULL)))
        """,
        "CREATE INDEX trial_waiting ON ads.trial (study, number) WHERE state = 'WAITING' AND NOT held",
        "CREATE UNIQUE INDEX trial_token ON ads.trial (study, token) WHERE token IS NOT NULL",
        """
        CREATE TABLE ads.learning (
            study int8 NOT NULL REFERENCES ads.study ON DELETE CASCADE, update_number int8 NOT NULL CHECK (update_number > 0),
            json text NOT NULL, checksum text NOT NULL, PRIMARY KEY (study, update_number))
        """,
        """
        CREATE TABLE ads.shared (
            study int8 NOT NULL REFERENCES ads.study ON DELETE CASCADE, name text NOT NULL, files text NOT NULL,
            PRIMARY KEY (study, name))
        """,
        """
        CREATE TABLE ads.blob (
            study int8 NOT NULL REFERENCES ads.study ON DELETE CASCADE, digest text NOT NULL CHECK (octet_length(digest) = 64),
            part int8 NOT NULL, bytes bytea NOT NULL CHECK (octet_length(bytes) <= 1048576),
            PRIMARY KEY (study, digest, part))
        """,
        // Weights do not get smaller.
        "ALTER TABLE ads.blob ALTER COLUMN bytes SET STORAGE EXTERNAL",
        """
        CREATE FUNCTION ads.trial_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                RAISE EXCEPTION 'a finished trial never changes';
            ELSIF EXISTS (SELECT FROM ads.study WHERE id = OLD.study) THEN
                RAISE EXCEPTION 'a trial disappears with its study alone';
            END IF;
            RETURN OLD;
        END $$
        """,
        // Who may add no trials is a worker: it takes what waits for one, and says what it found of what runs.
        """
        CREATE FUNCTION ads.worker_works() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF has_table_privilege(current_user, TG_RELID, 'INSERT') THEN
                RETURN NEW;
            ELSIF OLD.state = 'WAITING' AND (OLD.held OR NEW.state <> 'RUNNING'
                OR (NEW.held, NEW.ended, NEW.outcome, NEW.checksum, NEW.reported)
                    IS DISTINCT FROM (OLD.held, OLD.ended, OLD.outcome, OLD.checksum, OLD.reported)) THEN
                RAISE EXCEPTION 'permission denied: a worker claims trials that wait, and changes nothing else of them'
                    USING ERRCODE = '42501';
            ELSIF NEW.lease_until > extract(epoch FROM clock_timestamp()) + 604800 OR octet_length(NEW.worker) > 4096
                OR octet_length(NEW.token) > 200 OR octet_length(NEW.reported) > 200 OR octet_length(NEW.checksum) > 200
                OR octet_length(NEW.outcome) > 4194304 THEN
                RAISE EXCEPTION 'permission denied: no worker writes so much, or claims a trial for so long'
                    USING ERRCODE = '42501';
            END IF;
            RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER workers_work BEFORE UPDATE ON ads.trial FOR EACH ROW EXECUTE FUNCTION ads.worker_works()",
        """
        CREATE TRIGGER finished_trials_never_change BEFORE UPDATE ON ads.trial FOR EACH ROW
            WHEN (OLD.state IN ('COMPLETE', 'PRUNED', 'FAILED')) EXECUTE FUNCTION ads.trial_stays()
        """,
        "CREATE TRIGGER trials_stay BEFORE DELETE ON ads.trial FOR EACH ROW EXECUTE FUNCTION ads.trial_stays()",
    ]
    /// Of each version, how many of the statements it has in all.
    private static let versions = [migrations.count]

    /// The version a database has; 0 without one.
    static func version(_ connection: PostgresConnection) throws -> Int {
        guard try connection.run("SELECT to_regclass('ads.migration') IS NOT NULL AS known").bool(0, "known") == true
        else {
            return 0
        }
        return try connection.run("SELECT coalesce(max(number), 0) AS version FROM ads.migration").int(0, "version")
            ?? 0
    }

    /// Makes the tables, or those that are new, in one transaction.
    /// - Throws: `FileError` when a newer program made them; `PostgresFailure`.
    static func migrate(_ connection: PostgresConnection, _ study: String) throws {
        // Most programs find everything there, and who may only work may not even try.
        guard try isOlder(connection, study) else { return }
        try connection.transaction {
            try connection.run("SELECT pg_advisory_xact_lock($1)", .int(lock))
            guard try isOlder(connection, study) else { return }
            try connection.run("CREATE SCHEMA IF NOT EXISTS ads")
            try connection.run(
                "CREATE TABLE IF NOT EXISTS ads.migration (number int8 PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
            )
            var done = 0
            let there = try version(connection)
            for (number, count) in versions.enumerated() {
                defer { done = count }
                guard number + 1 > there else { continue }
                for statement in migrations[done..<count] { try connection.run(statement) }
                try connection.run("INSERT INTO ads.migration (number) VALUES ($1)", .int(number + 1))
            }
        }
    }

    /// Whether there are tables that this program can use.
    /// - Throws: `FileError` when another version made them.
    static func isThere(_ connection: PostgresConnection, _ study: String) throws -> Bool {
        let isOlder = try isOlder(connection, study)
        guard isOlder, try version(connection) > 0 else { return !isOlder }
        throw FileError("\(study) was made by an older version of ads; whoever owns its tables runs 'ads study create'")
    }

    private static func isOlder(_ connection: PostgresConnection, _ study: String) throws -> Bool {
        let there = try version(connection)
        guard there <= versions.count else {
            throw FileError("\(study) was made by a newer version of ads; update this one")
        }
        return there < versions.count
    }
}
