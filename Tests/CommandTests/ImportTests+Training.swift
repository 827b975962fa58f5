import Foundation
import Reporting
import Runs
import TestSupport
import Testing
import Training

/// Trainings that start from a file's weights.
extension ImportTests {
    @Test func trainingStartsFromAFileOrARun() throws {
        let file = try weights()
        let train = [
            "train", "--data", "shapes", "--epochs", "1", "--limit-train", "64", "--learning-rate", "1e-9",
            "--no-augment", "--quiet", "--json",
        ]
        func run(_ name: String, _ more: String...) throws -> Finished {
            try TestSupport.run(Program.folder + "/ads", train + ["--out", scratch(name)] + more)
        }
        let before = try ads("evaluate", scratch("dense"), "--json").json()["accuracy"] as? Double ?? 0
        // BN's statistics move even where weights do not.
        for (name, weights) in [("file", file), ("run", scratch("dense"))] {
            let done = try run(name, "--weights", weights, "--normalization", try normalization())
            #expect(done.status == 0, "\(done.errors)")
            let after = try done.json()["accuracy"] as? Double ?? 0
            #expect(abs(after - before) < 0.15 && before > 0.2, "\(before), \(after)")
            #expect(try RunFolder(scratch(name)).network() == RunFolder(scratch("dense")).network())
        }
        let c = try RunFolder(scratch("file")).read(TrainingConfiguration.self, from: scratch("file/config.json"))
        #expect(c.initialWeights == URL(fileURLWithPath: file).standardizedFileURL.path && c.initialDigest?.count == 64)
        #expect(c.normalization == (try RunFolder(scratch("run")).weightOrigin().normalization))
        // The report says how to do it again.
        let page = try ads("report", scratch("file"))
        #expect(page.status == 0)
        let text = try String(contentsOfFile: scratch("file/report.html"), encoding: .utf8)
        #expect(text.contains("--weights \(c.initialWeights ?? "?")") && text.contains("--normalization 0."))
        #expect(!text.contains("ads retrain SEARCH"))
        // Wherever the file is by then.
        try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
        #expect(try ads("report", scratch("file")).status == 0)
        #expect(try String(contentsOfFile: scratch("file/report.html"), encoding: .utf8) == text)
        try FileManager.default.moveItem(atPath: file + ".away", toPath: file)

        // A part of the network takes its part of the weights; another network, and changed weights, are refused.
        let part = try run("part", "--weights", file, "--arch", scratch("a.json"), "--connectivity", "nearest")
        #expect(part.status == 0, "\(part.errors)")
        let other = try run("other", "--weights", file, "--arch", "densenet-10-4")
        #expect(other.status == 1 && other.errors.contains("it is none of the network of --arch"), "\(other.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch("other")))
        let seed = try run("seed", "--weights", scratch("dense"), "--seed", "1")
        #expect(
            seed.status == 1
                && seed.errors.contains("was trained on images that this training validates on; train with --seed 0"))
        let fresh = try run("fresh", "--weights", file, "--initialization", "fan-in")
        #expect(
            fresh.status == 64
                && fresh.errors == "ads: --initialization is for fresh weights; leave it out with --weights\n")
        #expect(
            try run("none", "--weights", scratch("nothing")).errors == "ads: there is no file \(scratch("nothing"))\n")
    }

    /// What was changed in a file's weights is said, and what images are normalised with; a search needs no --arch.
    @Test func trainingsSayWhatTheyStartFrom() throws {
        let file = try weights()
        let train = ["train", "--data", "shapes", "--epochs", "1", "--limit-train", "64"]
        let own = try run(
            Program.folder + "/ads", train + ["--weights", file, "--out", scratch("own")])
        #expect(
            own.status == 0
                && own.errors.contains(
                    "images are normalised by their own mean and deviation; others, which the weights were trained with, are given with --normalization\n"
                ), "\(own.errors)")
        #expect(!own.errors.contains("the classifier of"))
        // Two classes of images of another size, and weights whose names are not torchvision's.
        for split in ["train", "test"] {
            for (label, count) in [("a", 3), ("b", 9)] {
                let folder = scratch("images/\(split)/\(label)")
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for i in 0..<count {
                    try FileManager.default.copyItem(
                        atPath: packageRoot + "/Tests/Fuzz/corpus/jpeg/valid-progressive", toPath: folder + "/\(i).jpg")
                }
            }
        }
        let images = [
            "train", "--data", "folder", "--data-dir", scratch("images"), "--epochs", "1", "--batch-size", "4",
        ]
        let other = try run(
            Program.folder + "/ads",
            images + [
                "--weights", file, "--image-size", "48", "--split", "test", "--no-image-cache", "--out",
                scratch("other"),
            ])
        #expect(
            other.status == 0
                && other.errors.contains("the classifier of 10 classes was replaced by a fresh one of 2\n")
                && other.errors.contains("classes are unbalanced, from 3 images of 'a' to 9 of 'b'"), "\(other.errors)")
        #expect(try RunFolder(scratch("other")).network().architecture.imageSize == 48)
        // All images are alike, so that all are guessed as one class.
        #expect(
            other.output.contains("test accuracy 75.00% (balanced 50.00%, macro F1 0.4286), loss"), "\(other.output)")
        let wrong = try run(
            Program.folder + "/ads", train + ["--weights", file, "--image-size", "48", "--out", scratch("wrong")])
        #expect(
            wrong.status == 64
                && wrong.errors == "ads: --image-size is 48, but the images have 32 pixels; leave it out\n")
        // No run, and one for other images.
        let none = try ads("search", "--data", "shapes", "--dense", scratch("none"), "--out", scratch("found"))
        #expect(
            none.status == 1
                && none.errors == "ads: \(scratch("none")) holds no run: there is no \(scratch("none"))/config.json\n")
        let others = try ads(
            "search", "--data", "folder", "--data-dir", scratch("images"), "--no-image-cache", "--dense",
            scratch("dense"),
            "--out", scratch("found"))
        #expect(
            others.status == 64
                && others.errors.hasSuffix(
                    "ads: \(scratch("dense")) is for 32×32 images of 3 channels and 10 classes, and --data gives 32×32 images of 3 channels and 2 classes\n"
                ), "\(others.errors)")
        // A transfer says as much.
        let moved = try ads(
            "transfer", scratch("dense"), "--data", "folder", "--data-dir", scratch("images"), "--no-image-cache",
            "--inherit", "--epochs", "1", "--batch-size", "4", "--out", scratch("moved"))
        #expect(
            moved.status == 0
                && moved.errors.contains("the classifier of 10 classes was replaced by a fresh one of 2\n"),
            "\(moved.errors)")
        let search = try ads(
            "search", "--data", "shapes", "--dense", scratch("dense"), "--evaluator", "masked", "--strategy", "random",
            "--children", "2", "--top", "0", "--limit-validation", "50", "--workers", "1", "--out", scratch("found"),
            "--quiet")
        #expect(search.status == 0, "\(search.errors)")
        #expect(
            try RunFolder(scratch("found")).network().architecture == RunFolder(scratch("dense")).network().architecture
        )
    }

    /// A file with an ImageNet stem knows images as torchvision's networks do, in a training as in an import.
    @Test func anImageNetStemKnowsItsNormalisation() throws {
        try
            #"{"blocks":[2,2],"growth_rate":4,"bottleneck":true,"compression":0.5,"stem":{"kind":"imagenet","channels":8},"input_channels":3,"image_size":32,"classes":10}"#
            .write(toFile: scratch("i.json"), atomically: true, encoding: .utf8)
        let train = ["train", "--data", "shapes", "--epochs", "1", "--limit-train", "64", "--quiet", "--out"]
        func ads(_ more: [String]) throws -> Finished { try run(Program.folder + "/ads", more) }
        #expect(try ads(train + [scratch("i"), "--arch", scratch("i.json")]).status == 0)
        let file = scratch("stem.safetensors")
        try FileManager.default.copyItem(atPath: scratch("i/weights.safetensors"), toPath: file)
        func normalization(_ name: String) throws -> [[Float]] {
            let c = try RunFolder(scratch(name)).read(TrainingConfiguration.self, from: scratch("\(name)/config.json"))
            let n = try #require(c.normalization)
            return [n.mean, n.deviation].map { $0.map { ($0 / 255 * 1000).rounded() } }
        }
        let imageNet: [[Float]] = [[485, 456, 406], [229, 224, 225]]
        let loud = train.filter { $0 != "--quiet" }
        let known = try ads(loud + [scratch("known"), "--weights", file])
        let sentence =
            "images are normalised by mean 0.485, 0.456, 0.406, deviation 0.229, 0.224, 0.225, as torchvision's networks are; --normalization says otherwise\n"
        #expect(known.status == 0 && known.errors.contains(sentence), "\(known.errors)")
        #expect(try normalization("known") == imageNet)
        #expect(
            try ads(["train", "--resume", "--normalization", "imagenet", "--quiet", "--out", scratch("known")]).status
                == 0)
        // Typed or known, they are trained alike.
        #expect(try ads(train + [scratch("typed"), "--weights", file, "--normalization", "imagenet"]).status == 0)
        let content = try ReportContent(folders: [scratch("known"), scratch("typed")])
        #expect(content.rows.count == 1 && content.rows.first?.seeds.count == 2)
        // What is typed wins, and a run's own; an import that knows none is as silent files are.
        let own = try ads(loud + [scratch("own"), "--weights", file, "--normalization", "0.5,0.5,0.5/0.2,0.2,0.2"])
        #expect(own.status == 0 && !own.errors.contains("images are normalised"))
        #expect(try normalization("own") == [[500, 500, 500], [200, 200, 200]])
        #expect(try ads(train + [scratch("run"), "--weights", scratch("i")]).status == 0)
        #expect(try normalization("run") == normalization("i"))
    }

    /// An import that knows no normalisation is evaluated with the images' own, and says so; of any size.
    @Test func unknownNormalisationIsSaid() throws {
        let file = try weights()
        let given = try ads("import", file, "--image-size", "40", "--out", scratch("given"))
        #expect(given.status == 0 && given.output.contains("3×40×40 images"), "\(given.output)\(given.errors)")
        #expect(try ads("import", file, "--out", scratch("plain")).status == 0)
        let done = try ads("evaluate", scratch("plain"), "--data", "shapes", "--split", "test")
        #expect(
            done.status == 0
                && done.errors
                    == "ads: how the images of \(scratch("plain")) are normalised is not known, and those of shapes are by their own mean and deviation; import it again with --normalization, which may be worth points\n",
            "\(done.errors)")
        let trained = try ads(
            "train", "--data", "shapes", "--weights", scratch("plain"), "--epochs", "1", "--limit-train", "64", "--out",
            scratch("on"))
        #expect(
            trained.status == 0 && trained.errors.contains("images are normalised by their own mean and deviation;"))
        let exif = try ads("evaluate", scratch("dense"), "--no-exif")
        #expect(
            exif.status == 64
                && exif.errors
                    == "ads: --no-exif is for --data folder; without --data images are read as those of \(scratch("dense")) were\n"
        )
    }

    @Test func anInterruptedTrainingStartsFromTheSameWeights() throws {
        let file = try weights()
        let train = [
            "train", "--data", "shapes", "--weights", file, "--epochs", "1", "--limit-train", "640", "--out",
        ]
        #expect(try run(Program.folder + "/ads", train + [scratch("whole")]).status == 0)
        // Killed before its first checkpoint it starts from them again.
        let cut = scratch("cut")
        let killed = try run(Program.folder + "/ads", train + [cut], killOnce: "training ")
        #expect(
            killed.status == SIGKILL && !FileManager.default.fileExists(atPath: cut + "/checkpoints/last.safetensors"))
        #expect(try ads("train", "--resume", "--out", cut, "--quiet").status == 0)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: cut + "/weights.safetensors"))
                == Data(contentsOf: URL(fileURLWithPath: scratch("whole/weights.safetensors"))))
        let lost = scratch("lost")
        #expect(try run(Program.folder + "/ads", train + [lost]).status == 0)
        try FileManager.default.removeItem(atPath: lost + "/result.json")
        try FileManager.default.removeItem(atPath: lost + "/checkpoints/last.safetensors")
        try? FileManager.default.removeItem(atPath: lost + "/checkpoints/previous.safetensors")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: URL(fileURLWithPath: file))
        let changed = try ads("train", "--resume", "--out", lost, "--quiet")
        #expect(
            changed.status == 1 && changed.errors.contains("has changed since \(lost) was started; start a new run"),
            "\(changed.errors)")
    }
}
