// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "swirl-fuzz",
  platforms: [.macOS("26.0")],
  dependencies: [.package(name: "swirl", path: "..")],
  targets: [
    .executableTarget(
      name: "loader-fuzzer",
      dependencies: [.product(name: "Language", package: "swirl")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])])
  ]
)
