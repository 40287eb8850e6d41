import Foundation
import Language
import Runtime

/// A language agent and the folder it is saved in: what `swirl train grpo` drives, in the run
/// directories, logs and checkpoints of every other agent. Sampled completions are kept in
/// `completions.jsonl`.
///
/// A run that is killed at any instant and resumed ends with the same bytes as one that never was.
public struct LanguageRun<A: LanguageAgent>: Sendable {
  public private(set) var agent: A
  private let source: TextSource
  private var run: OpenRun
  private var completions: CompletionLog
  private var progress = EvaluationProgress()
  /// Why an evaluation ended the run, if one did.
  private var stopReason: String?
  private var best = BestModel()
  /// Evaluations that are not yet listed in the folder.
  private var evaluations: [RunDirectory.Evaluation] = []

  public var directory: RunDirectory { run.directory }

  /// Starts a run in a new folder.
  ///
  /// - Throws: `RunError` where the run is to be evaluated and the task keeps no problems for that.
  public init(
    creating path: String, _ description: RunDescription, agent: A, source: TextSource
  ) throws {
    if description.evaluation != nil { _ = try source.heldOutCount() }
    var description = description
    description.baseModel = try BaseModel(agent.configuration.shared.model)
    run = try OpenRun(creating: path, description, configuration: agent.configuration.yaml)
    self.agent = agent
    self.source = source
    self.agent.totalSteps = description.totalSteps
    completions = try CompletionLog(run.directory, after: 0)
  }

  /// Continues the run in a folder from its latest checkpoint, or from the beginning where there is
  /// none. Nothing in the folder changes until the checkpoint has been read whole.
  ///
  /// - Parameters:
  ///   - totalSteps: A new end for the run, or nil for the one it has.
  ///   - make: Makes the agent and its task as the run was started with, from its description and
  ///     the text of its `config.yaml`.
  public init(
    resuming path: String, totalSteps: Int? = nil,
    make: (RunDescription, String) throws -> (A, TextSource)
  ) throws {
    let found = try InterruptedRun(path, agent: A.name, totalSteps: totalSteps)
    // A loss may compare with the model that training began with, also where all of it is trained.
    try found.description.baseModel?.requireUnchanged(
      ModelSettings(ofRun: found.directory).model, under: path)
    var (agent, source) = try make(found.description, found.configuration)
    let files = try found.restore { checkpoint in
      try agent.restore(checkpoint.files, directory: checkpoint.directory)
      return agent.stepCount
    }
    let restored = try decodedState(EvaluationProgress.self, "evaluation.json", of: files)
    agent.totalSteps = found.description.totalSteps
    run = try OpenRun(found, after: agent.stepCount)
    completions = try CompletionLog(found.directory, after: agent.stepCount)
    self.agent = agent
    self.source = source
    progress = restored ?? EvaluationProgress()
    stopReason = progress.earlyEnd?.reason(of: found.description.totalSteps)
    try best.restore(files, in: found.directory)
  }

  /// Trains to the run's end, writing a checkpoint each `interval`, when a signal asks to stop, and
  /// at the end.
  ///
  /// - Parameters:
  ///   - workers: Threads; the result is the same for any number of them.
  ///   - progress: Called after each iteration.
  /// - Throws: `TrainingFailure` when numbers stop being finite, `ModelError` when answers cannot
  ///   be marked; the last checkpoint stays as it is. `RunError` when the last checkpoint cannot be
  ///   written.
  public mutating func train(
    workers: Int, interval: Duration = .seconds(30), report: (TrainingReport) -> Void = { _ in }
  ) throws -> RunEnd {
    let pool = WorkerPool(threads: workers)
    run.beginSession(workers: workers, step: agent.stepCount)
    while stopReason == nil && agent.stepCount < run.description.totalSteps {
      if let signal = StopSignals.pending {
        try checkpoint()
        return .stopped(signal: signal)
      }
      var latest: TrainingReport
      do { latest = try agent.iterate(pool: pool) } catch {
        try? flush(now: true)
        throw error
      }
      try agent.policy.model.requireFiniteParameters(after: agent.stepCount)
      run.time(&latest, step: agent.stepCount)
      try evaluateIfDue(&latest, pool)
      run.metrics.add(latest)
      try completions.add(agent.samples, step: latest.steps)
      report(latest)
      do {
        try considerBest(latest)
        try flush()
        if run.isCheckpointDue(interval) { try checkpoint() }
      } catch let error as RunError {
        run.warn(error)
      }
    }
    try checkpoint()
    return stopReason.map { .ended(reason: $0) } ?? .finished
  }

