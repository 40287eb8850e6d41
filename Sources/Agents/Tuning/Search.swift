import Foundation
import Runtime
import Synchronization

/// What a search tries: points of a space, each trained in an environment and judged by fresh episodes.
public struct SearchPlan: Codable, Sendable, Equatable {
  /// How trials are given steps.
  public enum Method: String, Codable, Sendable, CaseIterable {
    /// Every trial takes them all.
    case random
    /// All begin with few; the best third goes on to three times as many, and so on.
    case halving
  }

  public var agent: String
  public var environment: String
  public var space: SearchSpace
  public var method: Method
  public var trials: Int
  /// Environment steps of a trial that is trained to its end.
  public var steps: Int
  /// Runs of each trial; its score is the mean over them.
  public var seeds: Int
  /// Fresh episodes that judge a policy.
  public var episodes: Int
  /// What the trials are drawn from.
  public var seed: UInt64

  public init(
    agent: String, environment: String, space: SearchSpace, method: Method = .random,
    trials: Int = 20, steps: Int = 100_000, seeds: Int = 1, episodes: Int = 20, seed: UInt64 = 0
  ) {
    self.agent = agent
    self.environment = environment
    self.space = space
    self.method = method
    self.trials = trials
    self.steps = steps
    self.seeds = seeds
    self.episodes = episodes
    self.seed = seed
  }

  /// How many times fewer trials, and more steps, each rung of successive halving has.
  public static let reduction = 3

  /// The rungs: how many trials are trained to which step. Random search has one.
  ///
  /// Source: K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
  /// Optimization", AISTATS 2016.
  public var rungs: [(trials: Int, steps: Int)] {
    if method == .random { return [(trials, steps)] }
    var rungs = [trials]
    // At the first rung a trial still takes a few hundred steps, or there is nothing to judge.
    var first = steps
    while rungs[rungs.count - 1] > 1, first / Self.reduction >= 256 {
      rungs.append((rungs[rungs.count - 1] + Self.reduction - 1) / Self.reduction)
      first /= Self.reduction
    }
    return rungs.enumerated().map { rung, trials in
      var steps = self.steps
      for _ in 0..<rungs.count - 1 - rung { steps /= Self.reduction }
      return (trials, steps)
    }
  }

  /// Environment steps of the whole search, should no trial fail.
  ///
  /// - Throws: `RunError` of kind `usage` where they are more than can be counted.
  public func totalSteps() throws -> Int {
    var (sum, before) = (0, 0)
    for rung in rungs {
      let (runs, tooMany) = rung.trials.multipliedReportingOverflow(by: seeds)
      let (product, tooLong) = runs.multipliedReportingOverflow(by: rung.steps - before)
      let (total, tooLarge) = sum.addingReportingOverflow(product)
      if tooMany || tooLong || tooLarge {
        throw RunError(
          .usage,
          "a search of \(trials) trials of \(steps) steps and \(seeds) seeds takes more steps than "
            + "can be counted; ask for fewer")
      }
      (sum, before) = (total, rung.steps)
    }
    return sum
  }

  /// The settings of a trial, the same whenever it is asked for.
  public func settings(of trial: Int) -> [(key: String, value: String)] {
    var random = PCG64(SeedSequence(seed, spawnKey: [0x5455_4E45]).child(trial))
    return space.draw(using: &random)
  }

  /// Evaluations of a search use neither training's seeds nor those of benchmarks.
  static let firstEvaluationSeed: UInt64 = 2_000_000
}

/// One point of a search and how far it got.
public struct Trial: Codable, Sendable, Equatable {
  public var number: Int
  /// By setting, as YAML.
  public var settings: [String: String]
  /// What it reached at each rung it was trained to.
  public var rungs: [Rung] = []
  /// Why it cannot be trained further, if it cannot.
  public var failure: String?

  /// The mean return of each seed's policy after so many steps.
  public struct Rung: Codable, Sendable, Equatable {
    public var steps: Int
    public var returns: [Double]
  }

  public var score: Double? {
    failure == nil ? rungs.last.map { mean($0.returns) } : nil
  }
}

/// A search for settings, in a folder: `trials/` holds a run directory for each trial and seed.
///
/// Trials are trained side by side, each on one thread. A search that was killed goes on when it is started
/// again in its folder.
public final class Search: Sendable {
  public let path: String
  public let plan: SearchPlan
  private let lock: RunLock
  private let type: any TrainableAgent.Type
  private let version: String
  private let state: Mutex<[Trial]>

  public enum End: Sendable, Equatable {
    case finished
    case stopped(signal: Int32)
  }

