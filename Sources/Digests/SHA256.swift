import Foundation

#if canImport(CryptoKit)
import CryptoKit
#else
import CCrypto
#endif

/// SHA-256 (FIPS 180-4) of bytes that come in parts: CryptoKit's on Apple's systems, elsewhere OpenSSL's
/// (https://docs.openssl.org/3.0/man3/EVP_DigestInit/), which PostgreSQL's library is built on, too.
package final class SHA256 {
    #if canImport(CryptoKit)
    private var hash = CryptoKit.SHA256()

    /// Of no bytes yet.
    package init() {}

    /// Takes more bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    /// The digest's 32 bytes, of all that was taken.
    package func digest() -> [UInt8] { Array(hash.finalize()) }
    #else
    /// libcrypto's own, whatever its configuration file says: a library context of ours reads none.
    // Unsafe: made once, never changed, and libcrypto lets any number of threads use it.
    nonisolated(unsafe) private static let method = EVP_MD_fetch(OSSL_LIB_CTX_new(), "SHA2-256", nil) ?? EVP_sha256()

    // Freed with the object, which alone has it.
    private let context: OpaquePointer

    /// Of no bytes yet.
    package init() {
        guard let context = EVP_MD_CTX_new() else { fatalError("no memory for a digest") }
        self.context = context
        Self.check(EVP_DigestInit_ex(context, Self.method, nil))
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes more bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
    }

    /// The digest's 32 bytes, of all that was taken.
    package func digest() -> [UInt8] {
        // Of a copy: libcrypto's own can be finished once.
        guard let copy = EVP_MD_CTX_new() else { fatalError("no memory for a digest") }
        defer { EVP_MD_CTX_free(copy) }
        Self.check(EVP_MD_CTX_copy_ex(copy, context))
        var bytes = [UInt8](repeating: 0, count: 32)
        Self.check(EVP_DigestFinal_ex(copy, &bytes, nil))
        return bytes
    }

    /// A digest that is silently another would be damage found nowhere, or everywhere.
    private static func check(_ succeeded: Int32) {
        guard succeeded == 1 else { fatalError("libcrypto has no SHA-256") }
    }
    #endif

    /// Takes more bytes.
    package func update(_ bytes: some ContiguousBytes) { bytes.withUnsafeBytes { update($0) } }

    /// The digest in hexadecimal, small letters.
    package var hexadecimal: String { Self.hexadecimal(digest()) }

    /// The digest of some bytes.
    package static func digest(of bytes: some ContiguousBytes) -> [UInt8] {
        let hash = SHA256()
        hash.update(bytes)
        return hash.digest()
    }

    /// The digest of some bytes in hexadecimal.
    package static func hexadecimal(of bytes: some ContiguousBytes) -> String { hexadecimal(digest(of: bytes)) }

    /// Bytes as two small letters or digits each.
    package static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
