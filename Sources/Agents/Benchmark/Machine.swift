import Foundation
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a benchmark ran on.
public struct Machine: Codable, Sendable, Equatable {
  public var processor: String
  public var cores: Int
  public var memoryBytes: UInt64
  public var system: String
  public var simd: String
  public var version: String
  public var commit: String?
  /// Runs side by side, each on one thread.
  public var jobs: Int
  /// The most memory that the process held at once, all runs side by side.
  public var peakMemoryBytes: Int

  enum CodingKeys: String, CodingKey {
    case processor, cores, system, simd, version, commit, jobs
    case memoryBytes = "memory_bytes"
    case peakMemoryBytes = "peak_memory_bytes"
  }

  /// This machine; the peak is the largest of every process that worked on the benchmark.
  init(in path: String, jobs: Int, version: String) throws {
    let description = RunDescription(
      agent: "", environment: "", seed: 0, totalSteps: 0, version: version, simd: simdLevel)
    processor = description.cpu
    cores = ProcessInfo.processInfo.activeProcessorCount
    memoryBytes = ProcessInfo.processInfo.physicalMemory
    system = ProcessInfo.processInfo.operatingSystemVersionString
    simd = simdLevel
    self.version = version
    commit = description.gitCommit
    self.jobs = jobs
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
      peakMemoryBytes = usage.ru_maxrss
    #else
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      // Linux counts in KiB.
      peakMemoryBytes = usage.ru_maxrss * 1024
    #endif
    if let data = FileManager.default.contents(atPath: "\(path)/machine.json"),
      let earlier = try? JSONDecoder().decode(Machine.self, from: data)
    {
      peakMemoryBytes = max(peakMemoryBytes, earlier.peakMemoryBytes)
    }
    try Benchmark.write(self, to: "\(path)/machine.json")
  }
}

/// The mean return of random actions in each environment, measured once a benchmark.
struct Baselines: Codable, Sendable {
  var returns: [String: Double]

  init(returns: [String: Double]) { self.returns = returns }

  init(of environments: [String], in path: String) throws {
    let file = "\(path)/random.json"
    returns =
      FileManager.default.contents(atPath: file)
      .flatMap { try? JSONDecoder().decode(Baselines.self, from: $0) }?.returns ?? [:]
    let missing = environments.filter { returns[$0] == nil }
    if missing.isEmpty { return }
    for environment in missing {
      returns[environment] = try randomReturn(
        in: environment, episodes: 20, seed: BenchmarkPlan.firstEvaluationSeed - 1)
    }
    try Benchmark.write(self, to: file)
  }
}
