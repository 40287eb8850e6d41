import Foundation
import Language
import Logging
import Runtime

/// A language agent and the folder it is saved in: what `swirl train grpo` drives, in the run
/// directories, logs and checkpoints of every other agent. Sampled completions are kept in
/// `completions.jsonl`.
///
/// A run that is killed at any instant and resumed ends with the same bytes as one that never was.
public struct LanguageRun<A: LanguageAgent>: Sendable {
  public private(set) var agent: A
  public let directory: RunDirectory
  private let source: TextSource
  private var description: RunDescription
  private let configuration: String
  private let lock: RunLock
  private var metrics: MetricsLog
  private var completions: CompletionLog
  private var progress = EvaluationProgress()
  private let logger = Logger(label: "swirl")

  /// Starts a run in a new folder.
  public init(
    creating path: String, _ description: RunDescription, agent: A, source: TextSource
  ) throws {
    directory = try RunDirectory(creating: path)
    lock = try RunLock(directory)
    configuration = agent.configuration.yaml
    try directory.begin(description, configuration: configuration)
    lock.sign()
    self.description = description
    self.agent = agent
    self.source = source
    self.agent.totalSteps = description.totalSteps
    metrics = try MetricsLog(directory, after: 0)
    completions = try CompletionLog(directory, after: 0)
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
    directory = try RunDirectory(reading: path)
    lock = try RunLock(directory)
    description = try directory.description()
    guard description.agent == A.name else {
      throw RunError(
        .data, "\(path) is a run of the agent '\(description.agent)', not of '\(A.name)'")
    }
    let recordedSteps = description.totalSteps
    if let totalSteps { description.totalSteps = totalSteps }
    configuration = try directory.configuration()
    (agent, source) = try make(description, configuration)
    if let checkpoint = try directory.latestCheckpoint() {
      if let settings = checkpoint.files["config.yaml"] {
        try directory.compare(configuration, trainedWith: settings)
      }
      do { try agent.restore(checkpoint.files, directory: checkpoint.directory) } catch let error
        as RunError
      {
        throw error
      } catch {
        throw RunError(.data, "\(checkpoint.directory) cannot be continued: \(error)")
      }
      guard agent.stepCount == checkpoint.step else {
        throw RunError(
          .data,
          "\(checkpoint.directory) holds the state of step \(agent.stepCount); its name says another"
        )
      }
      progress =
        try decodedState(EvaluationProgress.self, "evaluation.json", of: checkpoint.files)
        ?? EvaluationProgress()
    }
    guard description.totalSteps >= min(agent.stepCount, recordedSteps) else {
      throw RunError(
        .usage,
        "\(path) has made \(agent.stepCount) updates already; --steps is its end, so it must be more"
      )
    }
    agent.totalSteps = description.totalSteps
    lock.sign()
    directory.removeLeftovers()
    metrics = try MetricsLog(directory, after: agent.stepCount)
    completions = try CompletionLog(directory, after: agent.stepCount)
    try directory.removeEvaluations(after: agent.stepCount)
    // Whoever names another end wants to go on.
    if description.totalSteps != recordedSteps {
      progress.stopReason = nil
      try directory.write(description)
    }
  }

