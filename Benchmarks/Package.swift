// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "swirl-benchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [.package(name: "swirl", path: "..")],
  targets: [
    .executableTarget(
      name: "learning-benchmark", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(
      name: "ppo-benchmark", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(
      name: "engine-benchmark", dependencies: [.product(name: "Swirl", package: "swirl")])
  ]
)
