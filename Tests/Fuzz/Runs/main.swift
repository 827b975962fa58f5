import CFuzzer
import Foundation
import FuzzedReaders
import FuzzedRunReaders

// fuzz-runs READER [libFuzzer's options and folders]: the reader's crashes, hangs and undeclared errors are findings.
let readers = FuzzedReader.runs
let name = CommandLine.arguments.dropFirst().first ?? ""
guard readers.contains(where: { $0.name == name }) else {
    let names = readers.map(\.name).joined(separator: "|")
    FileHandle.standardError.write(Data("usage: fuzz-runs \(names) [options] [corpus]\n".utf8))
    exit(64)
}
let chosen = readers.filter { $0.name == name }
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
