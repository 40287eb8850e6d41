import Foundation
import Logging

/// Why a run's training ended.
public enum RunEnd: Sendable, Equatable {
  /// The steps asked for are taken.
  case finished
  /// An evaluation or another callback ended it early.
  case ended(reason: String)
  case stopped(signal: Int32)
}

/// An end that came before a run's steps were taken, as its checkpoints remember it.
struct EarlyEnd: Codable, Sendable {
  let reason: String
  /// The steps that the run was to take then: whoever names another end wants to go on.
  let totalSteps: Int

  /// Why a run that is to take so many steps has ended, if it has.
  func reason(of totalSteps: Int) -> String? { self.totalSteps == totalSteps ? reason : nil }
}

/// A run that is to be gone on with, before anything in its folder changes.
struct InterruptedRun {
  let directory: RunDirectory
  let lock: RunLock
  /// With the new end, if there is one.
  let description: RunDescription
  /// The end that the folder names.
  let recordedSteps: Int
  /// The text of `config.yaml`.
  let configuration: String

  /// - Parameter totalSteps: A new end for the run, or nil for the one it has.
  /// - Throws: `RunError` where another process trains in the folder, or it is another agent's.
  init(_ path: String, agent: String, totalSteps: Int?) throws {
    directory = try RunDirectory(reading: path)
    lock = try RunLock(directory)
    var description = try directory.description()
    guard description.agent == agent else {
      throw RunError(
        .data, "\(path) is a run of the agent '\(description.agent)', not of '\(agent)'")
    }
    recordedSteps = description.totalSteps
    if let totalSteps { description.totalSteps = totalSteps }
    self.description = description
    configuration = try directory.configuration()
  }

  var hasNewEnd: Bool { description.totalSteps != recordedSteps }

  /// Lets `body` read the latest checkpoint, if there is one.
  ///
  /// - Parameter body: Restores everything and gives the step that the agent is at.
  /// - Returns: The checkpoint's files, none where the run starts over.
  /// - Throws: `RunError` of kind `data` naming the checkpoint for whatever is wrong with it.
  func restore(
    withSegments: Bool = false, _ body: (RunDirectory.Checkpoint) throws -> Int
  ) throws -> [String: Data] {
    guard let checkpoint = try directory.latestCheckpoint(withSegments: withSegments) else {
      return [:]
    }
    if let settings = checkpoint.files[OpenRun.configurationFile] {
      try directory.compare(configuration, trainedWith: settings)
    }
    let step: Int
    do { step = try body(checkpoint) } catch let error as RunError { throw error } catch {
      throw RunError(.data, "\(checkpoint.directory) cannot be continued: \(error)")
    }
    guard step == checkpoint.step else {
      throw RunError(
        .data,
        "\(checkpoint.directory) holds the state of step \(step); its name says another")
    }
    return checkpoint.files
  }
}

/// A run's folder while this process trains in it: what runs of every kind of agent do with one. What
/// they train stays theirs.
struct OpenRun: Sendable {
  let directory: RunDirectory
  private(set) var description: RunDescription
  /// The text of `config.yaml`, which goes into every checkpoint.
  let configuration: String
  var metrics: MetricsLog
  private let lock: RunLock
  private var start = ContinuousClock.now
  private var lastCheckpoint = ContinuousClock.now
  private var hasWarned = false
  private let logger = Logger(label: "swirl")

  static let configurationFile = "config.yaml"

  /// Starts a run in a new folder.
  init(creating path: String, _ description: RunDescription, configuration: String) throws {
    directory = try RunDirectory(creating: path)
    lock = try RunLock(directory)
    try directory.begin(description, configuration: configuration)
    lock.sign()
    self.description = description
    self.configuration = configuration
    metrics = try MetricsLog(directory, after: 0)
  }

  /// Goes on with a run after `step`: what was written later is cut.
  ///
  /// - Throws: `RunError` of kind `usage` where the run has passed its new end.
  init(_ run: InterruptedRun, after step: Int) throws {
    guard run.description.totalSteps >= min(step, run.recordedSteps) else {
      throw RunError(
        .usage,
        "\(run.directory.path) has taken \(step) steps already; --steps is its end, so it must be more"
      )
    }
    directory = run.directory
    lock = run.lock
    description = run.description
    configuration = run.configuration
    lock.sign()
    directory.removeLeftovers()
    metrics = try MetricsLog(directory, after: step)
    try directory.removeEvaluations(after: step)
    // Before the first checkpoint under the new end, whose schedules a later resume has to follow.
    if run.hasNewEnd { try directory.write(description) }
  }

  /// Begins what `run.json` calls a session.
  mutating func beginSession(workers: Int, step: Int) {
    (start, lastCheckpoint) = (.now, .now)
    description.sessions.append(
      .init(started: Date(), workers: workers, firstStep: step, lastStep: step, seconds: 0))
  }

  /// Writes into a report how long the session has lasted and how fast it is.
  func time(_ report: inout TrainingReport, step: Int) {
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    let taken = step - (description.sessions.last?.firstStep ?? step)
    report.stepsPerSecond = Double(taken) / max(report.seconds, 1e-9)
  }

  /// Whether `interval` has passed since the last time it had.
  mutating func isCheckpointDue(_ interval: Duration) -> Bool {
    guard ContinuousClock.now - lastCheckpoint >= interval else { return false }
    lastCheckpoint = .now
    return true
  }

  /// Says once that the disk refuses, until a checkpoint is written again.
  mutating func warn(_ error: RunError) {
    if !hasWarned {
      logger.warning(
        "\(error); the previous checkpoint is intact, training goes on and tries again")
    }
    hasWarned = true
  }

  /// Writes the metrics so far, then a checkpoint of `files`.
  mutating func writeCheckpoint(
    step: Int, files: [String: Data], segments: [CheckpointSegment] = []
  ) throws {
    var files = files
    files[Self.configurationFile] = Data(configuration.utf8)
    // First the rows, which resume cuts after the checkpoint but could not bring back before it.
    try metrics.flush(now: true)
    try directory.writeCheckpoint(step: step, files: files, segments: segments)
    let last = description.sessions.count - 1
    description.sessions[last].lastStep = step
    description.sessions[last].seconds = (ContinuousClock.now - start) / .seconds(1)
    try directory.write(description)
    hasWarned = false
  }
}
