import Envs
import Foundation
import Runtime
import Synchronization
import Tensors

/// A benchmark in a folder: its plan, a run directory for each run, and what they add up to.
///
/// ```swift
/// let benchmark = try Benchmark(
///   in: "bench", plan: plan, agents: [PPO.self, A2C.self], version: "1.0")
/// _ = try benchmark.run(jobs: 2) { event in print(event) }
/// let summary = try benchmark.summary()
/// ```
///
/// Several runs go on side by side, each on one thread; none changes another's result. A benchmark that
/// was killed goes on where it was when it is started again in its folder; finished runs are not
/// repeated.
public final class Benchmark: Sendable {
  public let path: String
  public let plan: BenchmarkPlan
  private let lock: RunLock
  private let agents: [any TrainableAgent.Type]
  private let version: String

  /// What happens while a benchmark runs; told on the thread of the run.
  public enum Event: Sendable {
    /// A run begins, or goes on from a step.
    case began(BenchmarkPlan.Run, step: Int)
    case progress(BenchmarkPlan.Run, TrainingReport)
    /// A run is finished; `isNew` where this process finished it.
    case finished(BenchmarkPlan.Run, RunRecord, isNew: Bool)
    case failed(BenchmarkPlan.Run, String)
  }

  /// How a benchmark ended.
  public enum End: Sendable, Equatable {
    /// Every run is finished but those listed, each with why it is not.
    case finished(failures: [Failure])
    case stopped(signal: Int32)
  }

  public struct Failure: Sendable, Equatable {
    public let run: BenchmarkPlan.Run
    public let sentence: String
  }

  /// Makes the folder, or goes on with the benchmark in it.
  ///
  /// - Parameters:
  ///   - plan: What to train; nil for what the folder's benchmark was begun with. A plan may add agents,
  ///     environments and seeds to the folder's, but not change what its runs are.
  ///   - agents: Those the plan may name.
  /// - Throws: `RunError`, before anything is trained, when another process works in the folder, when the
  ///   plan is not one, or when an agent cannot act in an environment.
  public init(
    in path: String, plan: BenchmarkPlan?, agents: [any TrainableAgent.Type], version: String
  ) throws {
    self.path = path
    self.agents = agents
    self.version = version
    let earlier = try Self.plan(in: path)
    guard let wanted = try earlier.map({ try plan?.extending($0, in: path) ?? $0 }) ?? plan else {
      throw RunError(
        .usage, "\(path) holds no benchmark to go on with; say what to train by --agents and --envs"
      )
    }
    self.plan = wanted
    try Self.check(wanted, path, agents, version)
    do {
      try FileManager.default.createDirectory(
        atPath: path + "/runs", withIntermediateDirectories: true)
    } catch {
      throw RunError(.failed, "cannot create the folder \(path): \(error.localizedDescription)")
    }
    lock = try RunLock(folder: path, "benchmarked")
    lock.sign()
    if wanted != earlier { try Self.write(wanted, to: "\(path)/plan.json") }
  }

  /// What the benchmark in a folder trains; nil where there is none.
  ///
  /// - Throws: `RunError` of kind `data` when its plan cannot be read.
  public static func plan(in path: String) throws -> BenchmarkPlan? {
    let file = "\(path)/plan.json"
    guard let data = FileManager.default.contents(atPath: file) else { return nil }
    guard let plan = try? JSONDecoder().decode(BenchmarkPlan.self, from: data) else {
      throw RunError(.data, "\(file) is damaged: it is not the plan of a benchmark")
    }
    return plan
  }

  static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.replace(path, with: try encoder.encode(value) + Data("\n".utf8))
  }

  private static func check(
    _ plan: BenchmarkPlan, _ path: String, _ agents: [any TrainableAgent.Type], _ version: String
  ) throws {
    for name in plan.agents where !agents.contains(where: { $0.name == name }) {
      throw RunError(.usage, "there is no agent '\(name)' in this program, which the plan has")
    }
    guard !plan.agents.isEmpty, !plan.environments.isEmpty, plan.seeds > 0,
      plan.seeds <= BenchmarkPlan.mostSeeds
    else {
      throw RunError(
        .usage,
        "a benchmark needs an agent, an environment and from 1 to \(BenchmarkPlan.mostSeeds) seeds")
    }
    for run in plan.runs
    where run.seed == 0
      || FileManager.default.fileExists(
        atPath: "\(path)/runs/\(run.name)/run.json")
    {
      guard let type = agents.first(where: { $0.name == run.agent }) else { continue }
      try recipe(run, plan, path, version).check(type)
    }
  }

  private static func recipe(
    _ run: BenchmarkPlan.Run, _ plan: BenchmarkPlan, _ path: String, _ version: String
  ) -> RunRecipe {
    RunRecipe(
      agent: run.agent, environment: run.environment, seed: run.seed, totalSteps: plan.steps,
      settings: plan.settings, path: "\(path)/runs/\(run.name)", version: version,
      evaluation: EvaluationPlan(
        every: plan.evaluationInterval, episodes: BenchmarkPlan.curveEpisodes, seed: run.curveSeed))
  }
}

