import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ImageData

@Suite struct ImageCacheTests {
    private let scratch = TemporaryFolder()
    private var cache: ImageCache { ImageCache(folder: scratch("cache")) }

    private func seed(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: packageRoot + "/Tests/Fuzz/corpus/" + name))
    }

    private func write(_ data: Data, _ path: String) throws {
        let url = URL(fileURLWithPath: scratch(path))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    /// Two classes of 60 images, one of which is turned and one of which cannot be read.
    private func fill(_ folder: String = "images") throws {
        let names = ["jpeg/valid-cmyk", "jpeg/valid-progressive", "png/valid-alpha", "png/valid-grey-1-bit"]
        for name in ["a", "b"] {
            for i in 0..<60 { try write(seed(names[i % 4]), "\(folder)/train/\(name)/\(i)") }
            try write(seed(names[1]), "\(folder)/test/\(name)/one")
        }
        try write(seed("jpeg/valid-turned"), "\(folder)/train/a/turned")
        try write(seed("jpeg/valid-progressive").dropLast(9), "\(folder)/train/b/7")
    }

    private func load(_ cache: ImageCache?, _ folder: String = "images", size: Int = 5) throws -> DataSet {
        try ImageFolder.load(from: scratch(folder), ImagePreparation(size: size), cache: cache)
    }

    private func isSame(_ a: DataSet, _ b: DataSet) -> Bool {
        a.digest == b.digest && a.train.pixels.elementsEqual(b.train.pixels) && a.test.labels == b.test.labels
            && a.test.pixels.elementsEqual(b.test.pixels) && a.train.labels == b.train.labels && a.heldOut == b.heldOut
            && a.classNames == b.classNames && a.preparation == b.preparation && a.name == b.name
    }

    private func inode(_ path: String) throws -> UInt64 {
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        return UInt64(status.st_ino)
    }

    @Test func decodedOnceAndMappedThen() throws {
        try fill()
        let plain = try load(nil)
        #expect(cache.kept.isEmpty && !plain.train.pixels.isMapped)
        #expect(plain.train.count == 120 && plain.test.count == 2 && plain.notes.count == 3, "\(plain.notes)")
        let made = try load(cache)
        let kept = try #require(cache.kept.first)
        #expect(cache.kept.count == 1 && kept.bytes > 122 * 75)
        let first = try inode(kept.path)
        let mapped = try load(cache)
        #expect(try inode(kept.path) == first && made.train.pixels.isMapped && mapped.test.pixels.isMapped)
        for other in [made, mapped] { #expect(isSame(plain, other) && other.notes == plain.notes) }
        // Nothing else lies there: no lock, no part.
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder).count == 1)
        // The pixels stay where they are once the file is gone.
        #expect(cache.clear() == 1 && cache.kept.isEmpty)
        #expect(isSame(plain, mapped))
    }

    @Test func whatIsMadeOfOtherThingsIsAnother() throws {
        try fill()
        _ = try load(cache)
        _ = try load(cache, size: 6)
        _ = try ImageFolder.load(
            from: scratch("images"), ImagePreparation(size: 5, ignoresOrientation: true), cache: cache)
        #expect(cache.kept.count == 3)
        // A copy elsewhere is the same images.
        try FileManager.default.copyItem(atPath: scratch("images"), toPath: scratch("copy"))
        let copy = try load(cache, "copy")
        #expect(cache.kept.count == 3 && copy.train.pixels.isMapped)
        // A sentence has the path of now, not of when they were decoded.
        #expect(copy.notes.contains { $0.contains("\(scratch("copy"))/train/b/7 is cut off") }, "\(copy.notes)")
        let before = copy.digest
        try write(seed("jpeg/valid-cmyk"), "copy/train/a/1")
        let changed = try load(cache, "copy")
        #expect(changed.digest != before && cache.kept.count == 4)
        // The same files in another class, or held out.
        try FileManager.default.moveItem(atPath: scratch("copy/train/a/2"), toPath: scratch("copy/train/b/2a"))
        #expect(try isSame(load(cache, "copy"), load(nil, "copy")) && cache.kept.count == 5)
        try FileManager.default.moveItem(atPath: scratch("copy/test"), toPath: scratch("copy/val"))
        #expect(try isSame(load(cache, "copy"), load(nil, "copy")) && cache.kept.count == 6)
    }

    /// Wherever a file is damaged it is noticed, said, and made again.
    @Test func damageIsNoticed() throws {
        try fill()
        let plain = try load(nil)
        _ = try load(cache)
        let path = try #require(cache.kept.first).path
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        func check(_ damaged: Data, _ what: String) throws {
            // Not in place: others map it.
            unlink(path)
            try damaged.write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            let again = try load(cache)
            #expect(isSame(plain, again) == true, "\(what)")
            #expect(again.notes.last == "\(path) is damaged and is made again", "\(what): \(again.notes)")
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole, "\(what)")
        }
        for place in stride(from: 0, to: whole.count, by: whole.count / 40) + [whole.count - 1, whole.count - 49] {
            var damaged = whole
            damaged[place] ^= 0x10
            try check(damaged, "byte \(place)")
        }
        for length in [0, 1, 47, 48, 100, whole.count / 2, whole.count - 1] {
            try check(whole.prefix(length), "\(length) bytes")
        }
        try check(whole + Data([0]), "a byte more")
        try check(Data(count: 75) + whole, "an image more")
        try check(whole.dropFirst(75), "an image less")
        try check(Data(repeating: 0xFF, count: whole.count - 8) + Data("ADSIMG01".utf8), "a length of all ones")
        // One that others can write is not mapped.
        chmod(path, 0o666)
        let again = try load(cache)
        #expect(again.notes.last == "\(path) is not this user's own file and is made again")
        #expect(try inode(path) > 0 && isSame(plain, again))
    }

    @Test func noRoom() throws {
        try fill()
        let plain = try load(nil)
        let small = ImageCache(folder: scratch("cache"), limit: 100)
        let found = try load(small)
        #expect(isSame(found, plain) && small.kept.isEmpty)
        #expect(
            found.notes.last?.hasPrefix("decoded images of 0 MB are not kept, as the cache holds up to 0 MB") == true)
        try write(Data("a file".utf8), "file")
        let nowhere = try load(ImageCache(folder: scratch("file")))
        #expect(isSame(nowhere, plain) && !nowhere.train.pixels.isMapped)
        #expect(nowhere.notes.last?.hasPrefix("decoded images are not kept: cannot create \(scratch("file"))/") == true)
        #expect(
            try load(ImageCache(folder: scratch("file/below"))).notes.last?.contains("cannot create the folder") == true
        )
    }

    /// What was not used for longest gives way.
    @Test func theLimitHolds() throws {
        try fill()
        let one = ImageCache(folder: scratch("cache"), limit: 30_000)
        var paths: [String] = []
        for size in [5, 6, 7] {
            _ = try load(one, size: size)
            paths.append(try #require(one.kept.map(\.path).first { !paths.contains($0) }))
            // Older by a day for each that comes after it.
            for (age, path) in paths.reversed().enumerated() {
                var times = [timeval](repeating: timeval(tv_sec: 1_700_000_000 - 86_400 * age, tv_usec: 0), count: 2)
                utimes(path, &times)
            }
            if size == 6 { _ = try load(one, size: 5) }
        }
        // 5 was used after 6 was made; 5 and 7 are within the limit.
        #expect(Set(one.kept.map(\.path)) == [paths[0], paths[2]], "\(one.kept)")
    }

    /// Of several that need the same images one decodes; here are threads, whose locks are as those of processes.
    @Test func oneDecodesForAll() throws {
        try fill()
        let (plain, cache) = (try load(nil), cache)
        let folder = scratch("images")
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            let found = try? ImageFolder.load(from: folder, ImagePreparation(size: 5), cache: cache)
            #expect(
                found?.digest == plain.digest && found?.notes == plain.notes && found?.train.pixels.isMapped == true)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder).count == 1)
    }

    /// Who waits takes what was made meanwhile; what a killed process left is removed.
    @Test func whoHoldsTheLockIsWaitedFor() throws {
        try fill()
        let plain = try load(cache)
        let path = try #require(cache.kept.first).path
        let aside = scratch("aside")
        try FileManager.default.moveItem(atPath: path, toPath: aside)
        try Data("begun".utf8).write(to: URL(fileURLWithPath: path + ".part-1"))
        let (cache, folder) = (cache, scratch("images"))
        let waiting = DispatchGroup()
        try FileLock.with(path + ".lock") {
            DispatchQueue.global().async(group: waiting) {
                let found = try? ImageFolder.load(from: folder, ImagePreparation(size: 5), cache: cache)
                #expect(found?.digest == plain.digest)
            }
            #expect(waiting.wait(timeout: .now() + 0.3) == .timedOut)
            let stop = DataError("not waited for")
            #expect(throws: stop) { try looking { if $0.step == .waiting { throw stop } } }
            try FileManager.default.moveItem(atPath: aside, toPath: path)
        }
        waiting.wait()
        #expect(FileManager.default.fileExists(atPath: path + ".part-1"))
        unlink(path)
        #expect(try load(cache).digest == plain.digest)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: cache.folder) == [
                URL(fileURLWithPath: path).lastPathComponent
            ])
    }

    /// What changes between being named and being read is not kept under the wrong name.
    @Test func aFileThatChangesMeanwhile() throws {
        try fill()
        let reader = FolderReader(root: scratch("images"), preparation: ImagePreparation(size: 5))
        let files = try FolderLayout(scratch("images")).train
        var digests = try reader.digests(files)
        #expect(digests.allSatisfy { $0?.count == 64 })
        digests[3] = String(repeating: "0", count: 64)
        let sentence = "\(scratch("images"))/\(files[3].path) changed while the folder was read; run the command again"
        #expect(throws: DataError(sentence)) { try reader.read(files, digests: digests) { _ in } }
    }

    /// Who looks on hears of every file, and of the end of every step.
    @Test func whoLooksOnHearsOfEveryFile() throws {
        try fill()
        let heard = Mutex<[FolderReading]>([])
        let made = try looking { reading in heard.withLock { $0.append(reading) } }
        #expect(try isSame(made, load(nil)))
        let steps = heard.withLock { $0 }
        // Each file once, and each of the two sets at its end.
        for (step, count) in [(FolderReading.Step.checking, 121), (.reading, 121), (.checking, 2), (.reading, 2)] {
            let own = steps.filter { $0.step == step && $0.count == count }
            #expect(own.count == count + 1 && own.last?.done == count && own.count { $0.done == count } == 1)
        }
        #expect(steps.count == 2 * (121 + 2) + 4)
        #expect(steps.first?.step == .checking && steps.last?.step == .reading)
    }

    private func looking(_ watch: @escaping FolderReading.Watch) throws -> DataSet {
        try FolderReading.withWatch(watch) { try load(cache) }
    }

    /// Stopped in the middle of either step, nothing is left behind; and nobody looks on at what others read.
    @Test(arguments: [FolderReading.Step.checking, .reading]) func whoLooksOnEndsIt(step: FolderReading.Step) throws {
        try fill()
        let stop = DataError("stopped")
        let stopping: FolderReading.Watch = { if $0.step == step, $0.done > 50 { throw stop } }
        #expect(throws: stop) { try looking(stopping) }
        #expect(((try? FileManager.default.contentsOfDirectory(atPath: cache.folder)) ?? []).isEmpty)
        #expect(try load(cache).train.count == 120)
    }

    @Test func whereItIs() throws {
        func standard(_ variables: [String: String]) throws -> ImageCache? {
            try ImageCache.standard { variables[$0] }
        }
        let usual = try standard(["HOME": "/home/me", "ADS_CACHE": "", "ADS_IMAGE_CACHE": "", "ADS_IMAGE_CACHE_GB": ""])
        #expect(usual == ImageCache(folder: "/home/me/.cache/densenet-ads/images", limit: 50 << 30))
        #expect(try standard([:])?.folder.hasSuffix("/.cache/densenet-ads/images") == true)
        #expect(try standard(["ADS_CACHE": "/somewhere"])?.folder == "/somewhere/images")
        #expect(
            try standard(["ADS_CACHE": "/somewhere", "ADS_IMAGE_CACHE": "/here", "ADS_IMAGE_CACHE_GB": "1.5"])
                == ImageCache(folder: "/here", limit: 3 << 29))
        #expect(try standard(["ADS_IMAGE_CACHE": "none"]) == nil)
        for wrong in ["5GB", "-1", "nan", "inf", "1e7", " "] {
            #expect(throws: DataError("$ADS_IMAGE_CACHE_GB is '\(wrong)'; a number of GB, up to 1000000, is needed")) {
                try standard(["ADS_IMAGE_CACHE_GB": wrong])
            }
        }
    }
}
