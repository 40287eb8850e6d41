import Agents
import Foundation
import Synchronization
import Testing

/// A folder that is removed when the test ends.
private final class Folder {
  let path = NSTemporaryDirectory() + "swirl-bench-\(UUID().uuidString)"
  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private let agents: [any TrainableAgent.Type] = [PPO.self, A2C.self]

private func plan(
  _ environments: [String] = ["CartPole-v1"], seeds: Int = 2, steps: Int = 512
) -> BenchmarkPlan {
  BenchmarkPlan(
    agents: ["ppo", "a2c"], environments: environments, seeds: seeds, steps: steps, episodes: 5)
}

private func model(_ run: BenchmarkPlan.Run, in path: String) throws -> Data? {
  try RunDirectory(reading: "\(path)/runs/\(run.name)").latestCheckpoint()?
    .files["model.safetensors"]
}

@Suite struct BenchmarkTests {
  @Test func aBenchmarkLeavesWhatItPromises() throws {
    let folder = try Folder()
    let plan = plan(["CartPole-v1", "Identity-v0"])
    do {
      let benchmark = try Benchmark(in: folder.path, plan: plan, agents: agents, version: "test")
      let finished = Mutex<[BenchmarkPlan.Run]>([])
      let end = benchmark.run(jobs: 2) { event in
        if case .finished(let run, _, true) = event { finished.withLock { $0.append(run) } }
      }
      #expect(end == .finished(failures: []))
      #expect(finished.withLock { Set($0) } == Set(plan.runs))
      try benchmark.summary(jobs: 2).write(in: folder.path)
    }
    let page = try String(contentsOfFile: folder.path + "/report.html", encoding: .utf8)
    for forbidden in ["http://", "https://", "<script", "src=", "@import", "nan", "inf<"] {
      #expect(!page.contains(forbidden), "the page holds \(forbidden)")
    }
    for expected in [
      "<svg", "prefers-color-scheme: dark", "Learning curves", "2 seeds are too few",
      "Performance profiles", "Probability of improvement", "Optimality gap", "Identity-v0",
    ] {
      #expect(page.contains(expected), "the page lacks \(expected)")
    }
    let picture = try String(
      contentsOfFile: folder.path + "/curves-Identity-v0.svg", encoding: .utf8)
    for expected in ["<svg xmlns=", "<style>", "prefers-color-scheme: dark", "<polyline", "</svg>"]
    {
      #expect(picture.contains(expected), "the picture lacks \(expected)")
    }
    let table = try String(contentsOfFile: folder.path + "/results.csv", encoding: .utf8)
      .split(separator: "\n")
    #expect(table.count == 1 + plan.runs.count)
    #expect(
      table[0].hasPrefix("agent,environment,seed,steps,seconds,steps_per_second,final_return"))
    let summary = try JSONDecoder().decode(
      BenchmarkSummary.self, from: Data(contentsOf: URL(filePath: folder.path + "/benchmark.json")))
    #expect(summary.cells.count == 4)
    #expect(summary.aggregates.map(\.agent) == ["ppo", "a2c"])
    #expect(summary.runs.allSatisfy { $0.returns.count == 5 && $0.seconds > 0 })
    #expect(summary.runs.allSatisfy { ($0.peakTensorBytes ?? 0) > 0 })
    #expect(
      summary.runs.filter { $0.environment == "CartPole-v1" }
        .allSatisfy { $0.curve.source == .evaluations })
    // Evaluations never use what training is made from.
    #expect(summary.runs.allSatisfy { ($0.evaluationSeed ?? 0) >= 1_000_000 })

    // Once more: nothing is trained again and the results stay.
    let again = try Benchmark(in: folder.path, plan: nil, agents: agents, version: "test")
    let news = Mutex(0)
    let end = again.run(jobs: 2) { event in
      if case .finished(_, _, false) = event { return }
      news.withLock { $0 += 1 }
    }
    #expect(end == .finished(failures: []) && news.withLock { $0 } == 0)
    #expect(try again.summary(jobs: 2).csv == table.joined(separator: "\n") + "\n")