  /// What happens while a search runs; told on the thread of the trial, one call at a time.
  public enum Event: Sendable {
    /// A trial was trained to the end of a rung, or failed.
    case tried(Trial, rung: Int)
    case progress(steps: Int, of: Int)
  }

  /// - Throws: `RunError`, before anything is trained, when another process works in the folder, when it holds
  ///   another search, or when the agent has no such settings.
  public init(
    in path: String, plan: SearchPlan, type: any TrainableAgent.Type, version: String
  ) throws {
    self.path = path
    self.type = type
    self.version = version
    _ = try plan.totalSteps()
    let file = "\(path)/search.json"
    var plan = plan
    var begun: SearchPlan?
    if let data = FileManager.default.contents(atPath: file) {
      guard let earlier = try? JSONDecoder().decode(SearchPlan.self, from: data) else {
        throw RunError(.data, "\(file) is damaged: it is not the plan of a search")
      }
      // A random search may go on to more trials, and keeps those it has; the rungs of halving follow from
      // their number.
      var grown = earlier
      if plan.method == .random {
        plan.trials = max(plan.trials, earlier.trials)
        grown.trials = plan.trials
      }
      guard grown == plan else {
        throw RunError(
          .usage,
          "\(path) holds another search (search.json differs from what was asked for); repeat that, or choose "
            + "another folder with --out")
      }
      begun = earlier
    }
    self.plan = plan
    try Self.check(plan, type, path, version)
    do {
      try FileManager.default.createDirectory(
        atPath: path + "/trials", withIntermediateDirectories: true)
    } catch {
      throw RunError(.failed, "cannot create the folder \(path): \(error.localizedDescription)")
    }
    lock = try RunLock(folder: path, "searched")
    lock.sign()
    state = Mutex(try Self.trials(in: path, plan))
    if begun != plan { try Benchmark.write(plan, to: file) }
  }

  /// One trial is made and forgotten, so that a mistyped setting or a space the agent cannot act in is
  /// said at once. A value that is out of range only fails its own trial.
  private static func check(
    _ plan: SearchPlan, _ type: any TrainableAgent.Type, _ path: String, _ version: String
  ) throws {
    func attempt<Learner: TrainableAgent>(_ type: Learner.Type) throws {
      var configuration = Learner.Configuration.preset(plan.environment)
      for (key, value) in plan.settings(of: 0) {
        configuration = try configuration.applying("\(key)=\(value)")
      }
      let plain = RunRecipe(
        agent: plan.agent, environment: plan.environment, seed: 0, totalSteps: plan.steps,
        settings: [], path: "", version: version)
      try plain.check(type)
    }
    try attempt(type)
  }

  private static func trials(in path: String, _ plan: SearchPlan) throws -> [Trial] {
    let file = "\(path)/trials.json"
    var trials: [Trial] = []
    if let data = FileManager.default.contents(atPath: file) {
      guard let known = try? JSONDecoder().decode([Trial].self, from: data) else {
        throw RunError(.data, "\(file) is damaged: it is not a list of trials")
      }
      trials = Array(known.prefix(plan.trials))
    }
    for number in trials.count..<max(plan.trials, trials.count) {
      trials.append(
        Trial(
          number: number,
          settings: Dictionary(uniqueKeysWithValues: plan.settings(of: number).map { ($0, $1) })))
    }
    return trials
  }

  /// The trials, best first: those that were trained longer come before those that were not, and those that failed
  /// last.
  public var ranking: [Trial] {
    state.withLock { $0 }.sorted { a, b in
      let (x, y) = (a.rungs.last?.steps ?? 0, b.rungs.last?.steps ?? 0)
      if (a.failure == nil) != (b.failure == nil) { return a.failure == nil }
      if x != y { return x > y }
      return (a.score ?? -.infinity, -a.number) > (b.score ?? -.infinity, -b.number)
    }
  }

  /// The settings of the best trial as a file that `swirl train --config` takes; nil before there is one.
  public var bestSettings: String? {
    guard let best = ranking.first, let score = best.score else { return nil }
    return "# trial \(best.number): mean return \(score)\n"
      + plan.space.dimensions.map { "\($0.key): \(best.settings[$0.key] ?? "null")\n" }.joined()
  }
}

// MARK: - Running

