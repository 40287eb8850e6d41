import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// Proximal policy optimisation with the clipped objective or the adaptive KL penalty (Schulman et al.,
/// 2017, https://arxiv.org/abs/1707.06347), with the details of the common implementations, each a field of
/// its configuration; its networks may be convolutional or recurrent.
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
  /// The weight of the KL penalty, nil where the objective is clipped.
  private var klCoefficient: Double?

  public var adapting: [Double] {
    get { klCoefficient.map { [$0] } ?? [] }
    set { klCoefficient = newValue.first }
  }

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
    // What minibatches are made of: transitions, or whole sequences where the networks remember.
    let remembers = rollouts.buffer.memorySize > 0
    let (unitCount, unitRows) =
      remembers ? (rollouts.buffer.environmentCount, rollouts.buffer.stepCount) : (batch.count, 1)
    let unitsOfBatch = max(settings.batchSize / unitRows, 1)
    let unitsOfChunk = max(GradientReducer.chunkRows / unitRows, 1)
    let klPenalty = klCoefficient.map { Float($0) }
    var statistics = Statistics(
      learningRate: optimizer.learningRate, clipRange: Double(clipRange),
      explainedVariance: rollouts.buffer.explainedVariance)

    epochs: for _ in 0..<settings.epochs {
      let order = random.permutation(unitCount)
      for start in stride(from: 0, to: unitCount, by: unitsOfBatch) {
        let units = order[start..<min(start + unitsOfBatch, unitCount)]
        let rowCount = units.count * unitRows
        let picks = remembers ? batch.rows(ofEnvironments: units)[...] : units
        let scale = normalized ? batch.advantages(Indices(picks)).standardization : nil
        let weight = 1 / Float(rowCount)
        let (entropyCoefficient, valueCoefficient) = (
          Float(settings.entropyCoefficient), Float(settings.valueCoefficient)
        )

        let (gradients, norm, sums) = try reducer.finiteSum(
          at: model, rows: units.count, chunkRows: unitsOfChunk, "update \(optimizer.step + 1)",
          hint: "a lower learning_rate or max_grad_norm",
          batch: {
            batch.rows(picks, advantages: batch.advantages(Indices(picks)).scaled(by: scale))
          }
        ) { model, chunk in
          let chosen = units[
            units.startIndex + chunk.lowerBound..<units.startIndex + chunk.upperBound]
          let picked = Indices(remembers ? batch.rows(ofEnvironments: chosen)[...] : chosen)
          let (logProbabilities, entropy, values) = model.evaluate(
            observations: batch.observations(picked),
            actions: batch.actions.selectingRows(picked),
            mask: batch.masks?.selectingRows(picked),
            sequences: remembers ? batch.sequences(chosen) : nil)

          let advantages = batch.advantages(picked).scaled(by: scale)
          let logRatio = logProbabilities - batch.logProbabilities.selectingRows(picked)
          let ratio = logRatio.exp()
          let policyLoss =
            if let klPenalty {
              penalizedSurrogateLoss(
                logRatio: logRatio, advantages: advantages, coefficient: klPenalty
              ).sum()
            } else {
              clippedSurrogateLoss(ratio: ratio, advantages: advantages, clipRange: clipRange).sum()
            }

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
          let entropySum = totalEntropy(entropy, rows: picked.count)

          var loss = policyLoss + valueCoefficient * valueLoss
          if entropyCoefficient != 0 { loss = loss - entropyCoefficient * entropySum }
          let moved = movement(ratio: ratio, logRatio: logRatio, clipRange: clipRange)
          return (
            loss * weight,
            [
              Double(policyLoss.item), Double(valueLoss.item), Double(entropySum.item),
              moved.divergence, moved.clipped,
            ]
          )
        }

        let meanKL = sums[3] / Double(rowCount)
        statistics.add(sums, rows: rowCount)
        if let targetKL = settings.targetKL, meanKL > 1.5 * targetKL { break epochs }

        optimizer.update(
          &model, gradients, scale: clipScale(norm: norm, maximum: settings.maxGradNorm))
        statistics.gradientNorm += norm
        statistics.updates += 1
      }
    }
    if let coefficient = klCoefficient {
      klCoefficient = adaptedPenalty(
        coefficient,
        divergence: divergence(from: batch, units: unitCount, ofChunk: unitsOfChunk, pool),
        target: settings.klTarget)
      statistics.klCoefficient = klCoefficient
    }
    return statistics
  }

  /// How far the whole update moved the policy: the mean of `approximateKL` over the rollout.
  private func divergence(
    from batch: RolloutBatch, units unitCount: Int, ofChunk chunkUnits: Int, _ pool: WorkerPool
  ) -> Double {
    let (model, remembers) = (model, rollouts.buffer.memorySize > 0)
    let (_, sums) = GradientReducer(pool: pool).sum(
      at: NoParameters(), rows: unitCount, chunkRows: chunkUnits
    ) { _, chunk in
      let chosen = Array(Int32(chunk.lowerBound)..<Int32(chunk.upperBound))[...]
      let picked = Indices(remembers ? batch.rows(ofEnvironments: chosen)[...] : chosen)
      let (logProbabilities, _, _) = model.evaluate(
        observations: batch.observations(picked), actions: batch.actions.selectingRows(picked),
        mask: batch.masks?.selectingRows(picked),
        sequences: remembers ? batch.sequences(chosen) : nil)
      let logRatio = logProbabilities - batch.logProbabilities.selectingRows(picked)
      return (Tensor(0), [Double(approximateKL(logRatio: logRatio).sum().item), 0, 0, 0, 0])
    }
    return sums[0] / Double(batch.count)
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `UnsupportedSpace` for spaces PPO cannot act in, `RunError` for settings out of range and
  ///   rollouts larger than the memory, `EnvironmentError` for an environment whose rows are not of the size
  ///   its spaces say.
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
    let model = try ActorCritic(
      for: environments, configuration.shared.network, agent: Self.name,
      memory: configuration.own.memory, sharesMemory: configuration.sharesRecurrence,
      exploresByState: configuration.shared.exploresByState, using: &random)
    rollouts = try Rollouts(
      for: environments, configuration.shared, memorySize: model.memorySize, streams: streams,
      seed: seed)
    self.model = model
    klCoefficient = configuration.klCoefficient
    optimizer = Adam(epsilon: configuration.adamEpsilon)
  }

  private struct Statistics {
    let learningRate: Double
    let clipRange: Double
    let explainedVariance: Double
    var sums = InlineArray<5, Double>(repeating: 0)
    var rows = 0
    var gradientNorm = 0.0
    var updates = 0
    var klCoefficient: Double?

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
      ] + (klCoefficient.map { [("kl_coef", $0)] } ?? [])
    }
  }
}
