import Envs
import Foundation
import Logging
import Runtime

/// An agent, its environments and the folder they are saved in: what `swirl train` drives.
///
/// A run that is killed at any instant and resumed ends with the same bytes as one that never was: a
/// checkpoint holds everything that decides what comes next, and the clock decides only when one is
/// written.
public struct TrainingRun<A: Agent>: Sendable {
  public private(set) var agent: A
  public private(set) var environments: AnyVectorEnvironment
  public let directory: RunDirectory
  private var description: RunDescription
  private let lock: RunLock
  private var metrics: MetricsLog
  private let logger = Logger(label: "swirl")

  /// Starts a run in a new folder.
  public init(
    creating path: String, _ description: RunDescription, configuration: some AgentConfiguration,
    agent: A, environments: AnyVectorEnvironment
  ) throws {
    directory = try RunDirectory(creating: path, description, configuration: configuration.yaml)
    lock = try RunLock(directory)
    lock.sign()
    self.description = description
    self.agent = agent
    self.environments = environments
    self.agent.totalSteps = description.totalSteps
    metrics = try MetricsLog(directory, after: 0)
  }

  /// Continues the run in a folder from its latest checkpoint, or from the beginning where there is
  /// none. Nothing in the folder changes until the checkpoint has been read whole.
  ///
  /// - Parameters:
  ///   - totalSteps: A new end for the run, or nil for the one it has.
  ///   - make: Makes the agent and the environments as the run was started with, from its description
  ///     and the text of its `config.yaml`.
  public init(
    resuming path: String, totalSteps: Int? = nil,
    make: (RunDescription, String) throws -> (A, AnyVectorEnvironment)
  ) throws {
    directory = try RunDirectory(reading: path)
    lock = try RunLock(directory)
    description = try directory.description()
    guard description.agent == A.name else {
      throw RunError(
        .data, "\(path) is a run of the agent '\(description.agent)', not of '\(A.name)'")
    }
    if let totalSteps { description.totalSteps = totalSteps }
    (agent, environments) = try make(description, try directory.configuration())
    if let checkpoint = try directory.latestCheckpoint() {
      guard let state = checkpoint.files[Self.environmentFile] else {
        throw RunError(.data, "\(checkpoint.directory) lacks \(Self.environmentFile)")
      }
      do {
        try agent.restore(checkpoint.files, directory: checkpoint.directory)
        try environments.restoreState(state)
      } catch let error as RunError {
        throw error
      } catch {
        throw RunError(.data, "\(checkpoint.directory) cannot be continued: \(error)")
      }
    }
    agent.totalSteps = description.totalSteps
    lock.sign()
    directory.removeLeftovers()
    metrics = try MetricsLog(directory, after: agent.stepCount)
  }

  private static var environmentFile: String { "environments.json" }

  /// Why training ended.
  public enum End: Sendable, Equatable {
    case finished
    case stopped(signal: Int32)
  }

  /// Trains to the run's end, writing a checkpoint each `interval`, when a signal asks to stop, and at
  /// the end.
  ///
  /// - Parameters:
  ///   - workers: Threads; the result is the same for any number of them.
  ///   - progress: Called after each iteration.
  /// - Throws: `TrainingFailure` when numbers stop being finite; the last checkpoint stays as it is.
  ///   `RunError` when the last checkpoint cannot be written.
  public mutating func train(
    workers: Int, interval: Duration = .seconds(30), progress: (TrainingReport) -> Void = { _ in }
  ) throws -> End {
    let pool = WorkerPool(threads: workers)
    let start = ContinuousClock.now
    let firstStep = agent.stepCount
    description.sessions.append(
      .init(
        started: Date(), workers: workers, firstStep: firstStep, lastStep: firstStep, seconds: 0))
    var lastCheckpoint = start
    var hasWarned = false
    while agent.stepCount < description.totalSteps {
      if let signal = StopSignals.pending {
        try checkpoint(since: start)
        return .stopped(signal: signal)
      }
      var report = try agent.iterate(on: &environments, pool: pool)
      report.seconds = (ContinuousClock.now - start) / .seconds(1)
      report.stepsPerSecond = Double(agent.stepCount - firstStep) / max(report.seconds, 1e-9)
      metrics.add(report)
      progress(report)
      do {
        try metrics.flush()
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
    return .finished
  }

  private mutating func checkpoint(since start: ContinuousClock.Instant) throws {
    var files = try agent.snapshot()
    files[Self.environmentFile] = try environments.encodedState()
    // First the rows, which resume cuts after the checkpoint but could not bring back before it.
    try metrics.flush(now: true)
    try directory.writeCheckpoint(step: agent.stepCount, files: files)
    let last = description.sessions.count - 1
    description.sessions[last].lastStep = agent.stepCount
    description.sessions[last].seconds = (ContinuousClock.now - start) / .seconds(1)
    try directory.write(description)
  }
}
