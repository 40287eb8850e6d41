import Envs
import Runtime

/// What the runs of a benchmark add up to: everything its pages and tables show.
public struct BenchmarkSummary: Codable, Sendable {
  public var plan: BenchmarkPlan
  public var machine: Machine
  /// What a reader has to know before believing a number.
  public var warnings: [String]
  public var tasks: [Task]
  /// Each agent in each environment, environments outermost.
  public var cells: [Cell]
  /// Over all tasks, an agent each; empty where there is one task only or runs are missing.
  public var aggregates: [Aggregate]
  public var profile: Profile?
  public var improvements: [Improvement]
  public var runs: [RunRecord]

  /// An environment and what its returns are measured against.
  public struct Task: Codable, Sendable {
    public var environment: String
    /// The return from which on the environment counts as solved.
    public var threshold: Double?
    /// The mean return of random actions: a score of 0.
    public var randomReturn: Double
    /// The return that is a score of 1: the threshold, or the best final return of this benchmark.
    public var fullReturn: Double
  }

  /// An estimate with its interval.
  public struct Estimate: Codable, Sendable {
    public var value: Double
    public var interval: Interval
  }

  /// One agent in one environment.
  public struct Cell: Codable, Sendable {
    public var agent: String
    public var environment: String
    public var seeds: Int
    /// Of the final mean returns over the seeds.
    public var interquartileMean: Estimate
    public var mean: Double
    public var worst: Double
    /// The interquartile mean of the best mean return that each seed reached.
    public var best: Double
    /// The interquartile mean of the curve's mean height: the area under it over its width.
    public var meanHeight: Double?
    /// How many seeds reached the threshold in training, and the median steps and seconds of those: nil
    /// where not even half did.
    public var reached: Int
    public var stepsToThreshold: Double?
    public var secondsToThreshold: Double?
    public var stepsPerSecond: Double
    public var seconds: Double
    /// Seconds of each phase, means over the seeds.
    public var phases: [RunRecord.PhaseTime]
    public var peakTensorBytes: Int?
    public var curve: Band
  }

  /// The interquartile mean of several curves with its interval.
  public struct Band: Codable, Sendable {
    public var source: LearningCurve.Source
    public var steps: [Double]
    public var value: [Double]
    public var low: [Double]
    public var high: [Double]
  }

  /// One agent over all tasks, of scores from 0 (random) to 1.
  public struct Aggregate: Codable, Sendable {
    public var agent: String
    public var interquartileMean: Estimate
    public var median: Estimate
    public var mean: Estimate
    public var optimalityGap: Estimate
  }

  /// The share of runs above each threshold.
  public struct Profile: Codable, Sendable {
    public var thresholds: [Double]
    public var agents: [Line]

    public struct Line: Codable, Sendable {
      public var agent: String
      public var share: [Double]
      public var low: [Double]
      public var high: [Double]
    }
  }

  /// How likely a run of one agent is to beat one of another.
  public struct Improvement: Codable, Sendable {
    public var agent: String
    public var over: String
    public var probability: Estimate
  }
}

// MARK: - Adding up

extension BenchmarkSummary {
  private static var profilePoints: Int { 81 }

