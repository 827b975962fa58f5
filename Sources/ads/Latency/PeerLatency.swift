import DenseNetModel
import DenseNetRuntime
import Files
import Foundation
import NetworkExport
import Runs
import Training
import WeightFiles

/// What ONNX Runtime and OpenVINO take for a network that was exported, by the Python that is found, where it has them.
enum PeerLatency {
    /// What came of it.
    struct Found {
        var rows: [Latencies.Row] = []
        /// Why a program was not timed.
        var notes: [String] = []
    }

    /// A line that the script prints.
    private struct Line: Decodable {
        var program: String
        var version: String?
        var batch: Int?
        /// Milliseconds by network and round.
        var times: [[Double]]?
        var missing: String?
    }

    /// Writes a network as a file for them, which takes normalised images.
    static func write(_ net: DenseNet, to path: String) throws {
        let a = net.network.architecture
        let channels = a.inputChannels
        let trained = try TrainedNetwork(
            net.network,
            weights: Dictionary(uniqueKeysWithValues: net.tensors.map { ($0.name, try StoredTensor($0.tensor)) }),
            preprocessing: Preprocessing(
                size: a.imageSize, mean: [Float](repeating: 0, count: channels),
                deviation: [Float](repeating: 1, count: channels)),
            producer: "densenet-ads \(ADS.version)")
        let none = try ReferenceLogits(pixels: [], logits: [], count: 0)
        for file in try ONNXFormat.files(trained, normalizes: false, against: none) {
            try AtomicFile.write(file.pieces, to: path)
        }
    }

    /// Times the files in turn.
    /// - Parameters:
    ///   - shape: of an image.
    ///   - rounds: at least and at most, beside two that are not counted.
    static func measure(
        _ files: [String], _ batches: [Int], shape: [Int], threads: Int, seconds: Double, rounds: ClosedRange<Int>
    ) throws -> Found {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["python3", "-c", script, "\(threads)", "\(seconds)", "\(rounds.lowerBound)", "\(rounds.upperBound)"]
            + [shape, batches].map { $0.map(String.init).joined(separator: ",") } + files
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch {
            return Found(notes: ["ONNX Runtime and OpenVINO were not timed: there is no python3"])
        }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try Interruption.check("interrupted while measuring")
        var found = Found()
        for text in data.split(separator: 0x0A) {
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(text)) else { continue }
            guard let version = line.version, let batch = line.batch, let own = line.times?.first else {
                found.notes.append("\(line.program) was not timed: \((line.missing ?? "no reason").inSentence)")
                continue
            }
            found.rows.append(
                .init(
                    program: line.program, version: version, batch: batch, own: own,
                    dense: line.times?.dropFirst().first))
        }
        if found.rows.isEmpty, found.notes.isEmpty {
            found.notes = ["ONNX Runtime and OpenVINO were not timed: python3 ended with \(process.terminationStatus)"]
        }
        return found
    }

    /// The networks run in turn, each round right after another, as this program's own are.
    private static let script = """
        import json, sys, time
        import numpy as np
        threads, seconds, least, most = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        shape, batches = ([int(n) for n in argument.split(",")] for argument in sys.argv[5:7])
        files = sys.argv[7:]

        def onnxruntime(batch):
            import onnxruntime as ort
            ort.set_default_logger_severity(4)
            options = ort.SessionOptions()
            options.intra_op_num_threads = threads
            def call(file):
                session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
                name = session.get_inputs()[0].name
                return lambda x: session.run(None, {name: x})
            return ort.__version__, [call(file) for file in files]

        def openvino(batch):
            import openvino as ov
            def call(file):
                model = ov.Core().read_model(file)
                # A batch of any size would cost it a tenth; its own default may be bfloat16.
                model.reshape([batch] + shape)
                compiled = ov.Core().compile_model(model, "CPU", {
                    "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"})
                return lambda x: compiled(x)
            return ov.__version__.split("-")[0], [call(file) for file in files]

        for program, load in [("ONNX Runtime", onnxruntime), ("OpenVINO", openvino)]:
            for batch in batches:
                try:
                    version, calls = load(batch)
                except ImportError:
                    print(json.dumps({"program": program, "missing": "python3 does not have it"}), flush=True)
                    break
                except Exception as error:
                    print(json.dumps({"program": program, "missing": str(error).splitlines()[0]}), flush=True)
                    break
                x = np.random.default_rng(0).standard_normal([batch] + shape, dtype=np.float32)
                times, began = [[] for _ in calls], time.perf_counter()
                for round in range(most + 2):
                    for own, call in zip(times, calls):
                        before = time.perf_counter()
                        call(x)
                        if round > 1:
                            own.append(1e3 * (time.perf_counter() - before))
                    if len(times[0]) >= least and time.perf_counter() - began > seconds:
                        break
                print(json.dumps({"program": program, "version": version, "batch": batch, "times": times}), flush=True)
        """
}
