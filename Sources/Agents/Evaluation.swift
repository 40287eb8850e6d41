import Envs
import Foundation
import Policy
import Replay
import Runtime

/// What `evaluate` found: each episode's return and length, in the order of their seeds.
public struct EvaluationResult: Sendable, Codable, Equatable {
  public let returns: [Double]
  public let lengths: [Int]
  public let seed: UInt64
  /// Whether the most probable actions were taken, else some drawn from the policy.
  public let deterministic: Bool

  public init(returns: [Double], lengths: [Int], seed: UInt64, deterministic: Bool = true) {
    self.returns = returns
    self.lengths = lengths
    self.seed = seed
    self.deterministic = deterministic
  }

  public var episodes: Int { returns.count }
  public var mean: Double { returns.reduce(0, +) / Double(returns.count) }

  /// Standard deviation over the episodes (n in the denominator, as NumPy's `std`).
  public var standardDeviation: Double {
    let mean = mean
    return (returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(returns.count))
      .squareRoot()
  }

  /// Standard error of the mean.
  public var standardError: Double { standardDeviation / Double(returns.count).squareRoot() }

  /// The mean of the middle half: the lowest and highest ⌊n / 4⌋ returns are left out.
  public var interquartileMean: Double {
    let cut = returns.count / 4
    let middle = returns.sorted()[cut..<returns.count - cut]
    return middle.reduce(0, +) / Double(middle.count)
  }
}

/// Runs a policy for whole episodes, each of its own stream, and each counts: episode k starts from the
/// k-th stream of `seed`, whatever the other episodes do.
///
/// - Parameters:
///   - environments: As many fresh environments as there are to be episodes, made with `seed`.
///   - deterministic: The most probable action, else one drawn from the policy.
/// - Throws: `RunError` when the policy does not fit the environments.
public func evaluate(
  _ policy: Actor, in environments: AnyVectorEnvironment, seed: UInt64,
  deterministic: Bool = true
) throws -> EvaluationResult {
  try evaluate(
    policy, in: environments, seed: seed, deterministic: deterministic, recording: nil)
}

/// As `evaluate(_:in:seed:deterministic:)`, keeping every step.
///
/// - Parameter episodes: One for each environment, or nil to keep none.
func evaluate(
  _ policy: Actor, in environments: AnyVectorEnvironment, seed: UInt64, deterministic: Bool,
  recording episodes: [RecordedEpisode]?
) throws -> EvaluationResult {
  guard policy.head.acts(in: environments.actionSpace),
    try ObservationEncoder(for: environments) == policy.encoder
  else {
    throw RunError(
      .usage,
      "the policy was not trained for observations of \(environments.observationSpace) "
        + "and actions of \(environments.actionSpace)")
  }
  var environments = environments
  let count = environments.count
  // A rollout of one step, written over and over.
  let rows = RolloutBuffer(
    stepCount: 1, environmentCount: count, observationSize: environments.observationSize,
    actionSize: environments.actionSize, maskSize: environments.maskSize,
    elementSize: environments.observesBytes ? 1 : 4)
  var memory = [Float](repeating: 0, count: max(count * policy.memorySize, 1))
  let masks = environments.maskSize > 0 ? rows.masks : nil
  let endings = UnsafeMutableRawPointer(rows.endings).assumingMemoryBound(to: Ending.self)
  var streams = (0..<count).map {
    PCG64(SeedSequence(seed, spawnKey: [evaluationStreamKey]).child($0))
  }
  var returns = [Double?](repeating: nil, count: count)
  var lengths = [Int](repeating: 0, count: count)
  var running = count
  let runner = PolicyRunner(policy, capacity: count)
  environments.withStepper { stepper in
    stepper.observe(0..<count, into: rows.observations, masks: masks)
    while running > 0 {
      if deterministic {
        runner.best(
          rows: count, rows.observations, masks: masks, actions: rows.actions, memory: &memory)
      } else {
        runner.sample(
          rows: count, rows.observations, masks: masks, streams: &streams, actions: rows.actions,
          logProbabilities: rows.logProbabilities, values: rows.values, memory: &memory)
      }
      runner.limited(rows: count, rows.actions, into: rows.limitedActions)
      if let episodes {
        for n in 0..<count where returns[n] == nil { episodes[n].append(rows, n) }
      }
      stepper.step(0..<count, rows.stepRows())
      if let episodes {
        for n in 0..<count where returns[n] == nil { episodes[n].close(rows, n, endings[n]) }
      }
      for n in 0..<count where endings[n] != .none {
        for i in n * policy.memorySize..<(n + 1) * policy.memorySize { memory[i] = 0 }
        if returns[n] != nil { continue }
        returns[n] = rows.episodeReturns[n]
        lengths[n] = Int(rows.episodeLengths[n])
        running -= 1
      }
    }
  }
  return EvaluationResult(
    returns: returns.map { $0! }, lengths: lengths, seed: seed, deterministic: deterministic)
}

/// As `evaluate(_:in:seed:deterministic:)` for an environment that is not registered.
///
/// - Parameter timeLimit: Steps after which an episode is truncated, or nil where it ends by itself.
public func evaluate<E: Environment>(
  _ policy: Actor, in environment: E, episodes: Int, seed: UInt64, timeLimit: Int? = nil,
  deterministic: Bool = true
) throws -> EvaluationResult {
  try evaluate(
    policy,
    in: VectorEnvironment(count: episodes, seed: seed, timeLimit: timeLimit) { environment }.erased,
    seed: seed, deterministic: deterministic)
}

/// Separates the streams that draw actions from those of the environments, spawned from the same seed.
private let evaluationStreamKey: UInt32 = 0x4556_414C