// MARK: - Running

extension Benchmark {
  /// Trains what is not finished, `jobs` runs at a time, and evaluates each policy at its end.
  ///
  /// A run that fails is told of and left out; the others go on.
  ///
  /// - Parameter report: Called from the threads of the runs, one call at a time.
  public func run(jobs: Int, report: @escaping @Sendable (Event) -> Void) -> End {
    let failures = Mutex<[Failure]>([])
    let runs = plan.runs
    let isTelling = Mutex(())
    let tell: @Sendable (Event) -> Void = { event in isTelling.withLock { _ in report(event) } }
    WorkerPool(threads: max(1, min(jobs, runs.count))).parallelFor(runs.count) { index in
      let run = runs[index]
      guard StopSignals.pending == nil, let type = agents.first(where: { $0.name == run.agent })
      else { return }
      do { try perform(type, run, tell) } catch {
        let failure = Failure(run: run, sentence: "\(error)")
        failures.withLock { $0.append(failure) }
        tell(.failed(run, failure.sentence))
      }
    }
    if let signal = StopSignals.pending { return .stopped(signal: signal) }
    let order = Dictionary(uniqueKeysWithValues: runs.enumerated().map { ($1, $0) })
    return .finished(
      failures: failures.withLock { $0 }.sorted { order[$0.run]! < order[$1.run]! })
  }

  private func perform<Learner: TrainableAgent>(
    _ type: Learner.Type, _ run: BenchmarkPlan.Run, _ tell: @Sendable (Event) -> Void
  ) throws {
    if let record = try finished(run) {
      tell(.finished(run, record, isNew: false))
      return
    }
    let recipe = Self.recipe(run, plan, path, version)
    var training = try recipe.open(recipe.parts(for: type))
    tell(.began(run, step: training.agent.stepCount))
    let held = BufferPool.bytesInUseOfThisThread
    BufferPool.resetPeakOfThisThread()
    if case .stopped = try training.train(workers: 1, progress: { tell(.progress(run, $0)) }) {
      return
    }
    let peak = BufferPool.peakBytesOfThisThread - held
    try BenchmarkNote(peakTensorBytes: peak).write(to: training.directory)
    _ = try recipe.evaluated(training, episodes: plan.episodes, seed: run.evaluationSeed)
    let record = try RunRecord(reading: training.directory, evaluationSeed: run.evaluationSeed)
    tell(.finished(run, record, isNew: true))
  }

  /// The record of a run whose final evaluation is there, else nil.
  func finished(_ run: BenchmarkPlan.Run) throws -> RunRecord? {
    let folder = "\(path)/runs/\(run.name)"
    guard FileManager.default.fileExists(atPath: folder + "/run.json") else { return nil }
    let directory = try RunDirectory(reading: folder)
    guard try directory.description().totalSteps == plan.steps,
      try directory.evaluations().contains(where: {
        $0.step >= plan.steps && $0.seed == run.evaluationSeed && $0.deterministic
          && $0.returns.count == plan.episodes
      })
    else { return nil }
    return try RunRecord(reading: directory, evaluationSeed: run.evaluationSeed)
  }

  /// A sentence for each agent and environment of the plan that has no preset.
  public var missingPresets: [String] {
    plan.environments.flatMap { environment in
      plan.agents.compactMap { name in
        agents.first { $0.name == name }?.missingPreset(for: environment)
      }
    }
  }

  /// What the finished runs add up to.
  ///
  /// - Throws: `RunError` where a run directory is damaged.
  public func summary(jobs: Int) throws -> BenchmarkSummary {
    let runs = plan.runs
    let records = try runs.map { try finished($0) }
    let baselines = try Baselines(of: plan.environments, in: path)
    return BenchmarkSummary(
      plan: plan, records: records.compactMap { $0 },
      unfinished: zip(runs, records).filter { $1 == nil }.map(\.0),
      missingPresets: missingPresets, baselines: baselines,
      machine: try Machine(in: path, jobs: jobs, version: version))
  }
}
