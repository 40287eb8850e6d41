import Envs
import Foundation
import Policy
import Runtime
import Tensors

/// An agent, its environments and the folder they are saved in: what `swirl train` drives.
///
/// A run that is killed at any instant and resumed ends with the same bytes as one that never was: a
/// checkpoint holds everything that decides what comes next, and the clock decides only when one is
/// written.
public struct TrainingRun<A: TrainableAgent>: Sendable {
  public private(set) var agent: A
  public private(set) var environments: AnyVectorEnvironment
  private var run: OpenRun
  private var callbacks: [any Callback]
  /// Evaluations that are not yet listed in the folder.
  private var evaluations: [RunDirectory.Evaluation] = []
  /// Why a callback ended the run, if one did.
  private var stopReason: String?

  public var directory: RunDirectory { run.directory }

  /// Starts a run in a new folder.
  ///
  /// - Parameter callbacks: Beside those that the description's `evaluation` asks for.
  public init(
    creating path: String, _ description: RunDescription, configuration: some AgentConfiguration,
    agent: A, environments: AnyVectorEnvironment, callbacks: [any Callback] = []
  ) throws {
    run = try OpenRun(creating: path, description, configuration: configuration.yaml)
    self.agent = agent
    self.environments = environments
    self.agent.totalSteps = description.totalSteps
    self.callbacks = (description.evaluation?.callbacks ?? []) + callbacks
  }

  /// Continues the run in a folder from its latest checkpoint, or from the beginning where there is
  /// none. Nothing in the folder changes until the checkpoint has been read whole.
  ///
  /// - Parameters:
  ///   - totalSteps: A new end for the run, or nil for the one it has.
  ///   - callbacks: Those the run was started with, beside what its `evaluation` asks for.
  ///   - make: Makes the agent and the environments as the run was started with, from its description
  ///     and the text of its `config.yaml`.
  public init(
    resuming path: String, totalSteps: Int? = nil, callbacks: [any Callback] = [],
    make: (RunDescription, String) throws -> (A, AnyVectorEnvironment)
  ) throws {
    let found = try InterruptedRun(path, agent: A.name, totalSteps: totalSteps)
    var (agent, environments) = try make(found.description, found.configuration)
    let files = try found.restore(withSegments: true) { checkpoint in
      guard let state = checkpoint.files[Self.environmentFile] else {
        throw RunError(.data, "\(checkpoint.directory) lacks \(Self.environmentFile)")
      }
      try agent.restore(checkpoint.files, directory: checkpoint.directory)
      try environments.restoreState(state)
      return agent.stepCount
    }
    agent.totalSteps = found.description.totalSteps
    let earlyEnd = try decodedState(EarlyEnd.self, Self.callbackFile, of: files)
    run = try OpenRun(found, after: agent.stepCount)
    self.agent = agent
    self.environments = environments
    self.callbacks = (found.description.evaluation?.callbacks ?? []) + callbacks
    stopReason = earlyEnd?.reason(of: found.description.totalSteps)
    for i in self.callbacks.indices {
      let prefix = Self.prefix(i)
      try self.callbacks[i].restore(
        Dictionary(
          uniqueKeysWithValues: files.filter { $0.key.hasPrefix(prefix) }
            .map { (String($0.key.dropFirst(prefix.count)), $0.value) }), in: directory)
    }
  }

  private static var callbackFile: String { "callbacks.json" }
  private static func prefix(_ callback: Int) -> String { "callback-\(callback)-" }
  private static var environmentFile: String { "environments.json" }