  init(
    plan: BenchmarkPlan, records: [RunRecord], unfinished: [BenchmarkPlan.Run],
    missingPresets: [String], baselines: Baselines, machine: Machine
  ) {
    self.plan = plan
    self.machine = machine
    runs = records.map { record in
      var record = record
      record.curve = record.curve.thinned(to: 400)
      return record
    }
    // One stream, each statistic in its turn: the same runs give the same page.
    var random = PCG64(SeedSequence(0, spawnKey: [0x4245_4E43]))
    let finals = Dictionary(grouping: records, by: { Pair($0.agent, $0.environment) })
    tasks = plan.environments.map { id in
      let threshold = (try? environmentSpec(id))?.rewardThreshold
      let low = baselines.returns[id] ?? 0
      let best = records.filter { $0.environment == id }.compactMap(\.finalReturn).max() ?? low
      let high = threshold ?? best
      return Task(
        environment: id, threshold: threshold, randomReturn: low,
        fullReturn: high > low ? high : low + 1)
    }
    cells = []
    for task in tasks {
      for agent in plan.agents {
        if let records = finals[Pair(agent, task.environment)] {
          cells.append(Cell(records, task, plan.steps, &random))
        }
      }
    }
    aggregates = []
    improvements = []
    profile = nil
    let scores = plan.agents.compactMap { agent -> (agent: String, scores: Scores)? in
      let runs = plan.environments.map {
        (finals[Pair(agent, $0)] ?? []).compactMap(\.finalReturn)
      }
      return (try? Scores(tasks: runs)).map { (agent, $0) }
    }
    let scales = tasks.map { (low: $0.randomReturn, high: $0.fullReturn) }
    let isOneTask = tasks.count == 1
    if !isOneTask {
      aggregates = scores.map { agent, scores in
        Aggregate(agent, scores.normalized(scales), &random)
      }
    }
    if !scores.isEmpty {
      // On one task returns need no common scale.
      let all = scores.map { ($0.agent, isOneTask ? $0.scores : $0.scores.normalized(scales)) }
      profile = Profile(all, points: Self.profilePoints, &random)
    }
    for (i, one) in scores.enumerated() {
      for other in scores[(i + 1)...] {
        improvements.append(
          Improvement(
            agent: one.agent, over: other.agent,
            probability: .improvement(of: one.scores, over: other.scores, using: &random)))
      }
    }
    warnings = Self.warnings(plan, records, unfinished) + missingPresets.map { $0 + "." }
  }

  private static func warnings(
    _ plan: BenchmarkPlan, _ records: [RunRecord], _ unfinished: [BenchmarkPlan.Run]
  ) -> [String] {
    var warnings: [String] = []
    if plan.seeds < 5 {
      warnings.append(
        "\(plan.seeds == 1 ? "One seed is" : "\(plan.seeds) seeds are") too few to rank agents: with "
          + "fewer than 5 the intervals are narrower than they should be.")
    }
    if !unfinished.isEmpty {
      let names = unfinished.prefix(3).map(\.description).joined(separator: ", ")
      warnings.append(
        "\(unfinished.count) of \(plan.runs.count) runs are not finished and left out: \(names)"
          + (unfinished.count > 3 ? ", …" : "."))
    }
    if records.contains(where: { $0.curve.source == .training }) {
      warnings.append(
        "The curves are means over the last hundred episodes of training, exploration included; the "
          + "final returns are of the deterministic policy.")
    }
    if plan.environments.count == 1 {
      warnings.append(
        "There is one task, so nothing is said across tasks.")
    }
    return warnings
  }
}

/// An agent and an environment.
private struct Pair: Hashable {
  let agent: String
  let environment: String

  init(_ agent: String, _ environment: String) {
    self.agent = agent
    self.environment = environment
  }
}

extension BenchmarkSummary.Estimate {
  init(_ scores: Scores, _ random: inout PCG64, _ statistic: (Scores) -> Double) {
    value = statistic(scores)
    interval = Bootstrap().interval(of: scores, using: &random, statistic)
  }

  static func improvement(of x: Scores, over y: Scores, using random: inout PCG64) -> Self {
    Self(
      value: probabilityOfImprovement(of: x, over: y),
      interval: Bootstrap().interval(of: x, and: y, using: &random) {
        probabilityOfImprovement(of: $0, over: $1)
      })
  }
}

extension BenchmarkSummary.Aggregate {
  fileprivate init(_ agent: String, _ scores: Scores, _ random: inout PCG64) {
    func statistics(_ scores: Scores) -> [Double] {
      [scores.interquartileMean, scores.median, scores.mean, scores.optimalityGap()]
    }
    let values = statistics(scores)
    let estimates = zip(
      values, Bootstrap().intervals(of: scores, using: &random, statistics)
    ).map { BenchmarkSummary.Estimate(value: $0, interval: $1) }
    self.init(
      agent: agent, interquartileMean: estimates[0], median: estimates[1], mean: estimates[2],
      optimalityGap: estimates[3])
  }
}

