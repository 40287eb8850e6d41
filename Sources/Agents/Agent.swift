import Envs
import Foundation
import Policy
import Runtime
import Tensors

/// A learner that a run drives: it alternates between acting and learning, and its whole state can be
/// saved and restored between two iterations.
public protocol Agent: Sendable {
  /// The name on the command line, such as `ppo`.
  static var name: String { get }

  /// Environment steps taken so far, over all environments.
  var stepCount: Int { get }

  /// The steps over which schedules run.
  var totalSteps: Int { get set }

  /// Acts and learns once: the smallest piece of training after which a checkpoint can be written.
  ///
  /// - Throws: `TrainingFailure` when numbers stop being finite.
  mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport

  /// Everything an exact resume needs but the environments: file names and their bytes.
  /// `model.safetensors` is among them and enough to evaluate the policy.
  func snapshot() throws -> [String: Data]

  /// The parts of that state which never change any more, such as the older rows of a replay buffer: a
  /// checkpoint names them and shares them with others. None unless an agent says otherwise.
  var segments: [CheckpointSegment] { get }

  /// Continues from what `snapshot` returned, with the segments among the files. `directory` is what errors
  /// call the files' folder.
  ///
  /// - Throws: `RunError` or `SafetensorsError`, one sentence; the agent is then not to be used.
  mutating func restore(_ files: [String: Data], directory: String) throws
}

extension Agent {
  public var segments: [CheckpointSegment] { [] }
}

extension TrainableAgent {
  public var modules: [any Module] { [policy] }

  /// What a person has to know where an environment has no preset, in one sentence; nil where it has one.
  public static func missingPreset(for environment: String) -> String? {
    Configuration.presetEnvironments.contains(environment)
      ? nil : "\(name) has no preset for \(environment); its defaults are used"
  }
}

/// A piece of an agent's state that never changes: one name always stands for the same bytes.
public struct CheckpointSegment: Sendable {
  public let name: String
  /// The bytes, made when they are first written.
  public let data: @Sendable () -> Data

  public init(name: String, data: @escaping @Sendable () -> Data) {
    self.name = name
    self.data = data
  }
}

/// An agent that can be made from the name of an environment and settings, as `swirl train` does.
public protocol TrainableAgent: Agent {
  associatedtype Configuration: AgentConfiguration

  var configuration: Configuration { get }

  /// The trained policy, with the statistics that normalise what it reads.
  var policy: Actor { get }

  /// Everything that is learnt, target networks included: what a checkpoint holds and a run looks at for
  /// numbers that are not finite. The policy unless an agent says otherwise.
  var modules: [any Module] { get }

  /// The policy with its value function; nil where the agent has no value function of states.
  var actorCritic: ActorCritic? { get }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: A sentence about spaces the agent cannot act in or settings out of range.
  init(
    for environments: some VectorizedEnvironments, _ configuration: Configuration, seed: UInt64,
    totalSteps: Int?) throws
}

extension TrainableAgent {
  public var actorCritic: ActorCritic? { nil }
}

extension Agent {
  /// Trains until at least `steps` steps have been taken, on as many threads as there are processors.
  ///
  /// - Parameters:
  ///   - workers: Threads; the result is the same for any number of them.
  ///   - report: Called after each iteration.
  public mutating func train(
    on environments: inout some VectorizedEnvironments, steps: Int, workers: Int? = nil,
    report: (TrainingReport) -> Void = { _ in }
  ) throws {
    let pool = WorkerPool(threads: workers ?? ProcessInfo.processInfo.activeProcessorCount)
    if totalSteps == 0 { totalSteps = steps }
    let start = ContinuousClock.now
    let first = stepCount
    try environments.withErased { erased in
      while stepCount < steps {
        var latest = try iterate(on: &erased, pool: pool)
        latest.seconds = (ContinuousClock.now - start) / .seconds(1)
        latest.stepsPerSecond = Double(stepCount - first) / max(latest.seconds, 1e-9)
        report(latest)
      }
    }
  }
}

/// What one iteration did and where training stands.
public struct TrainingReport: Sendable, CustomStringConvertible {
  public var steps: Int
  public var iteration: Int
  /// Episodes finished since training began.
  public var episodes: Int
  /// Mean over the last hundred finished episodes; NaN before the first.
  public var meanReturn: Double
  public var meanLength: Double
  /// Losses and diagnostics by the names they have in metrics files.
  public var losses: [(name: String, value: Double)]
  /// Seconds spent in each phase of this iteration.
  public var phases: [(name: String, seconds: Double)]
  /// Wall clock since this process began to train.
  public var seconds = 0.0
  /// Steps per second since then.
  public var stepsPerSecond = 0.0
  /// What an evaluation after this iteration found, where there was one.
  public var evaluation: EvaluationResult?

  public init(
    steps: Int, iteration: Int, episodes: Int, meanReturn: Double, meanLength: Double,
    losses: [(name: String, value: Double)], phases: [(name: String, seconds: Double)]
  ) {
    self.steps = steps
    self.iteration = iteration
    self.episodes = episodes
    self.meanReturn = meanReturn
    self.meanLength = meanLength
    self.losses = losses
    self.phases = phases
  }

  public var description: String {
    func short(_ x: Double) -> String { String(format: "%.4g", x) }
    let details = losses.map { "\($0.name) \(short($0.value))" }.joined(separator: ", ")
    return "step \(steps): mean return \(short(meanReturn)) over \(min(episodes, 100)) episodes, "
      + "\(Int(stepsPerSecond)) steps/s, \(details)"
  }
}
