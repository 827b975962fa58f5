import Files
import Testing

@testable import StudyPostgres

/// Addresses of studies: what is taken, what is added, what is refused.
@Suite struct PostgresAddressTests {
    @Test func namesOfStudies() throws {
        let cases: [(String, String)] = [
            ("postgresql://db/ads", "study"), ("postgresql://db/ads?study=cifar", "cifar"),
            ("postgres://me@db:5433/ads?study=a%20b%C3%BC&sslmode=require", "a bü"),
            ("postgresql:///ads?sslmode=disable&study=x", "x"),
        ]
        for (text, name) in cases {
            let address = try PostgresAddress(text)
            #expect(
                address.study == name && address.description == text && address.parameters["dbname"] == "ads", "\(text)"
            )
        }
        #expect(PostgresAddress.isOne("postgres://x") && PostgresAddress.isOne("postgresql:///x"))
        #expect(!PostgresAddress.isOne("runs/postgresql") && !PostgresAddress.isOne("/postgres:/x"))
    }

    /// Over a network certificates are checked, unless somebody says otherwise; everywhere a cut link ends in seconds.
    @Test func safety() throws {
        func mode(_ text: String) throws -> String? { try PostgresAddress(text).parameters["sslmode"] }
        for far in [
            "postgresql://db/ads", "postgresql://10.0.0.7/ads", "postgresql://localhost,db/ads",
            "postgresql://127.evil.org/ads",
        ] {
            #expect(try mode(far) == "verify-full", "\(far)")
        }
        for near in [
            "postgresql:///ads", "postgresql://localhost/ads", "postgresql://127.0.0.1/ads", "postgresql://[::1]/ads",
            "postgresql:///ads?host=/run",
        ] {
            #expect(try mode(near) == nil, "\(near)")
        }
        #expect(try mode("postgresql://db/ads?sslmode=require") == "require")
        let parameters = try PostgresAddress("postgresql://db/ads?connect_timeout=3").parameters
        #expect(parameters["connect_timeout"] == "3" && parameters["tcp_user_timeout"] == "10000")
        #expect(
            parameters["keepalives_idle"] == "15" && parameters["client_encoding"] == "UTF8"
                && parameters["study"] == nil)
    }

    @Test(arguments: [
        (
            "postgresql://me:geheim@db/ads",
            "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
        ),
        (
            "postgresql://db/ads?password=geheim&study=x",
            "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
        ),
        (
            "postgresql://db/ads?sslpassword=geheim",
            "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
        ),
        (
            "postgresql://me:ge@heim@db/ads",
            "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
        ),
        (
            "postgresql://db/ads?pass%77ord=geheim",
            "the address postgresql://… has a password in it, which every list of processes shows; put it into the file that PGPASSFILE names (~/.pgpass), readable by you alone, or into a service file"
        ),
        (
            "postgresql://me:geheim@db/ads?nonsense=1",
            "postgresql://… is no address of PostgreSQL: libpq cannot read it"
        ),
        (
            "postgresql://db/ads?nonsense=1",
            "postgresql://db/ads?nonsense=1 is no address of PostgreSQL: invalid URI query parameter: \"nonsense\""
        ),
        ("host=db password=geheim", "it does not begin with postgresql://"),
        ("postgresql:password=geheim", "it does not begin with postgresql://"),
        ("postgresql://db/ads?study=a&study=b", "the address postgresql://db/ads?study=a&study=b names two studies"),
        (
            "postgresql://db/ads?study=%zz",
            "the address postgresql://db/ads?study=%zz has a study's name with a % that encodes nothing"
        ),
        ("postgresql://db/ads?study=", "'' is no name of a study: 1 to 200 bytes, no control characters"),
        ("postgresql://db/ads?study=a%0Ab", "'a\\u{a}b' is no name of a study: 1 to 200 bytes, no control characters"),
    ])
    func refusals(text: String, sentence: String) {
        let error = #expect(throws: FileError.self) { try PostgresAddress(text) }
        #expect(error?.description == sentence)
        #expect(error?.description.contains("heim") == false)
    }
}
