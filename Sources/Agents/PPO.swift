import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// Proximal policy optimisation with the clipped objective (Schulman et al., 2017,
/// https://arxiv.org/abs/1707.06347), with the details of the common implementations, each a field of
/// its configuration.
///
/// ```swift
/// var environments = try make("CartPole-v1", count: 8, seed: 1)
/// var agent = try PPO(for: environments, .preset("CartPole-v1"), seed: 1, totalSteps: 100_000)
/// try agent.train(on: &environments, steps: 100_000) { report in print(report) }
/// ```
public struct PPO: Agent {
  public static let name = "ppo"

  public let configuration: PPOConfiguration
  /// The steps after which schedules reach their end.
  public var totalSteps: Int
  public internal(set) var model: ActorCritic
  /// The trained policy, with the statistics that normalise what it reads.
  public var policy: ActorCritic { model }
  public internal(set) var stepCount = 0
  var optimizer: Adam
  /// The stream of the networks: initial weights, then the order of minibatches.
  var random: PCG64
  /// One stream an environment, from which its actions are sampled.
  var actionStreams: [PCG64]
  var rewardScaling: RewardScaling?
  var episodes = EpisodeWindow()
  var iteration = 0
  private let seed: UInt64
  private var buffer: RolloutBuffer

  // MARK: - One iteration

