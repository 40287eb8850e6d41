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
  /// The text of `config.yaml`, which goes into every checkpoint.
  private let configuration: String
  private let lock: RunLock
  private var metrics: MetricsLog
  private let logger = Logger(label: "swirl")

  /// Starts a run in a new folder.
  public init(
    creating path: String, _ description: RunDescription, configuration: some AgentConfiguration,
    agent: A, environments: AnyVectorEnvironment
  ) throws {
    directory = try RunDirectory(creating: path)
    lock = try RunLock(directory)
    self.configuration = configuration.yaml
    try directory.begin(description, configuration: self.configuration)
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
    let recordedSteps = description.totalSteps
    if let totalSteps { description.totalSteps = totalSteps }
    configuration = try directory.configuration()
    (agent, environments) = try make(description, configuration)
    if let checkpoint = try directory.latestCheckpoint() {
      guard let state = checkpoint.files[Self.environmentFile] else {
        throw RunError(.data, "\(checkpoint.directory) lacks \(Self.environmentFile)")
      }
      if let settings = checkpoint.files[Self.configurationFile] {
        try Self.compare(configuration, trainedWith: settings, in: directory)
      }
      do {
        try agent.restore(checkpoint.files, directory: checkpoint.directory)
        try environments.restoreState(state)
      } catch let error as RunError {
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
    }
    guard description.totalSteps >= min(agent.stepCount, recordedSteps) else {
      throw RunError(
        .usage,
        "\(path) has taken \(agent.stepCount) steps already; --steps is its end, so it must be more"
      )
    }
    agent.totalSteps = description.totalSteps
    lock.sign()
    directory.removeLeftovers()
    metrics = try MetricsLog(directory, after: agent.stepCount)
    // Before the first checkpoint under the new end, whose schedules a later resume has to follow.
    if description.totalSteps != recordedSteps { try directory.write(description) }
  }

  /// A run goes on with the settings it was trained with, or what comes next would be neither run.
  private static func compare(
    _ configuration: String, trainedWith settings: Data, in directory: RunDirectory
  ) throws {
    func values(_ text: String) -> [Substring: String] {
      var values: [Substring: String] = [:]
      for line in text.split(whereSeparator: \.isNewline) {
        guard let colon = line.firstIndex(of: ":"), !line.hasPrefix("#") else { continue }
        values[line[..<colon]] = line[line.index(after: colon)...]
          .trimmingCharacters(in: .whitespaces)
      }
      return values
    }
    let (now, trained) = (values(configuration), values(String(decoding: settings, as: UTF8.self)))
    let keys = Set(now.keys).union(trained.keys)
    guard let key = keys.filter({ now[$0] != trained[$0] }).min() else { return }
    func shown(_ value: String?) -> String {
      value.map { "\(key): \($0.prefix(60))" } ?? "no \(key)"
    }
    throw RunError(
      .data,
      "\(directory.file(configurationFile)) has \(shown(now[key])) where the run was trained with "
        + "\(shown(trained[key])); a run goes on with the settings it began with")
  }

  private static var environmentFile: String { "environments.json" }
  private static var configurationFile: String { "config.yaml" }

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
      var report: TrainingReport
      do { report = try agent.iterate(on: &environments, pool: pool) } catch {
        // The rows before numbers went wrong are what a person looks at next.
        try? metrics.flush(now: true)
        throw error
      }
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
    files[Self.configurationFile] = Data(configuration.utf8)
    // First the rows, which resume cuts after the checkpoint but could not bring back before it.
    try metrics.flush(now: true)
    try directory.writeCheckpoint(step: agent.stepCount, files: files)
    let last = description.sessions.count - 1
    description.sessions[last].lastStep = agent.stepCount
    description.sessions[last].seconds = (ContinuousClock.now - start) / .seconds(1)
    try directory.write(description)
  }
}
