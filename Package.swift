// swift-tools-version: 6.1
import PackageDescription

// Dependencies point down this list only; docs/architecture.md says what each module is for.
let package = Package(
    name: "densenet-ads",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "ads", targets: ["ads"]),
        .library(name: "ConnectivitySearch", targets: ["ConnectivitySearch"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "ImageData", targets: ["ImageData"]),
        .library(name: "DenseNetModel", targets: ["DenseNetModel"]),
        .library(name: "DenseNetArchitecture", targets: ["DenseNetArchitecture"]),
        .library(name: "Torch", targets: ["Torch"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .executableTarget(
            name: "ads",
            dependencies: [
                "Reporting", "ConnectivitySearch", "Training", "ImageData", "DenseNetModel", "DenseNetArchitecture",
                "DenseKernels", "Files", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "search-your-data", dependencies: ["ConnectivitySearch", "Training", "ImageData", "DenseNetArchitecture", "Torch"],
            path: "Examples/SearchYourData"),
        .target(name: "Reporting", dependencies: ["ConnectivitySearch", "Training", "DenseNetArchitecture", "Files"]),
        .target(
            name: "ConnectivitySearch",
            dependencies: [
                "Training", "ImageData", "DenseNetModel", "DenseNetArchitecture", "Files", "Randomness", "Torch",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "Training",
            dependencies: [
                "ImageData", "DenseNetModel", "DenseNetArchitecture", "DenseKernels", "WeightFiles", "Files", "Randomness", "Torch",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "ImageData",
            dependencies: ["Files", "PickleFiles", "Randomness", "Torch", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "DenseNetModel", dependencies: ["DenseKernels", "DenseNetArchitecture", "Torch"]),
        .target(name: "Torch", dependencies: ["CTorch", "Files"]),
        .target(name: "CTorch", dependencies: ["CLibtorch"]),
        .systemLibrary(name: "CLibtorch", pkgConfig: "libtorch"),
        .target(name: "PickleFiles", dependencies: ["Files"]),
        .target(name: "WeightFiles", dependencies: ["Files"]),
        .target(name: "Files"),
        .target(name: "DenseKernels", dependencies: ["CProcessor"]),
        .target(name: "CProcessor"),
        .target(name: "DenseNetArchitecture", dependencies: ["Files", "Randomness"]),
        .target(name: "Randomness"),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .target(
            name: "FuzzedReaders", dependencies: ["DenseNetArchitecture", "WeightFiles", "PickleFiles", "Files"],
            path: "Tests/Fuzz/Readers"),
        .target(
            name: "FuzzedRunReaders",
            dependencies: ["FuzzedReaders", "ConnectivitySearch", "Training", "ImageData", "DenseNetArchitecture", "Files", "Torch"],
            path: "Tests/Fuzz/RunReaders"),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzedReaders", "FuzzedRunReaders", "Randomness", "TestSupport"]),
        .testTarget(name: "DenseNetArchitectureTests", dependencies: ["DenseNetArchitecture", "Files", "Randomness"]),
        .testTarget(name: "DenseKernelsTests", dependencies: ["DenseKernels"]),
        .testTarget(name: "TorchTests", dependencies: ["Torch"]),
        .testTarget(name: "FileTests", dependencies: ["Files", "WeightFiles", "PickleFiles", "Randomness", "TestSupport"]),
        .testTarget(name: "DenseNetModelTests", dependencies: ["DenseNetModel", "DenseNetArchitecture", "DenseKernels", "Randomness", "Training", "WeightFiles", "TestSupport"]),
        .testTarget(name: "ImageDataTests", dependencies: ["ImageData", "Randomness", "TestSupport"]),
        .testTarget(name: "TrainingTests", dependencies: ["Training", "ImageData", "DenseNetModel", "Files", "Randomness", "TestSupport"]),
        .testTarget(name: "CommandTests", dependencies: ["ads", "search-your-data", "Reporting", "ConnectivitySearch", "TestSupport"]),
        .testTarget(name: "ConnectivitySearchTests", dependencies: ["ConnectivitySearch", "Training", "ImageData", "DenseNetArchitecture", "Randomness", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)

// What `make fuzz` builds: without -sanitize=fuzzer there is no libFuzzer to link these with.
if Context.environment["ADS_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(name: "fuzz-values", dependencies: ["FuzzedReaders", "CFuzzer"], path: "Tests/Fuzz/Values"),
        .executableTarget(
            name: "fuzz-runs", dependencies: ["FuzzedReaders", "FuzzedRunReaders", "CFuzzer"], path: "Tests/Fuzz/Runs"),
    ]
}
