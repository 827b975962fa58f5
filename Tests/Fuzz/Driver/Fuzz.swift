import CFuzzer
import Foundation
import FuzzedReaders

/// Gives the reader that the first argument names to libFuzzer, with the options and folders that follow: its crashes,
/// hangs and undeclared errors are findings.
public func fuzz(_ program: String, _ readers: [FuzzedReader]) -> Never {
    let name = CommandLine.arguments.dropFirst().first ?? ""
    guard readers.contains(where: { $0.name == name }) else {
        let names = readers.map(\.name).joined(separator: "|")
        FileHandle.standardError.write(Data("usage: \(program) \(names) [options] [corpus]\n".utf8))
        exit(64)
    }
    chosen = readers.filter { $0.name == name }
    var count = CommandLine.argc - 1
    // libFuzzer takes the first word for the program's name.
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
    exit(
        LLVMFuzzerRunDriver(&count, &arguments) { bytes, size in
            let data = bytes.map { Data(bytes: $0, count: size) } ?? Data()
            for reader in chosen {
                if case .wrong(let reason) = reader.outcome(of: data) { fatalError(reason) }
            }
            return 0
        })
}

// What libFuzzer calls is a C function, which captures nothing. Set once, before libFuzzer starts, and only read after.
nonisolated(unsafe) private var chosen: [FuzzedReader] = []
