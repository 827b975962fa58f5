import Foundation
internal import GRDB

/// Every schema a study's file ever had, in order; entries are only ever added. A migration reads and writes the rows
/// of its time by code of its own, so that it does not change with the program.
enum SQLiteSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: configuration, children, strategy, reevaluations") { db in
            try db.execute(
                sql: """
                    CREATE TABLE configuration (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL);
                    CREATE TABLE child (
                        number INTEGER PRIMARY KEY, updateNumber INTEGER NOT NULL, position INTEGER NOT NULL,
                        key TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (updateNumber, position));
                    CREATE TABLE strategy (id INTEGER PRIMARY KEY CHECK (id = 1), updateNumber INTEGER NOT NULL,
                        state BLOB NOT NULL, progress TEXT NOT NULL);
                    CREATE TABLE reevaluation (
                        child INTEGER NOT NULL REFERENCES child (number), seed TEXT NOT NULL, json TEXT NOT NULL,
                        PRIMARY KEY (child, seed));
                    """)
        }
        migrator.registerMigration("2: trials with states and leases, updates, the owner") { db in
            try db.execute(
                sql: """
                    CREATE TABLE trial (
                        number INTEGER PRIMARY KEY, updateNumber INTEGER NOT NULL, position INTEGER NOT NULL,
                        state TEXT NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'COMPLETE', 'PRUNED', 'FAILED')),
                        held INTEGER NOT NULL, lost INTEGER NOT NULL, proposal TEXT NOT NULL, outcome TEXT NOT NULL,
                        checksum TEXT NOT NULL, worker TEXT, token TEXT, leaseUntil REAL,
                        UNIQUE (updateNumber, position),
                        CHECK ((state = 'RUNNING') = (token IS NOT NULL)));
                    CREATE INDEX trialState ON trial (state, held, number);
                    \(finishedTrialsNeverChange)
                    CREATE TRIGGER trialsStay BEFORE DELETE ON trial
                        BEGIN SELECT RAISE(ABORT, 'a trial never disappears'); END;
                    CREATE TABLE learning (updateNumber INTEGER PRIMARY KEY, json TEXT NOT NULL, checksum TEXT NOT NULL);
                    CREATE TABLE owner (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL, leaseUntil REAL NOT NULL);
                    ALTER TABLE configuration ADD COLUMN checksum TEXT;
                    ALTER TABLE strategy ADD COLUMN checksum TEXT;
                    """)
            try SchemaOne.carryOver(db)
            try db.execute(sql: "DROP TABLE reevaluation; DROP TABLE child;")
        }
        migrator.registerMigration("3: tokens of reports and of the owner, checksums that a claim keeps") { db in
            try db.execute(
                sql: """
                    ALTER TABLE trial ADD COLUMN reported TEXT;
                    ALTER TABLE trial ADD COLUMN ended TEXT;
                    ALTER TABLE owner ADD COLUMN token TEXT NOT NULL DEFAULT '';
                    CREATE UNIQUE INDEX trialToken ON trial (token) WHERE token IS NOT NULL;
                    DROP TRIGGER finishedTrialsNeverChange;
                    """)
            try SchemaTwo.carryOver(db)
            try db.execute(sql: finishedTrialsNeverChange)
        }
        return migrator
    }

    private static let finishedTrialsNeverChange = """
        CREATE TRIGGER finishedTrialsNeverChange BEFORE UPDATE ON trial
            WHEN OLD.state IN ('COMPLETE', 'PRUNED', 'FAILED')
            BEGIN SELECT RAISE(ABORT, 'a finished trial never changes'); END;
        """
}