extension Search {
  /// Trains what is left of the plan, `jobs` runs at a time.
  public func run(jobs: Int, report: @escaping @Sendable (Event) -> Void) throws -> End {
    let isTelling = Mutex(())
    let tell: @Sendable (Event) -> Void = { event in isTelling.withLock { _ in report(event) } }
    let total = try plan.totalSteps()
    let taken = Mutex(0)
    let failure = Mutex<(any Error)?>(nil)
    var survivors = Array(0..<plan.trials)
    for (rung, level) in plan.rungs.enumerated() {
      survivors = best(level.trials, of: survivors, afterRung: rung - 1)
      let tasks = survivors
      WorkerPool(threads: max(1, min(jobs, tasks.count))).parallelFor(tasks.count) { index in
        guard StopSignals.pending == nil, failure.withLock({ $0 == nil }) else { return }
        let learner = type
        let count: (Int) -> Void = { steps in
          let sum = taken.withLock { taken in
            taken += steps
            return taken
          }
          tell(.progress(steps: sum, of: total))
        }
        do {
          try attempt(learner, trial: tasks[index], rung: rung, steps: level.steps, tell, count)
        } catch {
          failure.withLock { $0 = error }
        }
      }
      if let signal = StopSignals.pending { return .stopped(signal: signal) }
      if let error = failure.withLock({ $0 }) { throw error }
    }
    return .finished
  }

  /// The trials with the best scores, which go on; before the first rung all.
  private func best(_ count: Int, of candidates: [Int], afterRung rung: Int) -> [Int] {
    if rung < 0 { return candidates }
    let trials = state.withLock { $0 }
    let scored = candidates.compactMap { number -> (Int, Double)? in
      let trial = trials[number]
      guard trial.rungs.indices.contains(rung) else { return nil }
      return (number, mean(trial.rungs[rung].returns))
    }
    return scored.sorted { ($0.1, -$0.0) > ($1.1, -$1.0) }.prefix(count).map(\.0).sorted()
  }

  private func attempt<Learner: TrainableAgent>(
    _ type: Learner.Type, trial number: Int, rung: Int, steps: Int,
    _ tell: @Sendable (Event) -> Void, _ count: (Int) -> Void
  ) throws {
    let known = state.withLock { $0[number] }
    if known.failure != nil || known.rungs.count > rung {
      count((steps - (rung > 0 ? plan.rungs[rung - 1].steps : 0)) * plan.seeds)
      return
    }
    var result = Trial.Rung(steps: steps, returns: [])
    var reason: String?
    do {
      for seed in 0..<UInt64(plan.seeds) {
        let recipe = RunRecipe(
          agent: plan.agent, environment: plan.environment, seed: seed, totalSteps: plan.steps,
          settings: plan.settings(of: number).map { "\($0)=\($1)" },
          path: "\(path)/trials/t\(number)-s\(seed)", version: version)
        // Only what is wrong with its settings is a trial's own failure.
        let parts: RunRecipe.Parts<Learner>
        do { parts = try recipe.parts(for: type) } catch let error as RunError
          where error.kind == .usage
        {
          reason = "\(error)"
          break
        }
        var run = try recipe.open(parts)
        var step = run.agent.stepCount
        count(step - (rung > 0 ? plan.rungs[rung - 1].steps : 0))
        let end = try run.train(workers: 1, until: steps) { report in
          count(report.steps - step)
          step = report.steps
        }
        if case .stopped = end { return }
        let evaluation = try recipe.evaluated(
          run, episodes: plan.episodes, seed: SearchPlan.firstEvaluationSeed + seed)
        result.returns.append(mean(evaluation.returns))
      }
    } catch let error as TrainingFailure {
      reason = "\(error)"
    }
    let (failed, reached) = (reason, result)
    let trial = state.withLock { trials in
      if let failed {
        trials[number].failure = failed
      } else {
        trials[number].rungs.append(reached)
      }
      return trials[number]
    }
    try save()
    tell(.tried(trial, rung: rung))
  }

  private func save() throws {
    // Under the lock, so that an older list never replaces a newer one.
    try state.withLock { try Benchmark.write($0, to: "\(path)/trials.json") }
  }

  /// Writes `trials.csv`, `best.yaml` and `search.html` into the folder.
  public func write() throws {
    let keys = plan.space.dimensions.map(\.key)
    let header = ["trial", "steps", "score"] + keys
    let rows = ranking.map { trial in
      ["\(trial.number)", "\(trial.rungs.last?.steps ?? 0)", trial.score.map { "\($0)" } ?? ""]
        + keys.map { key in
          let value = trial.settings[key] ?? ""
          return value.contains(",") ? "\"\(value.replacing("\"", with: "\"\""))\"" : value
        }
    }
    let text = ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
    try DurableFile.replace("\(path)/trials.csv", with: Data(text.utf8))
    if let bestSettings {
      try DurableFile.replace("\(path)/best.yaml", with: Data(bestSettings.utf8))
    }
    try DurableFile.replace("\(path)/search.html", with: Data(html.utf8))
  }
}