  // MARK: - Evaluating

  /// What a resumed run needs to go on evaluating as one that never stopped.
  private struct EvaluationProgress: Codable {
    /// Multiples of the plan's interval that training has passed.
    var passed = 0
    var patience = StopWithoutImprovement.State()
    var earlyEnd: EarlyEnd?
  }

  private mutating func evaluateIfDue(_ report: inout TrainingReport, _ pool: WorkerPool) throws {
    guard let plan = run.description.evaluation else { return }
    let start = ContinuousClock.now
    if report.steps / plan.every > progress.passed {
      progress.passed = report.steps / plan.every
      let found = try evaluate(
        agent.policy, on: source, problems: plan.episodes, seed: plan.seed, temperature: 0,
        limit: A.Settings.completionLimit(agent.configuration.own), pool: pool)
      report.evaluation = found.result
      evaluations.append(
        .init(
          step: report.steps, seed: plan.seed, deterministic: true,
          returns: found.result.returns, lengths: found.result.lengths))
      consider(found.result, plan, report.steps)
    }
    // In every report, since the columns of a table stay the same.
    report.phases.append(("evaluation", (ContinuousClock.now - start) / .seconds(1)))
  }

  private mutating func consider(_ result: EvaluationResult, _ plan: EvaluationPlan, _ step: Int) {
    var reason = plan.stopAtReturn.flatMap { StopAtReturn($0).reason(result, step: step) }
    if let evaluations = plan.patience {
      var patience = StopWithoutImprovement(evaluations: evaluations)
      patience.state = progress.patience
      let waited = patience.reason(result, step: step)
      progress.patience = patience.state
      reason = reason ?? waited
    }
    stopReason = reason
  }

  // MARK: - Saving

  private mutating func considerBest(_ report: TrainingReport) throws {
    let agent = agent
    try best.consider(report, in: directory) {
      try agent.snapshot()["model.safetensors"] ?? Data()
    }
  }

  private mutating func flush(now: Bool = false) throws {
    try flushSamples()
    try run.metrics.flush(now: now)
  }

  /// Writes the completions and evaluations so far.
  private mutating func flushSamples() throws {
    try completions.flush()
    if evaluations.isEmpty { return }
    try directory.add(evaluations)
    evaluations = []
  }

  private mutating func checkpoint() throws {
    var files = try agent.snapshot().merging(best.snapshot()) { $1 }
    progress.earlyEnd = stopReason.map {
      EarlyEnd(reason: $0, totalSteps: run.description.totalSteps)
    }
    files["evaluation.json"] = try encodedState(progress)
    // Before the checkpoint, as the rows of metrics.
    try flushSamples()
    try run.writeCheckpoint(step: agent.stepCount, files: files)
  }
}

/// `completions.jsonl`: what was sampled, an object a line, in the order of sampling.
struct CompletionLog: Sendable {
  private let path: String
  private var pending = Data()

  /// What each line begins with.
  private static let start = "{\"step\": "

  /// Continues after `step`: lines written later by a process that then died are cut.
  init(_ directory: RunDirectory, after step: Int) throws {
    path = directory.file("completions.jsonl")
    _ = try MetricsLog.cut(path, after: step, start: Self.start)
  }

  mutating func add(_ samples: [LanguageSample], step: Int) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for sample in samples {
      pending += Data("\(Self.start)\(step), ".utf8)
      pending += try encoder.encode(sample).dropFirst()
      pending.append(UInt8(ascii: "\n"))
    }
  }

  mutating func flush() throws {
    try DurableFile.append(pending, to: path)
    pending = Data()
  }
}
