import Envs
import Policy
import Replay
import Runtime
import Tensors

/// Advantage actor-critic: the synchronous form of A3C (Mnih et al., 2016,
/// https://arxiv.org/abs/1602.01783), one update a rollout of a few steps.
///
/// ```swift
/// var environments = try make("CartPole-v1", count: 8, seed: 1)
/// var agent = try A2C(for: environments, .preset("CartPole-v1"), seed: 1)
/// try agent.train(on: &environments, steps: 500_000) { report in print(report) }
/// ```
///
/// The loss is −A log π(a | s) − c_H H(π) + c_V (R − V(s))², averaged over the rollout; A is the n-step
/// advantage, or the generalised one for λ below 1.
public struct A2C: OnPolicyAgent {
  public static let name = "a2c"

  public let configuration: A2CConfiguration
  public var totalSteps: Int
  public var model: ActorCritic
  public var rollouts: Rollouts
  public var optimizer: any Optimizer
  public var random: PCG64

  /// Collects one rollout and makes one step against its gradient.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    try rollouts.collect(model, in: &environments, pool: pool, timers: &timers)
    let losses = try timers.time(.update) { try update(pool) }
    model.normalizer?.update(rollouts.buffer)
    return rollouts.progress.report(losses, timers)
  }

  private mutating func update(_ pool: WorkerPool) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    let progressRemaining = rollouts.progress.remaining(of: totalSteps)
    optimizer.learningRate = settings.learningRate.value(at: progressRemaining)
    let batch = RolloutBatch(rollouts.buffer, model)
    let advantages = batch.advantages(normalized: configuration.shared.normalizeAdvantage)
    let weight = 1 / Float(batch.count)
    let (entropyCoefficient, valueCoefficient) = (
      Float(settings.entropyCoefficient), Float(settings.valueCoefficient)
    )

    let (gradients, norm, sums) = try GradientReducer(pool: pool).finiteSum(
      at: model, rows: batch.count, "update \(optimizer.step + 1)",
      hint: "a lower learning_rate or max_grad_norm",
      batch: { batch.rows(advantages: advantages) }
    ) { model, chunk in
      let (logProbabilities, entropy, values) = model.evaluate(
        observations: batch.observations(chunk), actions: batch.actions.sliced(chunk),
        mask: batch.masks?.sliced(chunk))
      let policyLoss = -(advantages.sliced(chunk) * logProbabilities).sum()
      let valueLoss = Agents.valueLoss(values: values, returns: batch.returns.sliced(chunk)).sum()
      let entropySum = totalEntropy(entropy, rows: chunk.count)
      let loss =
        (policyLoss - entropyCoefficient * entropySum + valueCoefficient * valueLoss) * weight
      return (
        loss,
        [
          Double(policyLoss.item), Double(valueLoss.item), Double(entropySum.item), 0, 0,
        ]
      )
    }
    optimizer.update(
      &model, gradients, scale: clipScale(norm: norm, maximum: settings.maxGradNorm))
    let rows = Double(batch.count)
    return [
      ("policy_loss", sums[0] / rows), ("value_loss", sums[1] / rows), ("entropy", sums[2] / rows),
      ("explained_variance", rollouts.buffer.explainedVariance), ("gradient_norm", norm),
      ("learning_rate", optimizer.learningRate), ("updates", Double(optimizer.step)),
    ]
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `UnsupportedSpace` for spaces A2C cannot act in, `RunError` for settings out of range and
  ///   rollouts larger than the memory, `EnvironmentError` for an environment whose rows are not of the size
  ///   its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: A2CConfiguration = .init(),
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
      exploresByState: configuration.shared.exploresByState, using: &random)
    rollouts = try Rollouts(for: environments, configuration.shared, streams: streams, seed: seed)
    self.model = model
    optimizer =
      configuration.usesRMSprop
      ? RMSprop.tensorFlowLike(epsilon: configuration.epsilon)
      : Adam(epsilon: configuration.epsilon)
  }
}
