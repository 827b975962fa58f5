// swift-tools-version: 6.1
import PackageDescription

// Who only runs networks that were exported asks for no trait, and nothing of other packages or of libtorch is fetched,
// looked for or built: .package(url: ..., traits: []) and the product DenseNetRuntime.
let training = TargetDependencyCondition.when(traits: ["Training"])

// Tests that compute little are not optimised, which takes half of their time to build; nobody's product has them.
let quicklyBuilt: [SwiftSetting] = [.unsafeFlags(["-Onone"])]

// Dependencies point down this list only; docs/architecture.md says what each module is for.
let package = Package(
    name: "densenet-ads",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .executable(name: "ads", targets: ["ads"]),
        .library(name: "ConnectivitySearch", targets: ["ConnectivitySearch", "Evaluation", "Strategies"]),
        .library(name: "Studies", targets: ["Studies", "StudySQLite", "StudyPostgres"]),
        .library(name: "Training", targets: ["Training"]),
        .library(name: "Runs", targets: ["Runs"]),
        .library(name: "ImageData", targets: ["ImageData"]),
        .library(name: "ImageDecoding", targets: ["ImageDecoding"]),
        .library(name: "ImageResizing", targets: ["ImageResizing"]),
        .library(name: "DenseNetModel", targets: ["DenseNetModel"]),
        .library(name: "NetworkExport", targets: ["NetworkExport"]),
        .library(name: "DenseNetRuntime", targets: ["DenseNetRuntime"]),
        .library(name: "NetworkImport", targets: ["NetworkImport"]),
        .library(name: "DenseKernels", targets: ["DenseKernels"]),
        .library(name: "DenseNetArchitecture", targets: ["DenseNetArchitecture"]),
        .library(name: "Randomness", targets: ["Randomness"]),
        .library(name: "Torch", targets: ["Torch"]),
    ],
    traits: [
        .trait(name: "Training", description: "Everything but the runtime: the program, searches, trainings."),
        .default(enabledTraits: ["Training"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .executableTarget(
            name: "ads",
            dependencies: [
                "Reporting", "ConnectivitySearch", "Evaluation", "Strategies", "StudyPostgres", "Studies", "Training",
                "Runs", "ImageData", "NetworkExport", "NetworkImport", "DenseNetModel", "DenseNetRuntime",
                "DenseNetArchitecture",
                "DenseKernels", "WeightFiles", "Files", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: training),
            ]),
        .executableTarget(
            name: "search-your-data",
            dependencies: ["ConnectivitySearch", "Training", "ImageData", "Runs", "DenseNetArchitecture", "Torch"],
            path: "Examples/SearchYourData"),
        .executableTarget(
            name: "landscapes",
            dependencies: [
                "Strategies", "DenseNetArchitecture", "Randomness", "Torch",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: training),
            ],
            path: "Benchmarks/Landscapes"),
        .executableTarget(
            name: "many-machines",
            dependencies: [
                "ConnectivitySearch", "Evaluation", "Strategies", "StudyPostgres", "Studies", "Training", "Runs",
                "ImageData", "DenseNetArchitecture", "Randomness",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: training),
            ],
            path: "Benchmarks/ManyMachines"),
        .target(
            name: "Reporting",
            dependencies: [
                "ConnectivitySearch", "Evaluation", "Strategies", "StudyPostgres", "Studies", "Training", "Runs",
                "DenseNetArchitecture", "Protobuf", "Files",
            ]),
        .target(
            name: "ConnectivitySearch",
            dependencies: [
                "Evaluation", "Strategies", "StudySQLite", "StudyPostgres", "Studies", "Training", "Runs", "ImageData",
                "DenseNetModel", "DenseNetArchitecture", "Digests", "Files", "Randomness", "Torch",
            ]),
        .target(
            name: "Evaluation",
            dependencies: [
                "Strategies", "Training", "Runs", "ImageData", "DenseNetModel", "DenseNetArchitecture", "DenseKernels",
                "Files", "Randomness", "Registries", "Torch",
            ]),
        .target(
            name: "Strategies",
            dependencies: ["DenseNetModel", "DenseNetArchitecture", "Files", "Randomness", "Registries", "Torch"]),
        .target(
            name: "StudySQLite",
            dependencies: [
                "Studies", "DenseNetArchitecture", "Files",
                .product(name: "GRDB", package: "GRDB.swift", condition: training),
            ]),
        .target(
            name: "StudyPostgres",
            dependencies: ["Studies", "Digests", "Files", .target(name: "CPostgreSQL", condition: training)]),
        .systemLibrary(
            name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(name: "Studies", dependencies: ["DenseNetArchitecture", "Digests", "Files"]),
        .target(
            name: "Training",
            dependencies: [
                "Runs", "ImageData", "ImageDecoding", "ImageResizing", "DenseNetModel", "NetworkImport",
                "DenseNetArchitecture", "DenseKernels",
                "WeightFiles", "Digests", "Files", "Randomness", "Torch",
            ]),
        .target(
            name: "NetworkExport",
            dependencies: [
                "Runs", "DenseNetRuntime", "DenseNetArchitecture", "WeightFiles", "Protobuf", "Files", "Registries",
            ]),
        .target(name: "Runs", dependencies: ["DenseNetArchitecture", "Files"]),
        .target(
            name: "ImageData",
            dependencies: [
                "ArrayFiles", "Digests", "Files", "ImageDecoding", "ImageResizing", "PickleFiles", "Randomness",
                "Registries", "Torch",
            ]),
        .target(
            name: "DenseNetModel", dependencies: ["DenseNetRuntime", "DenseKernels", "DenseNetArchitecture", "Torch"]),
        .target(name: "Torch", dependencies: ["CTorch", "Files"]),
        .target(name: "CTorch", dependencies: [.target(name: "CLibtorch", condition: training)]),
        .systemLibrary(name: "CLibtorch", pkgConfig: "libtorch"),
        .target(
            name: "DenseNetRuntime",
            dependencies: ["DenseKernels", "DenseNetArchitecture", "ImageResizing", "WeightFiles", "Files"]),
        .target(
            name: "ImageDecoding",
            dependencies: [
                "ImageResizing", "Files",
                .target(name: "CTurboJPEG", condition: training), .target(name: "CPNG", condition: training),
                .target(name: "CZlib", condition: training),
            ]),
        .systemLibrary(
            name: "CTurboJPEG", pkgConfig: "libturbojpeg",
            providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "ImageResizing"),
        .target(name: "NetworkImport", dependencies: ["DenseNetArchitecture", "TorchFiles", "WeightFiles", "Files"]),
        .target(
            name: "TorchFiles",
            dependencies: ["WeightFiles", "PickleFiles", "Archives", "Files"]),
        .target(name: "ArrayFiles", dependencies: ["Archives", "Files"]),
        .target(name: "Archives", dependencies: ["Files", .target(name: "CZlib", condition: training)]),
        .target(name: "PickleFiles", dependencies: ["Files"]),
        .target(name: "WeightFiles", dependencies: ["Files"]),
        .target(name: "Protobuf"),
        .target(
            name: "Digests",
            dependencies: [
                .target(name: "CCrypto", condition: .when(platforms: [.linux], traits: ["Training"]))
            ]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "Files"),
        .target(name: "DenseKernels", dependencies: ["CProcessor"]),
        .target(name: "CProcessor"),
        .target(name: "DenseNetArchitecture", dependencies: ["Files", "Randomness", "Registries"]),
        .target(name: "Randomness"),
        .target(name: "Registries"),
        .target(name: "TestSupport", dependencies: ["Torch"], path: "Tests/TestSupport"),
        .target(
            name: "FuzzedReaders",
            dependencies: [
                "NetworkExport", "NetworkImport", "DenseNetArchitecture", "ImageDecoding", "TorchFiles", "WeightFiles",
                "ArrayFiles", "PickleFiles", "Files",
            ],
            path: "Tests/Fuzz/Readers"),
        .target(
            name: "FuzzedRunReaders",
            dependencies: [
                "FuzzedReaders", "ConnectivitySearch", "Strategies", "Training", "ImageData", "DenseNetArchitecture",
                "Files", "Torch",
            ],
            path: "Tests/Fuzz/RunReaders"),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzedReaders", "FuzzedRunReaders", "Randomness", "TestSupport"]),
        .testTarget(
            name: "DenseNetArchitectureTests",
            dependencies: ["DenseNetArchitecture", "Files", "Randomness", "Registries"]),
        .testTarget(
            name: "NetworkExportTests",
            dependencies: [
                "DenseNetRuntime",
                "NetworkExport", "DenseNetArchitecture", "WeightFiles", "Protobuf", "Files", "Randomness",
                "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(name: "DenseKernelsTests", dependencies: ["DenseKernels", "Randomness"]),
        .testTarget(name: "TorchTests", dependencies: ["Torch"]),
        .testTarget(
            name: "FileTests",
            dependencies: [
                "Digests", "Files", "TorchFiles", "ArrayFiles", "Archives", "WeightFiles", "PickleFiles", "Randomness",
                "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "NetworkImportTests",
            dependencies: [
                "NetworkImport", "DenseNetModel", "DenseNetArchitecture", "Training", "Runs", "WeightFiles", "Files",
                "Randomness", "Torch", "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "DenseNetModelTests",
            dependencies: [
                "DenseNetModel", "DenseNetArchitecture", "DenseKernels", "Randomness", "Runs", "Torch", "Training",
                "WeightFiles", "TestSupport",
            ]),
        .testTarget(name: "ImageResizingTests", dependencies: ["ImageResizing", "TestSupport"]),
        .testTarget(name: "ImageDecodingTests", dependencies: ["ImageDecoding", "TestSupport"]),
        .testTarget(
            name: "DenseNetRuntimeTests",
            dependencies: [
                "DenseNetRuntime", "DenseNetModel", "DenseNetArchitecture", "ImageResizing", "WeightFiles", "Files",
                "Randomness", "Torch", "Training", "TestSupport",
            ]),
        .testTarget(
            name: "ImageDataTests",
            dependencies: [
                "ImageData", "ImageDecoding", "ImageResizing", "DenseNetRuntime", "Files", "Randomness", "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Runs", "ImageData", "ImageDecoding", "DenseNetModel", "DenseNetArchitecture", "Files",
                "Randomness",
                "Torch", "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "StudiesTests",
            dependencies: [
                "Studies", "StudySQLite", "StudyPostgres", "DenseNetArchitecture", "Files", "Randomness", "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "ads", "search-your-data", "Reporting", "ConnectivitySearch", "Evaluation", "StudyPostgres", "Studies",
                "Training", "Runs", "ImageData", "Files",
                "WeightFiles", "DenseNetArchitecture", "DenseNetModel", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: training),
            ],
            exclude: ["Snapshots"],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "StrategiesTests",
            dependencies: [
                "ConnectivitySearch", "Evaluation", "Strategies", "DenseNetArchitecture", "Randomness", "Torch",
                "TestSupport",
            ]),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "ConnectivitySearch", "Evaluation", "Strategies", "Training", "Runs", "ImageData", "DenseNetModel",
                "NetworkImport", "DenseNetArchitecture", "Files", "Randomness", "Torch", "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
        .testTarget(
            name: "ConnectivitySearchTests",
            dependencies: [
                "ConnectivitySearch", "Evaluation", "Strategies", "StudySQLite", "StudyPostgres", "Studies", "Training",
                "Runs",
                "ImageData", "DenseNetModel", "DenseNetArchitecture", "Files", "Randomness", "Torch", "TestSupport",
            ],
            swiftSettings: quicklyBuilt),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)

// Only make docs asks for the plugin: nobody who builds the program or depends on a library fetches it.
if Context.environment["ADS_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

// What `make fuzz` builds: without -sanitize=fuzzer there is no libFuzzer to link these with.
if Context.environment["ADS_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["FuzzedReaders", "CFuzzer"], path: "Tests/Fuzz/Driver"),
        .executableTarget(
            name: "fuzz-values", dependencies: ["FuzzDriver", "FuzzedReaders"], path: "Tests/Fuzz/Values"),
        .executableTarget(
            name: "fuzz-runs", dependencies: ["FuzzDriver", "FuzzedReaders", "FuzzedRunReaders"],
            path: "Tests/Fuzz/Runs"),
    ]
}
