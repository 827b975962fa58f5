import Files
import Foundation
import Randomness
import Testing

@testable import DenseNetArchitecture

/// Numbers that nobody means: each is refused with a sentence before anything is computed with it.
@Suite struct HostileTests {
    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch { return "\(error)" }
    }

    @Test(arguments: [
        ("densenet-999999999999-12", "depth and growth rate are at most 10000"),
        ("densenet-40-99999999999999999999", "depth and growth rate are at most 10000"),
        ("densenet-bc-100-9223372036854775807", "depth and growth rate are at most 10000"),
        ("densenet-9223372036854775807-12", "depth and growth rate are at most 10000"),
        ("densenet--9223372036854775808-12", "unknown architecture"), ("densenet-40--12", "unknown architecture"),
        ("densenet-+40-12", "unknown architecture"), ("densenet-40-", "unknown architecture"),
        ("densenet-٤٠-12", "unknown architecture"),
        ("densenet-40-0", "growth rate 0"), ("densenet-40-1025", "growth rate 1025"),
        ("densenet-9997-12", "a block of 3331 layers"),
        ("densenet-0-12", "depth 0 does not fit"), ("densenet-4-12", "depth 4 does not fit"),
        ("densenet-3004-12", "3000 layers in all blocks; up to 2000 are possible"),
    ])
    func names(name: String, sentence: String) {
        let text = message { _ = try Architecture(named: name) }
        #expect(text.contains(sentence), "\(text)")
    }

    @Test func aLongNameIsCut() {
        #expect(message { _ = try Architecture(named: String(repeating: "x\n", count: 1 << 20)) }.utf8.count < 500)
        #expect(
            message { _ = try ConnectivityPatterns.parse(String(repeating: "x\n", count: 1 << 20)) }.utf8.count < 500)
        #expect(
            message { _ = try ConnectivityPatterns.parse("nearest:" + String(repeating: "9", count: 1 << 20)) }.utf8
                .count < 500)
    }

    @Test(arguments: [
        "nearest:99999999999999999999", "nearest:-1", "nearest:", "nearest:1e3", "far-near:-2", "far-near:0",
        "far-near:1",
        "far-near:9223372036854775808", "random:nan", "random:-nan", "random:inf", "random:-0.1", "random:1e400",
        "random:", "random",
        "dense:1", "log:", "harmonic:x",
    ])
    func patternArguments(text: String) {
        let sentence = message { _ = try ConnectivityPatterns.parse(text) }
        #expect(sentence.hasPrefix("connectivity '\(text)': "), "\(sentence)")
    }

    @Test(arguments: ["nearest:9223372036854775807", "far-near:9223372036854775806", "random:1", "random:0"])
    func largeArgumentsThatMeanSomething(text: String) throws {
        let a = try Architecture(named: "densenet-22-4")
        _ = try Network(a, Connectivity(ConnectivityPatterns.parse(text), for: a)).cost
    }

    private func sentence(_ change: (inout Architecture) -> Void) throws -> String {
        var a = try Architecture(named: "densenet-22-4")
        change(&a)
        let text = message { _ = try Network(a) }
        // A matrix of an architecture that was not validated is none, and no trap.
        if a.blocks.allSatisfy({ $0 < 2000 }) { #expect(Connectivity.dense(a).blocks.count == a.blocks.count) }
        return text
    }

    @Test func eachNumber() throws {
        for number in [Int.min, -1, 0, 1_000_000_000_000, .max] {
            #expect(
                try sentence { $0.blocks = [number] }.contains("a block of \(number) layers; 1 to 1000 are possible"))
            #expect(try sentence { $0.growthRate = number }.contains("growth rate \(number); 1 to 1024 are possible"))
            #expect(
                try sentence { $0.stem.channels = number }.contains(
                    "a stem of \(number) channels; 1 to 4096 are possible"))
            #expect(
                try sentence { $0.inputChannels = number }.contains("\(number) input channels; 1 to 64 are possible"))
            #expect(
                try sentence { $0.imageSize = number }.contains("images of \(number) pixels; 1 to 4096 are possible"))
            #expect(try sentence { $0.classes = number }.contains("\(number) classes; 2 to 100000 are possible"))
        }
        for number in [Double.nan, .infinity, -.infinity, 0, -0.5, 1.0000001] {
            #expect(
                try sentence { $0.compression = number }.contains(
                    "compression \(number); it must be over 0 and at most 1"))
        }
        #expect(try sentence { $0.compression = 1e-300 }.contains("leaves a transition no channel"))
        #expect(
            try sentence { $0.blocks = [Int](repeating: 1, count: 14) }.contains(
                "14 dense blocks; up to 13 are possible"))
        #expect(
            try sentence { $0.blocks = [1000, 1000, 1] }.contains("2001 layers in all blocks; up to 2000 are possible"))
        #expect(try sentence { ($0.blocks, $0.growthRate) = ([1000, 1000], 1) } == "nothing was thrown")
        #expect(
            try sentence { ($0.blocks, $0.growthRate, $0.imageSize, $0.bottleneck) = ([1000, 1000], 1024, 4096, true) }
                .contains("multiply-adds or values for one image, more than any machine computes"))
    }

    @Test func countsOfWhateverPassesFit() throws {
        var random = SeededGenerator(seed: 5)
        func number(_ limits: ClosedRange<Int>) -> Int {
            let span = Double(limits.upperBound - limits.lowerBound)
            switch random.index(below: 12) {
            case 0: return limits.lowerBound
            case 1: return limits.upperBound
            case 2: return [Int.min, .max, 0, -1, limits.upperBound + 1][random.index(below: 5)]
            // Mostly small, now and then anything.
            default: return limits.lowerBound + Int((span * pow(random.uniform(), 6)).rounded())
            }
        }
        var (passed, refused) = (0, 0)
        for _ in 0..<3000 {
            let compressions = [1, 0.5, 1e-300, .nan, 1e-3, random.uniform()]
            do {
                let a = try Architecture(
                    blocks: (0..<number(1...13).clamped(to: 0...20)).map { _ in number(1...1000) },
                    growthRate: number(1...1024),
                    bottleneck: random.index(below: 2) == 0, compression: compressions[random.index(below: 6)],
                    stem: .init(random.index(below: 2) == 0 ? .cifar : .imageNet, channels: number(1...4096)),
                    inputChannels: number(1...64), imageSize: number(1...4096), classes: number(2...100_000))
                let cost = try Network(a).cost
                passed += 1
                for count in [cost.macs, cost.parameters, cost.activationTraffic, cost.connections] {
                    #expect(count > 0 && Double(count) <= Architecture.mostCounted, "\(a)")
                }
            } catch let error as ArchitectureError {
                refused += 1
                #expect(!error.description.contains("\n") && error.description.utf8.count < 400)
            }
        }
        #expect(passed > 100 && refused > 100, "\(passed) passed, \(refused) were refused")
    }

    @Test func aDecodedArchitectureIsValid() throws {
        let text = String(decoding: try JSONEncoder().encode(Architecture(named: "densenet-22-4")), as: UTF8.self)
        func decode(_ old: String, _ new: String) -> String {
            let changed = text.replacingOccurrences(of: old, with: new)
            #expect(changed != text)
            return message {
                _ = try JSONFile.decode(Architecture.self, from: Data(changed.utf8), named: "a.json", JSONDecoder())
            }
        }
        #expect(
            decode("\"growthRate\":4", "\"growthRate\":-4")
                == "a.json: invalid architecture: growth rate -4; 1 to 1024 are possible")
        #expect(decode("\"compression\":1", "\"compression\":NaN") == "a.json: it is no valid JSON")
        #expect(decode("\"compression\":1", "\"compression\":1e400").hasPrefix("a.json: "))
        #expect(decode("\"classes\":10", "\"classes\":1e3") == "nothing was thrown")
        #expect(decode("\"classes\":10", "\"classes\":99999999999999999999").hasPrefix("a.json: "))
        #expect(
            decode("\"blocks\":[6,6,6]", "\"blocks\":[\(String(repeating: "[", count: 40))]").contains(
                "nested over 32 deep"))
    }

    @Test func giganticMatricesAreRefusedBeforeTheyAreBuilt() {
        let row = "[" + [String](repeating: "1", count: 3000).joined(separator: ",") + "]"
        let text = "[[" + [String](repeating: row, count: 2000).joined(separator: ",") + "]]"
        let sentence = message {
            _ = try JSONFile.decode(Connectivity.self, from: Data(text.utf8), named: "c.json", JSONDecoder())
        }
        #expect(sentence == "c.json: it holds over 5000000 values; fewer are read")
    }
}

extension Int {
    fileprivate func clamped(to limits: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, limits.lowerBound), limits.upperBound)
    }
}
