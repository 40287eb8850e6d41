import Envs
import Foundation
import Policy
import Runtime

/// Something that happens beside training: after each iteration it looks at where training stands, and may
/// add to the report or ask to stop.
///
/// Callbacks are values and are called in order, so that a later one sees what an earlier one found:
///
/// ```swift
/// try agent.train(
///   on: &environments, steps: 100_000,
///   callbacks: [
///     PeriodicEvaluation(every: 10_000, episodes: 20, seed: 2),
///     BestModel(file: "best.safetensors"),
///     StopAtReturn(475),
///     StopWithoutImprovement(evaluations: 5),
///   ]
/// ) { report in if let evaluation = report.evaluation { print(report.steps, evaluation.mean) } }
/// ```
///
/// A callback draws from no stream of training and writes to nothing training reads, so a run ends with the
/// same weights with it and without it.
public protocol Callback: Sendable {
  /// Called after each iteration.
  ///
  /// - Throws: A `RunError`, such as a full disk, is a warning to a run and does not end it.
  mutating func iterationEnded(_ moment: inout TrainingMoment) throws

  /// What a resumed run needs to go on as one that never stopped: file names and their bytes.
  func snapshot() throws -> [String: Data]

  /// Goes on from what `snapshot` returned, nothing where the run starts over, and puts what the callback
  /// has written to `directory` back to what it was then.
  mutating func restore(_ files: [String: Data], in directory: RunDirectory) throws
}

extension Callback {
  public func snapshot() throws -> [String: Data] { [:] }
  public mutating func restore(_ files: [String: Data], in directory: RunDirectory) throws {}
}

/// Where training stands between two iterations, as callbacks see it.
public struct TrainingMoment: Sendable {
  /// What the iteration did; callbacks may add to it what belongs into metrics.
  public var report: TrainingReport
  /// The policy as it acts now.
  public let policy: Actor
  /// The same policy with its value function, of agents that learn both together; nil of others.
  public let model: ActorCritic?
  /// What is trained on. It is in the middle of its episodes; `fresh(count:seed:)` makes others like it.
  public let environments: AnyVectorEnvironment
  /// The folder of the run, nil where training has none.
  public let directory: RunDirectory?
  /// Why training is to stop, if a callback asked for it.
  public private(set) var stopReason: String?

  /// Asks to stop after this iteration; the first reason counts.
  ///
  /// - Parameter reason: A clause such as "the mean return of 20 episodes reached 475".
  public mutating func stop(_ reason: String) {
    if stopReason == nil { stopReason = reason }
  }

  init(
    _ report: TrainingReport, of agent: some TrainableAgent, environments: AnyVectorEnvironment,
    directory: RunDirectory? = nil
  ) {
    self.report = report
    policy = agent.policy
    model = agent.actorCritic
    self.environments = environments
    self.directory = directory
  }
}

extension TrainableAgent {
  /// Trains until at least `steps` steps have been taken or a callback asks to stop.
  ///
  /// - Parameters:
  ///   - workers: Threads; the result is the same for any number of them.
  ///   - report: Called after each iteration and its callbacks.
  /// - Returns: Why a callback stopped training, or nil.
  @discardableResult
  public mutating func train(
    on environments: inout some VectorizedEnvironments, steps: Int, workers: Int? = nil,
    callbacks: [any Callback], report: (TrainingReport) -> Void = { _ in }
  ) throws -> String? {
    let pool = WorkerPool(threads: workers ?? ProcessInfo.processInfo.activeProcessorCount)
    if totalSteps == 0 { totalSteps = steps }
    var callbacks = callbacks
    let start = ContinuousClock.now
    let first = stepCount
    return try environments.withErased { erased in
      while stepCount < steps {
        var latest = try iterate(on: &erased, pool: pool)
        latest.seconds = (ContinuousClock.now - start) / .seconds(1)
        latest.stepsPerSecond = Double(stepCount - first) / max(latest.seconds, 1e-9)
        var moment = TrainingMoment(latest, of: self, environments: erased)
        for i in callbacks.indices { try callbacks[i].iterationEnded(&moment) }
        report(moment.report)
        if let reason = moment.stopReason { return reason }
      }
      return nil
    }
  }
}

/// JSON of a callback's state, keys sorted so that equal states have equal bytes.
func encodedState(_ state: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  return try encoder.encode(state)
}

/// Reads what `encodedState` wrote; nil where there is nothing.
///
/// - Throws: `RunError` of kind `data`.
func decodedState<State: Decodable>(
  _ type: State.Type, _ name: String, of files: [String: Data]
) throws -> State? {
  guard let data = files[name] else { return nil }
  do { return try JSONDecoder().decode(type, from: data) } catch let error as DecodingError {
    throw RunError(.data, "the checkpoint's \(name) cannot be read: \(error.sentence)")
  }
}
