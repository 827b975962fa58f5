import Digests
import Foundation
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4 (csrc.nist.gov, "SHA256.pdf" and its additional test vectors).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]) func knownDigests(text: String, digest: String) {
        #expect(SHA256.hexadecimal(of: Data(text.utf8)) == digest)
    }

    /// Parts are what they are together, and a digest in between changes nothing.
    @Test func parts() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        for cut in [0, 1, 63, 64, 65, 999, 1000] {
            let hash = SHA256()
            hash.update(bytes[..<cut])
            let first = hash.digest()
            hash.update(Data(bytes[cut...]))
            #expect(hash.digest() == SHA256.digest(of: bytes) && hash.digest().count == 32)
            #expect(first == SHA256.digest(of: bytes[..<cut]))
        }
        #expect(SHA256.hexadecimal([0, 15, 16, 255] as [UInt8]) == "000f10ff")
    }
}