  /// Collects one rollout and learns from it.
  ///
  /// - Throws: `TrainingFailure` when an environment gives a number that is not finite, before anything is
  ///   learnt from it, or the gradient is not finite, after the minibatches before it.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    // The columns are scratch, but a copy of the agent must not share them.
    if !isKnownUniquelyReferenced(&buffer) { buffer = buffer.emptyCopy() }
    var timers = PhaseTimers()
    timers.time(.rollout) {
      RolloutWorkers(pool: pool).collect(
        model, in: &environments, streams: &actionStreams, into: buffer)
    }
    if let bad = buffer.firstBadStep() {
      throw TrainingFailure(
        "environment \(bad.environment) of seed \(seed) gave a number that is not finite at step "
          + "\(stepCount / configuration.environmentCount + bad.step): \(bad.field)")
    }
    stepCount += buffer.count
    iteration += 1
    episodes.add(buffer)
    timers.time(.advantages) {
      if rewardScaling == nil {
        for i in 0..<buffer.count { buffer.scaledRewards[i] = Float(buffer.rewards[i]) }
      } else {
        rewardScaling!.scale(buffer)
      }
      buffer.computeAdvantages(
        gamma: Float(configuration.gamma), lambda: Float(configuration.gaeLambda))
    }
    let statistics = try timers.time(.update) { try update(pool) }
    model.normalizer?.update(
      steps: buffer.stepCount, environments: buffer.environmentCount, buffer.observations)
    return report(statistics, timers)
  }

  /// Several passes over the rollout in shuffled minibatches.
  private mutating func update(_ pool: WorkerPool) throws -> Statistics {
    let progressRemaining = max(0, 1 - Double(stepCount) / Double(max(totalSteps, 1)))
    let clipRange = Float(configuration.clipRange.value(at: progressRemaining))
    let valueClipRange = configuration.valueClipRange.map { Float($0.value(at: progressRemaining)) }
    optimizer.learningRate = configuration.learningRate.value(at: progressRemaining)

    let batch = Batch(buffer, model)
    let reducer = GradientReducer(pool: pool)
    var statistics = Statistics(
      learningRate: optimizer.learningRate, clipRange: Double(clipRange),
      explainedVariance: buffer.explainedVariance)

    epochs: for _ in 0..<configuration.epochs {
      let order = random.permutation(buffer.count)
      for start in stride(from: 0, to: buffer.count, by: configuration.batchSize) {
        let rows = start..<min(start + configuration.batchSize, buffer.count)
        let advantages = batch.advantages(
          order[rows], normalized: configuration.normalizeAdvantage)
        let weight = 1 / Float(rows.count)
        let (entropyCoefficient, valueCoefficient) = (
          Float(configuration.entropyCoefficient), Float(configuration.valueCoefficient)
        )

        let (gradients, sums) = reducer.sum(at: model, rows: rows.count) { model, chunk in
          let picked = Indices(
            order[rows.lowerBound + chunk.lowerBound..<rows.lowerBound + chunk.upperBound])
          let (logProbabilities, entropy, values) = model.evaluate(
            observations: batch.observations.selectingRows(picked),
            actions: batch.actions.selectingRows(picked),
            mask: batch.masks?.selectingRows(picked))

          let logRatio = logProbabilities - batch.logProbabilities.selectingRows(picked)
          let ratio = logRatio.exp()
          let policyLoss = clippedSurrogateLoss(
            ratio: ratio, advantages: advantages.sliced(chunk), clipRange: clipRange
          ).sum()

          let returns = batch.returns.selectingRows(picked)
          let valueLoss =
            if let valueClipRange {
              clippedValueLoss(
                values: values, oldValues: batch.values.selectingRows(picked), returns: returns,
                clipRange: valueClipRange
              ).sum()
            } else {
              Agents.valueLoss(values: values, returns: returns).sum()
            }
          // A Gaussian's entropy is one number for all rows.
          let entropySum = entropy.rank == 0 ? entropy * Float(chunk.count) : entropy.sum()

          let loss =
            (policyLoss - entropyCoefficient * entropySum + valueCoefficient * valueLoss) * weight
          let clipped = ((ratio.detached() - 1).magnitude() .<= Tensor(clipRange)).sum()
          return (
            loss,
            [
              Double(policyLoss.item), Double(valueLoss.item), Double(entropySum.item),
              Double(approximateKL(logRatio: logRatio.detached()).sum().item),
              Double(chunk.count) - Double(clipped.item),
            ]
          )
        }

        let meanKL = sums[3] / Double(rows.count)
        statistics.add(sums, rows: rows.count)
        if let targetKL = configuration.targetKL, meanKL > 1.5 * targetKL { break epochs }

        let norm = globalNorm(gradients)
        guard norm.isFinite else {
          throw TrainingFailure(
            "the gradient of update \(optimizer.step + 1) is not finite "
              + "(policy loss \(sums[0]), value loss \(sums[1])); "
              + "a lower learning_rate or max_grad_norm may help")
        }
        optimizer.update(
          &model, gradients, scale: clipScale(norm: norm, maximum: configuration.maxGradNorm))
        statistics.gradientNorm += norm
        statistics.updates += 1
      }
    }
    return statistics
  }

  // MARK: - Making one

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `UnsupportedSpace` for spaces PPO cannot act in, `RunError` for settings out of range,
  ///   `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: PPOConfiguration = .init(),
    seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    // Rows of bytes would be read as numbers of four bytes each.
    if environments.observesBytes {
      throw RunError(
        .usage,
        "ppo reads observations of numbers, not of bytes as \(environments.observationSpace)")
    }
    try environments.checkRows()
    self.configuration = configuration
    self.seed = seed
    self.totalSteps = totalSteps ?? 0

    let streams = SeedSequence(seed, spawnKey: [agentStreamKey])
    random = PCG64(streams.child(0))
    actionStreams = (0..<environments.count).map { PCG64(streams.child(1 + $0)) }
    let head = try ActionHead(environments.actionSpace)
    model = ActorCritic(
      encoder: try ObservationEncoder(environments.observationSpace), head: head,
      architecture: .init(
        hidden: configuration.networkArchitecture, activation: configuration.activation,
        orthogonal: configuration.orthogonalInitialization, logStdInit: configuration.logStdInit,
        normalizationClip: configuration.normalizeObservations
          ? configuration.observationClip : nil),
      using: &random)
    optimizer = Adam(epsilon: configuration.adamEpsilon)
    if configuration.normalizeRewards {
      rewardScaling = RewardScaling(
        environments: environments.count, gamma: configuration.gamma, clip: configuration.rewardClip
      )
    }
    buffer = RolloutBuffer(
      stepCount: configuration.stepsPerRollout, environmentCount: environments.count,
      observationSize: environments.observationSize, actionSize: environments.actionSize,
      maskSize: environments.maskSize)
  }

  // MARK: - Reporting

  struct Statistics {
    let learningRate: Double
    let clipRange: Double
    let explainedVariance: Double
    var sums = InlineArray<5, Double>(repeating: 0)
    var rows = 0
    var gradientNorm = 0.0
    var updates = 0

    mutating func add(_ sums: InlineArray<5, Double>, rows: Int) {
      for i in 0..<5 { self.sums[i] += sums[i] }
      self.rows += rows
    }
  }

  private func report(_ statistics: Statistics, _ timers: PhaseTimers) -> TrainingReport {
    let rows = Double(max(statistics.rows, 1))
    return TrainingReport(
      steps: stepCount, iteration: iteration, episodes: episodes.total,
      meanReturn: episodes.meanReturn, meanLength: episodes.meanLength,
      losses: [
        ("policy_loss", statistics.sums[0] / rows), ("value_loss", statistics.sums[1] / rows),
        ("entropy", statistics.sums[2] / rows), ("approx_kl", statistics.sums[3] / rows),
        ("clip_fraction", statistics.sums[4] / rows),
        ("explained_variance", statistics.explainedVariance),
        ("gradient_norm", statistics.gradientNorm / Double(max(statistics.updates, 1))),
        ("learning_rate", statistics.learningRate), ("clip_range", statistics.clipRange),
        ("updates", Double(optimizer.step)),
      ], phases: timers.phases.map { ($0.name, timers.seconds($0)) })
  }
}

