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
public struct PPO: OnPolicyAgent {
  public static let name = "ppo"

  public let configuration: PPOConfiguration
  public var totalSteps: Int
  public var model: ActorCritic
  public var rollouts: Rollouts
  public var optimizer: any Optimizer
  public var random: PCG64

  /// Collects one rollout and learns from it.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    try rollouts.collect(model, in: &environments, pool: pool, timers: &timers)
    let statistics = try timers.time(.update) { try update(pool) }
    model.normalizer?.update(rollouts.buffer)
    return rollouts.progress.report(statistics.losses(updates: optimizer.step), timers)
  }

  /// Several passes over the rollout in shuffled minibatches.
  private mutating func update(_ pool: WorkerPool) throws -> Statistics {
    let (settings, normalized) = (configuration.own, configuration.shared.normalizeAdvantage)
    let progressRemaining = rollouts.progress.remaining(of: totalSteps)
    let clipRange = Float(settings.clipRange.value(at: progressRemaining))
    let valueClipRange = settings.valueClipRange.map { Float($0.value(at: progressRemaining)) }
    optimizer.learningRate = settings.learningRate.value(at: progressRemaining)

    let batch = RolloutBatch(rollouts.buffer, model)
    let reducer = GradientReducer(pool: pool)
    var statistics = Statistics(
      learningRate: optimizer.learningRate, clipRange: Double(clipRange),
      explainedVariance: rollouts.buffer.explainedVariance)

    epochs: for _ in 0..<settings.epochs {
      let order = random.permutation(batch.count)
      for start in stride(from: 0, to: batch.count, by: settings.batchSize) {
        let rows = start..<min(start + settings.batchSize, batch.count)
        let advantages = batch.advantages(order[rows], normalized: normalized)
        let weight = 1 / Float(rows.count)
        let (entropyCoefficient, valueCoefficient) = (
          Float(settings.entropyCoefficient), Float(settings.valueCoefficient)
        )

        let (gradients, norm, sums) = try reducer.finiteSum(
          at: model, rows: rows.count, "update \(optimizer.step + 1)",
          hint: "a lower learning_rate or max_grad_norm",
          batch: { batch.rows(order[rows], advantages: advantages) }
        ) { model, chunk in
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
          let entropySum = totalEntropy(entropy, rows: chunk.count)

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
        if let targetKL = settings.targetKL, meanKL > 1.5 * targetKL { break epochs }

        optimizer.update(
          &model, gradients, scale: clipScale(norm: norm, maximum: settings.maxGradNorm))
        statistics.gradientNorm += norm
        statistics.updates += 1
      }
    }
    return statistics
  }

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
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    let streams = SeedSequence.agent(seed)
    random = PCG64(streams.child(0))
    model = try ActorCritic(
      for: environments, configuration.shared.network, agent: Self.name, using: &random)
    optimizer = Adam(epsilon: configuration.adamEpsilon)
    rollouts = Rollouts(for: environments, configuration.shared, streams: streams, seed: seed)
  }

  private struct Statistics {
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

    func losses(updates step: Int) -> [(name: String, value: Double)] {
      let rows = Double(max(rows, 1))
      return [
        ("policy_loss", sums[0] / rows), ("value_loss", sums[1] / rows),
        ("entropy", sums[2] / rows), ("approx_kl", sums[3] / rows),
        ("clip_fraction", sums[4] / rows), ("explained_variance", explainedVariance),
        ("gradient_norm", gradientNorm / Double(max(updates, 1))),
        ("learning_rate", learningRate), ("clip_range", clipRange), ("updates", Double(step)),
      ]
    }
  }
}
