import Foundation
import Runtime

/// Two sets of runs against each other: is B worse than A, better, or can nobody tell?
///
/// ```swift
/// let comparison = try Comparison(of: "bench-before", and: "bench-after")
/// print(comparison.verdict, comparison.probability.value)
/// ```
///
/// Runs are compared by the mean return of their final evaluations, task by task, a task being an agent
/// in an environment. B is worse where the interval of the probability that a run of B beats one of A
/// lies below one half and chance alone would seldom put B's runs so low (Mann–Whitney): of few runs
/// the bootstrap's interval is too narrow to say so alone.
public struct Comparison: Codable, Sendable {
  public enum Verdict: String, Codable, Sendable {
    case regression
    case improvement
    case noDifference = "no difference"
    /// Too few runs to tell anything.
    case undecided
  }

  /// One agent in one environment.
  public struct Task: Codable, Sendable {
    /// Of B and of A the same, unless each set is of one agent only.
    public var agent: String
    public var environment: String
    public var runsOfA: Int
    public var runsOfB: Int
    public var interquartileMeanOfA: Double
    public var interquartileMeanOfB: Double
    /// That a run of B beats one of A. The interval is as wide as it must be for all tasks together to be
    /// wrong no more often than one would be (Bonferroni).
    public var probability: BenchmarkSummary.Estimate
    public var verdict: Verdict

    enum CodingKeys: String, CodingKey {
      case agent, environment, probability, verdict
      case runsOfA = "runs_a"
      case runsOfB = "runs_b"
      case interquartileMeanOfA = "iqm_a"
      case interquartileMeanOfB = "iqm_b"
    }
  }

  public var verdict: Verdict
  /// That a run of B beats one of A, averaged over the tasks, with its 95 % interval.
  public var probability: BenchmarkSummary.Estimate
  public var tasks: [Task]
  public var warnings: [String]

  /// How often chance alone may look like a regression, or like an improvement.
  private static let mistakes = 0.025

  /// The runs on each side from which on every one of so many tasks can have a verdict. With fewer,
  /// each side is ahead of all of the other too often by chance: of three and three once in ten times.
  public static func fewestRuns(tasks: Int) -> Int {
    var runs = 1
    while 1 / RankTest.ways(runs, of: 2 * runs) > mistakes / Double(tasks) { runs += 1 }
    return runs
  }

  /// Compares two folders, each that of a benchmark, of several run directories, or a run directory.
  ///
  /// - Throws: `RunError`: of kind `missing` for a folder that is not there or holds no run, `data` for runs
  ///   that cannot be compared.
  public init(of a: String, and b: String) throws {
    try self.init(of: RunSet(reading: a), and: RunSet(reading: b))
  }

  init(of a: RunSet, and b: RunSet) throws {
    var names = a.scores.keys.filter { b.scores[$0] != nil }.map { (a: $0, b: $0, name: $0.agent) }
    // A whole set of one agent against one of another: what differs is the agent.
    if let one = a.onlyAgent, let other = b.onlyAgent, one != other {
      names = a.scores.keys.compactMap { key in
        let there = RunSet.Key(agent: other, environment: key.environment)
        return b.scores[there].map { _ in (a: key, b: there, name: "\(one) → \(other)") }
      }
    }
    guard !names.isEmpty else {
      throw RunError(
        .data,
        "\(a.path) and \(b.path) have no agent and environment in common: \(a.names) on one side, "
          + "\(b.names) on the other")
    }
    names.sort { ($0.a.environment, $0.name) < ($1.a.environment, $1.name) }
    let pairs = try names.map {
      (a: try Scores(tasks: [a.scores[$0.a] ?? []]), b: try Scores(tasks: [b.scores[$0.b] ?? []]))
    }
    var random = PCG64(SeedSequence(0, spawnKey: [0x434F_4D50]))
    let confidence = 1 - 0.05 / Double(pairs.count)
    tasks = zip(names, pairs).map { names, pair in
      let estimate = Self.improvement(pair.b, over: pair.a, confidence, &random)
      return Task(
        agent: names.name, environment: names.a.environment, runsOfA: pair.a.fewestRuns,
        runsOfB: pair.b.fewestRuns, interquartileMeanOfA: pair.a.interquartileMean,
        interquartileMeanOfB: pair.b.interquartileMean, probability: estimate,
        verdict: Self.verdict(
          estimate, RankTest(of: pair.b, over: pair.a), Self.mistakes / Double(pairs.count)))
    }
    let all = (
      a: Scores(resampled: pairs.flatMap(\.a.tasks)), b: Scores(resampled: pairs.flatMap(\.b.tasks))
    )
    probability = Self.improvement(all.b, over: all.a, 0.95, &random)
    let fewest = min(all.a.fewestRuns, all.b.fewestRuns)
    let whole = Self.verdict(probability, RankTest(of: all.b, over: all.a), Self.mistakes)
    // A task that got worse is not made good by others that got better.
    verdict = tasks.contains { $0.verdict == .regression } ? .regression : whole
    warnings = a.warnings + b.warnings + Self.leftOut(a, b, names.map { ($0.a, $0.b) })
    if fewest < 5 {
      warnings.append(
        "With \(fewest == 1 ? "one run" : "\(fewest) runs") on a side the interval is narrower than it "
          + "should be; 5 and more are better.")
    }
  }

