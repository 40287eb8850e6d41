// swift-tools-version: 6.2
import PackageDescription

let swirl: Target.Dependency = .product(name: "Swirl", package: "swirl")

let package = Package(
  name: "swirl-benchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [.package(name: "swirl", path: "..")],
  targets: [
    .executableTarget(name: "environment-benchmark", dependencies: [swirl]),
    .executableTarget(name: "training-benchmark", dependencies: [swirl]),
    .executableTarget(name: "ddpg-benchmark", dependencies: [swirl]),
    .executableTarget(name: "learning-benchmark", dependencies: [swirl]),
    .executableTarget(name: "viewer-benchmark", dependencies: [swirl]),
    .executableTarget(name: "runs-benchmark", dependencies: [swirl]),
    .executableTarget(name: "tokenizer-benchmark", dependencies: [swirl]),
  ]
)
