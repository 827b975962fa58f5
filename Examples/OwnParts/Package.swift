// swift-tools-version: 6.1
import PackageDescription

// A package of its own that adds a data set, a pattern, a strategy and an evaluator to ours; docs/extending.md says how
// it is built.
let package = Package(
    name: "own-parts",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Elsewhere the package's URL.
        .package(name: "densenet-ads", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "own-parts",
            dependencies: [
                .product(name: "ConnectivitySearch", package: "densenet-ads"),
                .product(name: "Runs", package: "densenet-ads"),
                .product(name: "ImageData", package: "densenet-ads"),
                .product(name: "DenseNetArchitecture", package: "densenet-ads"),
                .product(name: "Randomness", package: "densenet-ads"),
                .product(name: "Torch", package: "densenet-ads"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