  /// Trains to the run's end, writing a checkpoint each `interval`, when a signal asks to stop, and at
  /// the end.
  ///
  /// - Parameters:
  ///   - workers: Threads; the result is the same for any number of them.
  ///   - step: Stop earlier, at the first iteration that ends here; a later call goes on. Schedules run
  ///     to the run's end all the same.
  ///   - progress: Called after each iteration.
  /// - Throws: `TrainingFailure` when numbers stop being finite; the last checkpoint stays as it is, and
  ///   what was learnt from is written to `failure-step-N.safetensors`.
  ///   `RunError` when the last checkpoint cannot be written.
  public mutating func train(
    workers: Int, interval: Duration = .seconds(30), until step: Int? = nil,
    progress: (TrainingReport) -> Void = { _ in }
  ) throws -> RunEnd {
    let pool = WorkerPool(threads: workers)
    let clock = StepClock()
    environments.clock = clock
    defer { environments.clock = nil }
    let steppers = Double(min(pool.threads, environments.count))
    run.beginSession(workers: workers, step: agent.stepCount)
    var lastListing = ContinuousClock.now
    let end = min(step ?? .max, run.description.totalSteps)
    while stopReason == nil && agent.stepCount < end {
      if let signal = StopSignals.pending {
        try checkpoint()
        return .stopped(signal: signal)
      }
      var report: TrainingReport
      do {
        report = try agent.iterate(on: &environments, pool: pool)
        for module in agent.modules {
          try module.requireFiniteParameters(after: agent.stepCount)
        }
      } catch {
        // The rows before numbers went wrong are what a person looks at next.
        try? run.metrics.flush(now: true)
        try? flushEvaluations()
        throw (error as? TrainingFailure).map(written) ?? error
      }
      // A part of the rollout, as long as each thread spends in it.
      report.phases.append(("environment", clock.takeSeconds() / steppers))
      run.time(&report, step: agent.stepCount)
      var trouble: RunError?
      do { try callBack(&report) } catch let error as RunError { trouble = error }
      run.metrics.add(report)
      progress(report)
      do {
        if let trouble { throw trouble }
        try run.metrics.flush()
        // The list is written whole and waited for; each second is often enough for who watches.
        if ContinuousClock.now - lastListing >= .seconds(1) {
          try flushEvaluations()
          lastListing = .now
        }
        if run.isCheckpointDue(interval) { try checkpoint() }
      } catch let error as RunError {
        run.warn(error)
      }
    }
    try checkpoint()
    return stopReason.map { .ended(reason: $0) } ?? .finished
  }

  /// Shows the callbacks where training stands.
  private mutating func callBack(_ report: inout TrainingReport) throws {
    if callbacks.isEmpty { return }
    var moment = TrainingMoment(
      report, of: agent, environments: environments, directory: directory)
    defer {
      report = moment.report
      stopReason = moment.stopReason
      if let result = report.evaluation {
        evaluations.append(
          .init(
            step: report.steps, seed: result.seed, deterministic: result.deterministic,
            returns: result.returns, lengths: result.lengths))
      }
    }
    var trouble: RunError?
    for i in callbacks.indices {
      // One that cannot write must not keep the others from seeing this iteration.
      do { try callbacks[i].iterationEnded(&moment) } catch let error as RunError {
        trouble = error
      }
    }
    if let trouble { throw trouble }
  }

  private mutating func flushEvaluations() throws {
    if evaluations.isEmpty { return }
    try directory.add(evaluations)
    evaluations = []
  }

  /// A failure with its minibatch in a file, and the file in its sentence.
  private func written(_ failure: TrainingFailure) -> TrainingFailure {
    if failure.batch.isEmpty { return failure }
    let path = directory.file("failure-step-\(agent.stepCount).safetensors")
    let data = Safetensors.encode(
      failure.batch.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      metadata: ["swirl.failure": failure.description])
    do { try DurableFile.replace(path, with: data) } catch { return failure }
    return TrainingFailure(
      "\(failure); what was learnt from is in \(path)", batch: failure.batch)
  }

  private mutating func checkpoint() throws {
    var files = try agent.snapshot()
    files[Self.environmentFile] = try environments.encodedState()
    for i in callbacks.indices {
      for (name, data) in try callbacks[i].snapshot() { files[Self.prefix(i) + name] = data }
    }
    if let stopReason {
      files[Self.callbackFile] = try encodedState(
        EarlyEnd(reason: stopReason, totalSteps: run.description.totalSteps))
    }
    // Before the checkpoint, as the rows of metrics.
    try flushEvaluations()
    try run.writeCheckpoint(step: agent.stepCount, files: files, segments: agent.segments)
  }
}