extension Phase {
  static let rollout = Phase("rollout")
  static let advantages = Phase("advantages")
  static let update = Phase("update")
}

/// Separates an agent's streams from those of its environments, which are spawned from the same seed.
private let agentStreamKey: UInt32 = 0x5050_4F00

/// A rollout as the update reads it: `[T · N, …]` tensors, observations encoded and normalised once.
private struct Batch: Sendable {
  let observations: Tensor
  let actions: Tensor
  let logProbabilities: Tensor
  let values: Tensor
  let returns: Tensor
  let masks: Tensor?
  private let rawAdvantages: Tensor

  init(_ buffer: RolloutBuffer, _ model: ActorCritic) {
    func column(_ source: UnsafePointer<Float>) -> Tensor {
      Tensor(shape: Shape(buffer.count)) {
        $0.baseAddress!.update(from: source, count: buffer.count)
      }
    }
    observations = model.encoded(rows: buffer.count, buffer.observations)
    actions = Tensor(shape: Shape(buffer.count, buffer.actionSize)) {
      $0.baseAddress!.update(from: buffer.actions, count: $0.count)
    }
    logProbabilities = column(buffer.logProbabilities)
    values = column(buffer.values)
    returns = column(buffer.returns)
    rawAdvantages = column(buffer.advantages)
    masks =
      buffer.maskSize == 0
      ? nil
      : Tensor(shape: Shape(buffer.count, buffer.maskSize)) {
        for i in $0.indices { $0[i] = buffer.masks[i] ? 1 : 0 }
      }
  }

  /// The advantages of the given rows, shifted to mean 0 and scaled to standard deviation 1 (n − 1 in
  /// the denominator) where asked for and there is more than one.
  func advantages(_ rows: ArraySlice<Int32>, normalized: Bool) -> Tensor {
    let picked = rawAdvantages.selectingRows(Indices(rows))
    guard normalized && rows.count > 1 else { return picked }
    return picked.withUnsafeBuffer { values in
      let n = Double(values.count)
      var sum = 0.0
      for x in values { sum += Double(x) }
      let mean = sum / n
      var squares = 0.0
      for x in values { squares += (Double(x) - mean) * (Double(x) - mean) }
      let scale = 1 / ((squares / (n - 1)).squareRoot() + 1e-8)
      return picked.scaled(by: Float(scale), plus: Float(-mean * scale))
    }
  }
}