extension BenchmarkSummary.Profile {
  fileprivate init(_ all: [(String, Scores)], points: Int, _ random: inout PCG64) {
    let values = all.flatMap { $0.1.tasks.flatMap { $0 } }
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let margin = max((high - low) * 0.05, 1e-9)
    let thresholds = (0..<points).map {
      low - margin + (high - low + 2 * margin) * Double($0) / Double(points - 1)
    }
    self.thresholds = thresholds
    agents = all.map { agent, scores in
      let shares = { (scores: Scores) in thresholds.map { scores.share(above: $0) } }
      let intervals = Bootstrap(resamples: 2000).intervals(of: scores, using: &random, shares)
      return Line(
        agent: agent, share: shares(scores), low: intervals.map(\.low), high: intervals.map(\.high))
    }
  }
}

extension BenchmarkSummary.Cell {
  fileprivate init(
    _ records: [RunRecord], _ task: BenchmarkSummary.Task, _ steps: Int, _ random: inout PCG64
  ) {
    agent = records[0].agent
    environment = task.environment
    seeds = records.count
    let finals = records.compactMap(\.finalReturn)
    interquartileMean = .init(Scores(resampled: [finals]), &random) { $0.interquartileMean }
    mean = Agents.mean(finals)
    worst = finals.min() ?? .nan
    best = Agents.interquartileMean(records.compactMap(\.bestReturn))
    let heights = records.compactMap { $0.curve.meanHeight(to: steps) }
    meanHeight = heights.isEmpty ? nil : Agents.interquartileMean(heights)
    let reaches = records.compactMap { record in task.threshold.flatMap { record.curve.reach($0) } }
    reached = reaches.count
    if reached * 2 >= seeds, reached > 0 {
      // Those that never did count as later than all others.
      let never = [Double](repeating: .infinity, count: seeds - reached)
      let atSteps = Agents.median(reaches.map { Double($0.steps) } + never)
      let atSeconds = Agents.median(reaches.map(\.seconds) + never)
      stepsToThreshold = atSteps.isFinite ? atSteps : nil
      secondsToThreshold = atSeconds.isFinite ? atSeconds : nil
    }
    stepsPerSecond = Agents.median(records.map(\.stepsPerSecond))
    seconds = Agents.median(records.map(\.seconds))
    let names = records[0].phases.map(\.name)
    phases = names.map { name in
      .init(
        name: name,
        seconds: Agents.mean(
          records.map { record in record.phases.first { $0.name == name }?.seconds ?? 0 }))
    }
    peakTensorBytes = records.compactMap(\.peakTensorBytes).max()
    curve = BenchmarkSummary.Band(records.map(\.curve), to: steps, &random)
  }
}

extension BenchmarkSummary.Band {
  fileprivate init(_ curves: [LearningCurve], to end: Int, _ random: inout PCG64) {
    source = curves.allSatisfy { $0.source == .evaluations } ? .evaluations : .training
    let curves = curves.filter { !$0.steps.isEmpty }
    (steps, value, low, high) = ([], [], [], [])
    guard let first = curves.map({ $0.steps[0] }).max() else { return }
    steps = (0...100).map { Double(end) * Double($0) / 100 }.filter { $0 >= Double(first) }
    let points = steps
    let columns = points.map { step in curves.compactMap { $0.value(at: step) } }
    value = columns.map { interquartileMean($0) }
    // Whole runs are drawn: a run is its place in the list.
    let runs = Scores(resampled: [curves.indices.map(Double.init)])
    let intervals = Bootstrap(resamples: 2000).intervals(of: runs, using: &random) { drawn in
      columns.map { column in interquartileMean(drawn.tasks[0].map { column[Int($0)] }) }
    }
    low = intervals.map(\.low)
    high = intervals.map(\.high)
  }
}