    // An evaluation of an earlier checkpoint with the same seed is not the final one.
    let run = plan.runs[0]
    let directory = try RunDirectory(reading: "\(folder.path)/runs/\(run.name)")
    let final = try #require(try directory.evaluations().last)
    try FileManager.default.removeItem(atPath: directory.path + "/evaluations.json")
    try directory.add(
      EvaluationResult(returns: final.returns, lengths: final.lengths, seed: final.seed), step: 256,
      deterministic: true)
    let finished = Mutex<[BenchmarkPlan.Run]>([])
    _ = again.run(jobs: 2) { event in
      if case .finished(let run, _, true) = event { finished.withLock { $0.append(run) } }
    }
    #expect(finished.withLock { $0 } == [run])
    #expect(
      summary.warnings.contains("a2c has no preset for Identity-v0; its defaults are used."))
  }

  @Test func jobsDoNotChangeResults() throws {
    let (one, three) = (try Folder(), try Folder())
    for (folder, jobs) in [(one, 1), (three, 3)] {
      let benchmark = try Benchmark(in: folder.path, plan: plan(), agents: agents, version: "test")
      #expect(benchmark.run(jobs: jobs) { _ in } == .finished(failures: []))
    }
    for run in plan().runs {
      #expect(try model(run, in: one.path) == model(run, in: three.path), "\(run)")
    }
  }

  @Test func oneTaskSaysNothingAcrossTasks() throws {
    let folder = try Folder()
    let benchmark = try Benchmark(
      in: folder.path, plan: plan(seeds: 1), agents: agents, version: "test")
    _ = benchmark.run(jobs: 1) { _ in }
    let summary = try benchmark.summary(jobs: 1)
    #expect(summary.aggregates.isEmpty)
    #expect(!summary.html.contains("Across the tasks"))
    #expect(summary.warnings.contains { $0.contains("One seed is too few") })
  }

  @Test func aPlanMayGrowButNotChange() throws {
    let folder = try Folder()
    func open(_ plan: BenchmarkPlan?) throws -> BenchmarkPlan {
      try Benchmark(in: folder.path, plan: plan, agents: agents, version: "test").plan
    }
    #expect(throws: RunError.self) { try open(nil) }
    _ = try open(plan())
    #expect(try open(nil) == plan())
    let grown = try open(plan(["Acrobot-v1"], seeds: 3))
    #expect(grown.environments == ["CartPole-v1", "Acrobot-v1"] && grown.seeds == 3)
    #expect(throws: RunError.self) { try open(plan(steps: 1024)) }
    // Two at a time in one folder is one too many.
    let held = try Benchmark(in: folder.path, plan: nil, agents: agents, version: "test")
    #expect { try open(nil) } throws: { "\($0)".contains("is being benchmarked by process") }
    #expect(held.plan == grown)
  }

  @Test func whatCannotBeTrainedIsSaidBeforeAnythingIs() throws {
    let folder = try Folder()
    let bad: [(BenchmarkPlan, String)] = [
      (
        BenchmarkPlan(agents: ["dreamer"], environments: ["CartPole-v1"], seeds: 1, steps: 1),
        "dreamer"
      ),
      (
        BenchmarkPlan(agents: ["ppo"], environments: ["CartPoel-v1"], seeds: 1, steps: 1),
        "CartPole-v1"
      ),
      (
        BenchmarkPlan(
          agents: ["ppo"], environments: ["CartPole-v1"], seeds: 1, steps: 1,
          settings: ["gama=0.9"]), "'gamma'"
      ),
      (BenchmarkPlan(agents: ["ppo"], environments: [], seeds: 1, steps: 1), "an environment"),
    ]
    for (plan, word) in bad {
      #expect {
        try Benchmark(in: folder.path + "/b", plan: plan, agents: agents, version: "test")
      } throws: {
        "\($0)".contains(word)
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/b"))
    }
  }

  @Test func curvesAreReadBetweenTheirPoints() {
    let curve = LearningCurve(
      source: .training, steps: [100, 200, 400], seconds: [1, 2, 4], returns: [10, 30, 20],
      firstSettled: 1)
    #expect(curve.value(at: 0) == 10)
    #expect(curve.value(at: 150) == 20)
    #expect(curve.value(at: 300) == 25)
    #expect(curve.value(at: 500) == 20)
    // 100 · 10 + 100 · 20 + 200 · 25, over 400.
    #expect(curve.meanHeight(to: 400) == 20)
    #expect(curve.reach(25)?.steps == 200)
    // The first point is no mean of enough episodes yet.
    #expect(curve.reach(5)?.steps == 200)
    #expect(curve.reach(31) == nil)
    #expect(curve.best == 30)
  }

  @Test func aRunIsReadThroughItsSessions() throws {
    let folder = try Folder()
    let directory = try RunDirectory(reading: try writtenRun(in: folder.path))
    let record = try RunRecord(reading: directory)
    #expect(record.steps == 30)
    // The second process began to count anew, and half a second of the first was an evaluation.
    #expect(record.seconds == 5.5)
    #expect(record.curve.seconds == [1, 2, 5.5])
    #expect(record.phases == [.init(name: "update", seconds: 0.75)])
    #expect(record.curve.returns == [1, 2, 3])
    #expect(record.finalReturn == nil)

    let path = folder.path + "/metrics.csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try (text + "40,4,80,4,oops,0,0\n").write(toFile: path, atomically: true, encoding: .utf8)
    #expect { try RunRecord(reading: directory) } throws: { "\($0)".contains("metrics.csv") }
    for cell in ["nan", "1e30", "-3", "2.5"] {
      try (text + "\(cell),4,80,4,4,0,0\n").write(toFile: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: RunError.self) { try RunRecord(reading: directory) }
      #expect(error?.kind == .data)
      #expect(error?.description.contains("'\(cell)' in line 5 is no number of steps") == true)
    }
    for column in ["steps", "episodes", "mean_return", "seconds,"] {
      let other = text.replacing(column, with: "x" + column)
      try other.write(toFile: path, atomically: true, encoding: .utf8)
      #expect { try RunRecord(reading: directory) } throws: { "\($0)".contains("has no column") }
    }
    // A line that a crash cut short does not count.
    try (text + "40,4,80,4,4").write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try RunRecord(reading: directory).steps == 30)
  }

  private func writtenRun(in path: String) throws -> String {
    let sessions = [(0, 20), (20, 30)].map {
      """
      {"started": "2026-01-01T00:00:00Z", "workers": 1, "firstStep": \($0), "lastStep": \($1), "seconds": 9}
      """
    }
    try """
    {"agent": "ppo", "environment": "CartPole-v1", "seed": 1, "total_steps": 30, "version": "1", "cpu": "x",
     "simd": "x", "sessions": [\(sessions.joined(separator: ","))]}
    """.write(toFile: path + "/run.json", atomically: true, encoding: .utf8)
    try """
    steps,iteration,episodes,mean_return,seconds,seconds_update,seconds_evaluation
    10,1,20,1,1,0.25,0.5
    20,2,40,2,2.5,0.25,1
    30,3,60,3,3.5,0.25,0

    """.write(toFile: path + "/metrics.csv", atomically: true, encoding: .utf8)
    return path
  }
}
