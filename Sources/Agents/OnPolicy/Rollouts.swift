import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// Where an agent that learns from fresh rollouts has its experience from: the columns, one action stream an
/// environment, the scaling of rewards, and the count of it all.
public struct Rollouts: Experience {
  private(set) var progress = Progress()
  /// The latest rollout.
  private(set) var buffer: RolloutBuffer
  /// One stream an environment, from which its actions are sampled.
  private var actionStreams: [PCG64]
  private var rewardScaling: RewardScaling?
  /// `[N, memorySize]`: what the networks remember of the episodes that run.
  private var memory: [Float]
  private let noiseSteps: Int
  /// Writes other rewards over the environment's, for agents that learn from none of those; not saved.
  var payment: (@Sendable (RolloutBuffer) -> Void)?
  private let seed: UInt64
  private let gamma: Double
  private let lambda: Double

  /// - Throws: `RunError` when the columns do not fit in memory.
  init(
    for environments: some VectorizedEnvironments, _ settings: RolloutSettings,
    memorySize: Int = 0, streams: SeedSequence, seed: UInt64
  ) throws {
    let bytes = RolloutBuffer.byteCount(
      stepCount: settings.stepsPerRollout, environmentCount: environments.count,
      observationSize: environments.observationSize, actionSize: environments.actionSize,
      maskSize: environments.maskSize, elementSize: environments.observesBytes ? 1 : 4)
    guard let bytes, bytes <= ReplayMemory.available else {
      throw RunError(
        .usage,
        "n_envs × n_steps of \(environments.count) × \(settings.stepsPerRollout) needs "
          + "\(bytes.map(ReplayMemory.text) ?? "more memory than there can be") of memory for a "
          + "rollout, but there are \(ReplayMemory.text(ReplayMemory.available))")
    }
    self.seed = seed
    gamma = settings.gamma
    lambda = settings.gaeLambda
    memory = [Float](repeating: 0, count: environments.count * memorySize)
    noiseSteps = max(settings.noiseSteps, 0)
    actionStreams = (0..<environments.count).map { PCG64(streams.child(1 + $0)) }
    if settings.normalizeRewards {
      rewardScaling = RewardScaling(
        environments: environments.count, gamma: gamma, clip: settings.rewardClip)
    }
    buffer = RolloutBuffer(
      stepCount: settings.stepsPerRollout, environmentCount: environments.count,
      observationSize: environments.observationSize, actionSize: environments.actionSize,
      maskSize: environments.maskSize, elementSize: environments.observesBytes ? 1 : 4,
      memorySize: memorySize)
  }

  /// Collects one rollout with `model` and computes its advantages and returns.
  ///
  /// - Throws: `TrainingFailure` when an environment gives a number that is not finite.
  mutating func collect(
    _ model: ActorCritic, in environments: inout AnyVectorEnvironment, pool: WorkerPool,
    timers: inout PhaseTimers
  ) throws {
    // The columns are scratch, but a copy of the agent must not share them.
    if !isKnownUniquelyReferenced(&buffer) { buffer = buffer.emptyCopy() }
    timers.time(.rollout) {
      RolloutWorkers(pool: pool).collect(
        model, in: &environments, streams: &actionStreams, memory: &memory,
        noiseSteps: noiseSteps, into: buffer)
    }
    if let bad = buffer.firstBadStep() {
      throw TrainingFailure(
        "environment \(bad.environment) of seed \(seed) gave a number that is not finite at step "
          + "\(stepCount / buffer.environmentCount + bad.step): \(bad.field)")
    }
    progress.stepCount += buffer.count
    progress.iteration += 1
    progress.episodes.add(buffer)
    timers.time(.advantages) {
      payment?(buffer)
      if rewardScaling == nil {
        for i in 0..<buffer.count { buffer.scaledRewards[i] = Float(buffer.rewards[i]) }
      } else {
        rewardScaling!.scale(buffer)
      }
      buffer.computeAdvantages(gamma: Float(gamma), lambda: Float(lambda))
    }
  }

  public var stepCount: Int { progress.stepCount }

  /// The latest rollout as tensors of `[T · N, …]`, for tests and for people who look into an agent;
  /// observations as the environments gave them.
  package var latest: (observations: Tensor, actions: Tensor, advantages: Tensor, returns: Tensor) {
    func rows(_ size: Int, _ source: UnsafePointer<Float>) -> Tensor {
      Tensor(shape: size == 0 ? Shape(buffer.count) : Shape(buffer.count, size)) {
        $0.baseAddress!.update(from: source, count: $0.count)
      }
    }
    return (
      rows(
        buffer.observationSize, buffer.observations.assumingMemoryBound(to: Float.self)),
      rows(buffer.actionSize, buffer.actions),
      rows(0, buffer.advantages), rows(0, buffer.returns)
    )
  }

  // MARK: - Saving

  /// What a checkpoint holds of it.
  public struct State: Codable {
    var progress: Progress
    var actionStreams: [PCG64]
    var rewardScaling: RewardScaling?
    /// Nil where the networks remember nothing.
    var memory: [Float]?
  }

  public var state: State {
    State(
      progress: progress, actionStreams: actionStreams, rewardScaling: rewardScaling,
      memory: memory.isEmpty ? nil : memory)
  }

  /// - Throws: `RunError` when the state is of other environments or settings.
  public mutating func restore(_ state: State, directory: String) throws {
    guard state.actionStreams.count == actionStreams.count else {
      throw RunError(
        .data,
        "\(directory) was written with \(state.actionStreams.count) environments, not "
          + "\(actionStreams.count)")
    }
    guard rewardScaling.map(\.returns.count) == state.rewardScaling.map(\.returns.count),
      state.rewardScaling.map({ [$0.moments.mean.count, $0.moments.variance.count] == [1, 1] })
        ?? true
    else {
      throw RunError(
        .data, "\(directory)/state.json scales the rewards of another number of environments")
    }
    guard memory.count == state.memory?.count ?? 0 else {
      throw RunError(
        .data, "\(directory)/state.json holds the memory of networks of another size")
    }
    progress = state.progress
    actionStreams = state.actionStreams
    rewardScaling = state.rewardScaling
    memory = state.memory ?? []
  }
}

extension Phase {
  static let rollout = Phase("rollout")
  static let advantages = Phase("advantages")
  static let update = Phase("update")
}
