// swift-tools-version: 6.2
import PackageDescription

// Elsewhere its headers lie where compilers look, and what pkg-config says of it brings a warning.
#if os(macOS)
  let sdlPackage: String? = "sdl2"
#else
  let sdlPackage: String? = nil
#endif

let package = Package(
  name: "swirl",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "Swirl", targets: ["Swirl"]),
    .library(name: "SwirlCommand", targets: ["SwirlCommand"]),
    // Language models alone, without agents.
    .library(name: "Language", targets: ["Language"]),
    .executable(name: "swirl", targets: ["swirl-cli"]),
    // For tests of environments: counts what a thread asks of the heap.
    .library(name: "CAllocationCounter", targets: ["CAllocationCounter"]),
  ],
  traits: [
    .default(enabledTraits: ["Box2D", "Viewer"]),
    .trait(
      name: "Box2D",
      description: "LunarLander, BipedalWalker and CarRacing; needs Box2D 2.4 (libbox2d-dev)."),
    .trait(
      name: "Viewer",
      description: "Pictures, films and windows of episodes; needs Cairo and SDL 2 "
        + "(libcairo2-dev, libsdl2-dev)."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "CKernels"),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .target(name: "Runtime", exclude: ["README.md"]),
    .target(
      name: "Tensors", dependencies: ["Runtime", "CKernels", "COpenBLAS"], exclude: ["README.md"]),
    .systemLibrary(name: "CLibm"),
    .systemLibrary(name: "CMuJoCo"),
    .target(
      name: "CBox2D",
      cxxSettings: [.define("SWIRL_BOX2D", .when(traits: ["Box2D"]))],
      linkerSettings: [.linkedLibrary("box2d", .when(traits: ["Box2D"]))]),
    .target(
      name: "Envs",
      dependencies: [
        "Runtime", "CLibm", "CMuJoCo", .target(name: "CBox2D", condition: .when(traits: ["Box2D"])),
      ], exclude: ["README.md"]),
    .systemLibrary(
      name: "CCairo", pkgConfig: "cairo",
      providers: [.apt(["libcairo2-dev"]), .brew(["cairo"])]),
    .systemLibrary(
      name: "CSDL2", pkgConfig: sdlPackage,
      providers: [.apt(["libsdl2-dev"]), .brew(["sdl2"])]),
    .target(name: "Policy", dependencies: ["Tensors", "Envs"], exclude: ["README.md"]),
    .target(name: "Replay", dependencies: ["Tensors"], exclude: ["README.md"]),
    .target(
      name: "Language", dependencies: ["Runtime", "Tensors", "Envs"], exclude: ["README.md"]),
    .target(
      name: "Agents",
      dependencies: [
        "Runtime", "Tensors", "Envs", "Policy", "Replay", "Language", "Yams",
        .product(name: "Logging", package: "swift-log"),
      ], exclude: ["README.md"]),
    .target(
      name: "Viewer",
      dependencies: [
        "Runtime", "Tensors", "Envs", "Policy", "Agents",
        .target(name: "CCairo", condition: .when(traits: ["Viewer"])),
        .target(name: "CSDL2", condition: .when(traits: ["Viewer"])),
      ], exclude: ["README.md"]),
    .target(
      name: "Swirl",
      dependencies: [
        "Runtime", "Tensors", "Envs", "Policy", "Replay", "Language", "Agents", "Viewer",
      ]),
    .target(
      name: "SwirlCommand",
      dependencies: [
        "Swirl", "Tensors", "Envs", "Viewer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["README.md"]),
    .executableTarget(name: "swirl-cli", dependencies: ["SwirlCommand"]),
    .executableTarget(name: "TrainPPO", dependencies: ["Swirl"], path: "Examples/TrainPPO"),
    .executableTarget(
      name: "CustomEnvironment", dependencies: ["Swirl"],
      path: "Examples/CustomEnvironment"),
    .executableTarget(
      name: "OwnCommand", dependencies: ["Swirl", "SwirlCommand"], path: "Examples/OwnCommand"),
    .executableTarget(
      name: "LearningCurve", dependencies: ["Swirl"], path: "Examples/LearningCurve"),
    .executableTarget(
      name: "DynamicProgramming", dependencies: ["Swirl"], path: "Examples/DynamicProgramming"),
    .executableTarget(name: "TrainGRPO", dependencies: ["Swirl"], path: "Examples/TrainGRPO"),
    .executableTarget(
      name: "CustomTask", dependencies: ["Swirl", "SwirlCommand"], path: "Examples/CustomTask"),
    .executableTarget(name: "RewardProgram", path: "Examples/RewardProgram"),
    .executableTarget(name: "Planning", dependencies: ["Swirl"], path: "Examples/Planning"),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"], exclude: ["References"]),
    .testTarget(
      name: "TensorsTests", dependencies: ["Tensors", "Runtime", "CKernels"],
      exclude: ["References"]),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(
      name: "EnvsTests", dependencies: ["Envs", "Runtime", "CLibm", "CAllocationCounter"],
      exclude: ["References"]),
    .testTarget(
      name: "PolicyTests", dependencies: ["Policy", "Tensors", "Envs", "Runtime"],
      exclude: ["References"]),
    .testTarget(name: "ReplayTests", dependencies: ["Replay"], exclude: ["References"]),
    .testTarget(
      name: "LanguageTests", dependencies: ["Language", "Tensors", "Envs", "Runtime"],
      exclude: ["References"]),
    .testTarget(
      name: "AgentsTests",
      dependencies: [
        "Agents", "Policy", "Tensors", "Envs", "Runtime", "Replay", "Language",
        "CAllocationCounter",
      ],
      exclude: ["References"]),
    .target(name: "Displays", path: "Tests/Displays"),
    .testTarget(
      name: "ViewerTests",
      dependencies: [
        "Viewer", "Envs", "Policy", "Agents", "Runtime", "Displays",
        .target(name: "CSDL2", condition: .when(traits: ["Viewer"])),
      ], exclude: ["References"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "swirl-cli", "TrainPPO", "CustomEnvironment", "OwnCommand", "DynamicProgramming",
        "TrainGRPO", "CustomTask", "RewardProgram", "Displays",
      ],
      exclude: ["References"]),
  ],
  cxxLanguageStandard: .cxx17
)
