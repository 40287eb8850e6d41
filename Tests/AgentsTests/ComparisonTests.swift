import Agents
import Foundation
import Testing

/// A folder of runs that were never trained: their records are written by hand.
private final class Runs {
  let path = NSTemporaryDirectory() + "swirl-compare-\(UUID().uuidString)"

  /// - Parameter scores: By agent and environment, a run each.
  init(_ scores: [(agent: String, environment: String, returns: [Double])]) throws {
    for (agent, environment, returns) in scores {
      for (seed, value) in returns.enumerated() {
        let folder = "\(path)/\(agent)-\(environment)-s\(seed)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let description = RunDescription(
          agent: agent, environment: environment, seed: UInt64(seed), totalSteps: 100,
          version: "test", simd: "test")
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(description).write(to: URL(filePath: folder + "/run.json"))
        try Data("steps,episodes,mean_return,seconds\n50,1,0,1\n100,2,0,2\n".utf8)
          .write(to: URL(filePath: folder + "/metrics.csv"))
        let directory = try RunDirectory(reading: folder)
        // Two episodes around the mean; the last entry of the last step counts.
        try directory.add(
          EvaluationResult(returns: [0, 0], lengths: [1, 1], seed: 1), step: 50, deterministic: true
        )
        try directory.add(
          EvaluationResult(returns: [value - 1, value + 1], lengths: [1, 1], seed: 1), step: 100,
          deterministic: true)
      }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct ComparisonTests {
  private let good = [480.0, 490, 495, 500, 500]
  private let bad = [100.0, 120, 90, 130, 110]

  @Test func whatIsWorseIsARegression() throws {
    let (a, b) = (
      try Runs([("ppo", "CartPole-v1", good)]), try Runs([("ppo", "CartPole-v1", bad)])
    )
    let worse = try Comparison(of: a.path, and: b.path)
    #expect(worse.verdict == .regression)
    #expect(worse.probability.value == 0 && worse.probability.interval.high < 0.5)
    #expect(worse.tasks.map(\.interquartileMeanOfA) == [495])
    #expect(worse.warnings.isEmpty)
    #expect(try Comparison(of: b.path, and: a.path).verdict == .improvement)
    let same = try Comparison(of: a.path, and: a.path)
    #expect(same.verdict == .noDifference && same.probability.value == 0.5)
  }

  /// One task that got worse is told of, however many got better.
  @Test func aTaskThatGotWorseIsNotHidden() throws {
    let better = [1.0, 2, 3, 4, 5]
    let a = try Runs([("ppo", "X-v0", better), ("ppo", "Y-v0", better), ("ppo", "Z-v0", good)])
    let b = try Runs([
      ("ppo", "X-v0", better.map { $0 + 10 }), ("ppo", "Y-v0", better.map { $0 + 10 }),
      ("ppo", "Z-v0", bad),
    ])
    let comparison = try Comparison(of: a.path, and: b.path)
    #expect(comparison.tasks.map(\.verdict) == [.improvement, .improvement, .regression])
    #expect(comparison.verdict == .regression)
  }

  /// Of three runs and three, each side is ahead of all of the other by chance once in ten times.
  @Test func fewRunsDecideNothing() throws {
    func compared(_ a: [Double], _ b: [Double]) throws -> Comparison {
      let sets = (try Runs([("ppo", "X-v0", a)]), try Runs([("ppo", "X-v0", b)]))
      return try Comparison(of: sets.0.path, and: sets.1.path)
    }
    let two = try compared([500, 499], [1, 2])
    #expect(two.verdict == .undecided)
    #expect(two.warnings.contains { $0.contains("2 runs on a side") })
    #expect(try compared([500, 499, 498], [1, 2, 3]).verdict == .undecided)
    #expect(try compared([500, 499, 498, 497], [1, 2, 3, 4]).verdict == .regression)
    // Two of 126 ways to deal these out look like this.
    #expect(try compared([5, 6, 7, 8], [1, 2, 3, 4, 5]).verdict == .regression)
    #expect([1, 2, 6, 7, 23, 24].map { Comparison.fewestRuns(tasks: $0) } == [4, 5, 5, 6, 6, 7])
  }

  /// Of twenty tasks one is apart by chance in one of six comparisons of equal sets.
  @Test func manyTasksRaiseNoFalseAlarm() throws {
    let same = [1.0, 2, 3, 4, 5]
    let others = (1..<20).map { (agent: "ppo", environment: "Same\($0)-v0", returns: same) }
    let a = try Runs([("ppo", "X-v0", [6, 7, 8, 9, 10])] + others)
    let b = try Runs([("ppo", "X-v0", same)] + others)
    let comparison = try Comparison(of: a.path, and: b.path)
    #expect(comparison.tasks.allSatisfy { $0.verdict == .undecided })
    #expect(comparison.verdict == .noDifference)
    #expect(comparison.tasks.last?.probability.interval.high == 0)
  }

  @Test func twoAgentsAreComparedEnvironmentByEnvironment() throws {
    let a = try Runs([("a2c", "X-v0", bad), ("a2c", "Y-v0", bad)])
    let b = try Runs([("ppo", "X-v0", good), ("ppo", "Z-v0", good)])
    let comparison = try Comparison(of: a.path, and: b.path)
    #expect(comparison.tasks.map(\.agent) == ["a2c → ppo"])
    #expect(comparison.verdict == .improvement)
    #expect(comparison.warnings.count == 2, "\(comparison.warnings)")
  }

  @Test func whatCannotBeComparedIsSaid() throws {
    let a = try Runs([("ppo", "X-v0", good)])
    let b = try Runs([("ppo", "Y-v0", good)])
    func refusal(_ a: String, _ b: String) -> RunError? {
      do {
        _ = try Comparison(of: a, and: b)
        return nil
      } catch { return error as? RunError }
    }
    #expect(refusal(a.path, b.path)?.kind == .data)
    #expect(refusal(a.path, "/nowhere")?.kind == .missing)
    #expect(refusal(a.path, NSTemporaryDirectory() + "/..")?.kind == .missing)
    try Data("{".utf8).write(to: URL(filePath: a.path + "/ppo-X-v0-s2/run.json"))
    #expect(refusal(a.path, b.path)?.description.contains("run.json is damaged") == true)
  }
}
