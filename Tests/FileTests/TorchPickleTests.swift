import Files
import Foundation
import Testing

@testable import TorchFiles

/// Pickles that would do more than hold tensors, and files that are none of PyTorch's.
@Suite struct TorchPickleTests {
    private let one = StateBytes(entries: [.init(name: "w")])
    private let values: [Float] = [1, 2, 3, 4]

    private func message(_ data: Data) -> String { ReadTorch.message(data) }

    @Test func picklesThatCallOrDouble() {
        func refusal(_ pickle: Data) -> String {
            message(ZipBytes(entries: [.init(name: "a/data.pkl", data: pickle)]).data)
        }
        let nothing =
            "which is refused: only plain data and tensors are read, and nothing is executed; where you trust it"
        #expect(
            refusal(Data("cos\nsystem\n(S'true'\ntR.".utf8))
                == "pickle, byte 0: it wants 'os.system', \(nothing), write its weights alone: torch.save(torch.load('f.pth', weights_only=False).state_dict(), 'weights.pth')"
        )
        let builtin =
            Data([0x80, 4, 0x8C, 8]) + Data("builtins".utf8) + Data([0x8C, 4]) + Data("eval".utf8) + Data([0x93, 0x2E])
        #expect(refusal(builtin).contains("it wants 'builtins.eval', \(nothing)"))
        // A dictionary is begun before it: a checkpoint with something else in it.
        #expect(
            refusal(Data("}(".utf8) + StateBytes.text("args") + StateBytes.name("argparse", "Namespace")).hasSuffix(
                "['state_dict'], 'weights.pth')"))
        // NEWOBJ, INST, OBJ, EXT1, NumPy's arrays.
        for opcode: UInt8 in [0x81, 0x69, 0x6F, 0x82] {
            #expect(
                refusal(Data([0x80, 2, opcode, 0x2E])).contains(
                    "makes or calls an object; only plain data and tensors are read"))
        }
        #expect(
            refusal(Data("cnumpy.core.multiarray\n_reconstruct\n.".utf8)).contains(
                "'numpy.core.multiarray._reconstruct'"))
        // What is called must be a name, and what is set must be set on an object.
        #expect(refusal(Data("K\u{1})R.".utf8)).contains("it calls something that is no name"))
        #expect(refusal(Data("K\u{1}Nb.".utf8)).contains("something is set on what is no object"))

        // A list of 90 levels, each twice the one before: nothing is copied, and it is no dictionary.
        var doubling = Data([0x80, 4, 0x5D, 0x94])
        for level: UInt8 in 0..<90 { doubling += [0x5D, 0x28, 0x68, level, 0x68, level, 0x65, 0x94] }
        #expect(refusal(doubling + [0x2E]).contains("it holds no dictionary of tensors"))
        // One list of pairs, given to a call a hundred thousand times.
        let pairs =
            Data("](".utf8)
            + (0..<1000).reduce(Data()) { all, _ in all + Data("NN\u{86}".unicodeScalars.map { UInt8($0.value) }) }
            + Data("eq".utf8) + Data([0])
        let call = StateBytes.name("collections", "OrderedDict") + Data([0x68, 0, 0x85, 0x52, 0x30])
        let calls = (0..<20_000).reduce(into: pairs) { all, _ in all += call }
        #expect(refusal(calls + [0x4E, 0x2E]).contains("its dictionaries would have over 1000000 keys"))
        #expect(refusal(Data(repeating: 0x4E, count: 1_000_001)).contains("it has over 1000000 instructions"))
        #expect(refusal(Data("}.".utf8)).contains("it holds no state dict"))
    }

    /// Three bytes of a pickle are one more key of a megabyte, which stands in it once: none is looked at.
    @Test func textsThatAreTooLongForNames() {
        func refusal(_ pickle: Data) -> String {
            message(ZipBytes(entries: [.init(name: "a/data.pkl", data: pickle)]).data)
        }
        for opcode: UInt8 in [0x42, 0x58] {
            func text(_ count: Int) -> Data {
                Data([opcode]) + ZipBytes.number(count, 4) + Data(repeating: 0x6B, count: count) + Data([0x71, 0])
            }
            let keys = (0..<300_000).reduce(into: Data([0x80, 2, 0x7D, 0x28]) + text(1 << 20) + Data([0x4E])) {
                all, _ in
                all += [0x68, 0, 0x4E]
            }
            #expect(refusal(keys + Data("u.".utf8)).hasPrefix("it holds no state dict: of its keys (?, ?, "))
            let inner = Data([0x7D, 0x28]) + text(1001) + Data("Nu".utf8)
            let dictionary = Data([0x80, 2, 0x7D, 0x28]) + StateBytes.text("state_dict") + inner + Data("u.".utf8)
            #expect(refusal(dictionary) == "a name in its state dict is no text of up to 1000 bytes")
            let most = Data([0x7D, 0x28]) + text(1000) + Data("Nu".utf8)
            let whole = Data([0x80, 2, 0x7D, 0x28]) + StateBytes.text("state_dict") + most + Data("u.".utf8)
            #expect(!refusal(whole).contains("is no text"))
        }
    }

    @Test func python2WritesItemsIntoTheCall() throws {
        let pair =
            Data("](".utf8) + Data([0x55, 1]) + Data("w".utf8) + StateBytes.tensor(one.entries[0]) + Data("e".utf8)
        let pickle =
            Data([0x80, 2]) + StateBytes.name("collections", "OrderedDict") + Data("](".utf8) + pair
            + Data([0x65, 0x85, 0x52, 0x2E])
        var zip = one.zip(["0": values])
        zip.entries[0].data = pickle
        #expect(try ReadTorch.read(zip.data) == ["w": values])
    }

    @Test func otherFilesAreNamed() {
        #expect(message(Data()) == "it is empty")
        #expect(
            message(Data(count: 257) + Data("ustar".utf8) + Data(count: 99)).contains(
                "it is a tar file, as PyTorch before"))
        #expect(message(Data([0x89]) + Data("HDF\r\n".utf8)).contains("it is an HDF5 file, as Keras writes"))
        #expect(message(Data([0x80, 2, 0x4E, 0x2E])).contains("it is a pickle, but not one of torch.save"))
        #expect(message(Data([8, 7, 0x12])).contains("it looks like an ONNX file"))
        #expect(message(Data("<html>".utf8)).contains("a download may have got a page instead of the file"))
        #expect(!TorchFile.recognizes(Data("<html>".utf8)) && TorchFile.recognizes(one.legacy([("0", values)])))
    }
}