  /// Why training ended.
  public enum End: Sendable, Equatable {
    /// The updates asked for are made.
    case finished
    /// An evaluation ended it early.
    case ended(reason: String)
    case stopped(signal: Int32)
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
  ) throws -> End {
    let pool = WorkerPool(threads: workers)
    let start = ContinuousClock.now
    let firstStep = agent.stepCount
    description.sessions.append(
      .init(
        started: Date(), workers: workers, firstStep: firstStep, lastStep: firstStep, seconds: 0))
    var lastCheckpoint = start
    var hasWarned = false
    while progress.stopReason == nil && agent.stepCount < description.totalSteps {
      if let signal = StopSignals.pending {
        try checkpoint(since: start)
        return .stopped(signal: signal)
      }
      var latest: TrainingReport
      do { latest = try agent.iterate(pool: pool) } catch {
        try? flush(now: true)
        throw error
      }
      try agent.policy.model.requireFiniteParameters(after: agent.stepCount)
      latest.seconds = (ContinuousClock.now - start) / .seconds(1)
      latest.stepsPerSecond = Double(agent.stepCount - firstStep) / max(latest.seconds, 1e-9)
      try evaluateIfDue(&latest, pool)
      metrics.add(latest)
      try completions.add(agent.samples, step: latest.steps)
      report(latest)
      do {
        try flush()
        if ContinuousClock.now - lastCheckpoint >= interval {
          lastCheckpoint = .now
          try checkpoint(since: start)
          hasWarned = false
        }
      } catch let error as RunError {
        if !hasWarned {
          logger.warning(
            "\(error); the previous checkpoint is intact, training goes on and tries again")
        }
        hasWarned = true
      }
    }
    try checkpoint(since: start)
    return progress.stopReason.map { .ended(reason: $0) } ?? .finished
  }

  // MARK: - Evaluating

  /// What a resumed run needs to go on evaluating as one that never stopped.
  private struct EvaluationProgress: Codable {
    /// Multiples of the plan's interval that training has passed.
    var passed = 0
    var best: Double?
    var waited = 0
    var stopReason: String?
  }

  private mutating func evaluateIfDue(_ report: inout TrainingReport, _ pool: WorkerPool) throws {
    guard let plan = description.evaluation else { return }
    let start = ContinuousClock.now
    if report.steps / plan.every > progress.passed {
      progress.passed = report.steps / plan.every
      let found = try evaluate(
        agent.policy, on: source, problems: plan.episodes, seed: plan.seed, temperature: 0,
        limit: A.Settings.completionLimit(agent.configuration.own), pool: pool)
      report.evaluation = found.result
      try directory.add(found.result, step: report.steps, deterministic: true)
      consider(found, plan, report.steps)
    }
    // In every report, since the columns of a table stay the same.
    report.phases.append(("evaluation", (ContinuousClock.now - start) / .seconds(1)))
  }

  private mutating func consider(_ found: LanguageEvaluation, _ plan: EvaluationPlan, _ step: Int) {
    let mean = found.result.mean
    if let best = progress.best, mean <= best {
      progress.waited += 1
    } else {
      (progress.best, progress.waited) = (mean, 0)
    }
    if let wanted = plan.stopAtReturn, mean >= wanted {
      progress.stopReason =
        "the mean return of \(found.completions.count) answers is \(mean) at step \(step), and "
        + "\(wanted) was asked for"
    } else if let patience = plan.patience, progress.waited >= patience {
      progress.stopReason =
        "\(patience) evaluations in a row were no better than \(progress.best ?? mean), up to step "
        + "\(step)"
    }
  }

  // MARK: - Saving

  private mutating func flush(now: Bool = false) throws {
    try completions.flush()
    try metrics.flush(now: now)
  }

  private mutating func checkpoint(since start: ContinuousClock.Instant) throws {
    var files = try agent.snapshot()
    files["config.yaml"] = Data(configuration.utf8)
    files["evaluation.json"] = try encodedState(progress)
    // First the rows, which resume cuts after the checkpoint but could not bring back before it.
    try flush(now: true)
    try directory.writeCheckpoint(step: agent.stepCount, files: files)
    let last = description.sessions.count - 1
    description.sessions[last].lastStep = agent.stepCount
    description.sessions[last].seconds = (ContinuousClock.now - start) / .seconds(1)
    try directory.write(description)
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
    _ = try MetricsLog.cut(path) { _, line in
      guard line.hasPrefix(Self.start) else { return false }
      return (Int(line.dropFirst(Self.start.count).prefix { $0.isNumber }) ?? .max) <= step
    }
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
