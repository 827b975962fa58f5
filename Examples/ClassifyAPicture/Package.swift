// swift-tools-version: 6.1
import PackageDescription

// A package of its own that runs an exported network: without traits ours brings nothing else with it.
let package = Package(
    name: "classify-a-picture",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Elsewhere the package's URL.
        .package(name: "densenet-ads", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "classify-a-picture",
            dependencies: [.product(name: "DenseNetRuntime", package: "densenet-ads")], path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)