  private static func improvement(
    _ x: Scores, over y: Scores, _ confidence: Double, _ random: inout PCG64
  ) -> BenchmarkSummary.Estimate {
    .init(
      value: probabilityOfImprovement(of: x, over: y),
      interval: Bootstrap(confidence: confidence).interval(of: x, and: y, using: &random) {
        probabilityOfImprovement(of: $0, over: $1)
      })
  }

  private static func verdict(
    _ estimate: BenchmarkSummary.Estimate, _ test: RankTest, _ limit: Double
  ) -> Verdict {
    if test.least > limit { return .undecided }
    if estimate.interval.high < 0.5 && test.low <= limit { return .regression }
    return estimate.interval.low > 0.5 && test.high <= limit ? .improvement : .noDifference
  }

  private static func leftOut(
    _ a: RunSet, _ b: RunSet, _ used: [(RunSet.Key, RunSet.Key)]
  ) -> [String] {
    let (ofA, ofB) = (Set(used.map(\.0)), Set(used.map(\.1)))
    let missing =
      a.scores.keys.filter { !ofA.contains($0) }.map { ($0, a.path) }
      + b.scores.keys.filter { !ofB.contains($0) }.map { ($0, b.path) }
    return missing.map { "\($0.0.agent) on \($0.0.environment) is in \($0.1) only and left out." }
      .sorted()
  }
}

/// The final returns of a folder's runs.
struct RunSet {
  struct Key: Hashable {
    var agent: String
    var environment: String
  }

  let path: String
  private(set) var scores: [Key: [Double]] = [:]
  private(set) var warnings: [String] = []

  /// - Throws: `RunError`: of kind `missing` where there is no run, `data` for one that is damaged or was never
  ///   evaluated.
  init(reading path: String) throws {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else {
      throw RunError(.missing, "there is no folder \(path); give a benchmark's, or one of runs")
    }
    var unfinished = 0
    for folder in Self.runs(in: path) {
      let directory = try RunDirectory(reading: folder)
      let description = try directory.description()
      // A benchmark's own evaluation, where there is one: others may have been made of the same run.
      let seed = BenchmarkPlan.firstEvaluationSeed &+ description.seed
      var record = try RunRecord(reading: directory, evaluationSeed: seed)
      if record.returns.isEmpty { record = try RunRecord(reading: directory) }
      guard let score = record.finalReturn, record.steps >= description.totalSteps else {
        unfinished += 1
        continue
      }
      scores[Key(agent: record.agent, environment: record.environment), default: []].append(score)
    }
    guard !scores.isEmpty else {
      throw unfinished == 0
        ? RunError(.missing, "\(path) holds no run: neither it nor a folder in it has a run.json")
        : RunError(
          .data,
          "\(path) holds no finished run that was evaluated at its end; 'swirl evaluate RUN' does it"
        )
    }
    if unfinished > 0 {
      warnings.append(
        "\(unfinished) of \(path)'s runs are not finished, or not evaluated at their end, and left out."
      )
    }
  }

  /// Run directories at a path, in the order of their names: the path itself, a benchmark's, or those in it.
  private static func runs(in path: String) -> [String] {
    func isRun(_ folder: String) -> Bool {
      FileManager.default.fileExists(atPath: folder + "/run.json")
    }
    if isRun(path) { return [path] }
    let folder =
      FileManager.default.fileExists(atPath: path + "/plan.json") ? path + "/runs" : path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)" }.filter(isRun)
  }

  var onlyAgent: String? {
    let agents = Set(scores.keys.map(\.agent))
    return agents.count == 1 ? agents.first : nil
  }

  var names: String {
    scores.keys.map { "\($0.agent) on \($0.environment)" }.sorted().joined(separator: ", ")
  }
}
