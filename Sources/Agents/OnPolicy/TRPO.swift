import Envs
import Policy
import Replay
import Runtime
import Tensors

/// Trust-region policy optimisation (Schulman et al., 2015, https://arxiv.org/abs/1502.05477): the natural
/// gradient by conjugate gradient, as far as the KL divergence allows.
///
/// ```swift
/// var environments = try make("CartPole-v1", count: 2, seed: 1)
/// var agent = try TRPO(for: environments, .preset("CartPole-v1"), seed: 1)
/// try agent.train(on: &environments, steps: 100_000) { report in print(report) }
/// ```
public struct TRPO: OnPolicyAgent {
  public static let name = "trpo"

  public let configuration: TRPOConfiguration
  public var totalSteps: Int
  public var model: ActorCritic
  public var rollouts: Rollouts
  /// Of the value function; the policy's steps have no memory.
  public var optimizer: any Optimizer
  public var random: PCG64

  /// Collects one rollout, moves the policy once and the value function several times.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    try rollouts.collect(model, in: &environments, pool: pool, timers: &timers)
    let losses = try timers.time(.update) {
      let batch = RolloutBatch(rollouts.buffer, model)
      let step = try updatePolicy(batch, pool)
      return step.losses + (try updateValues(batch, pool))
    }
    model.normalizer?.update(rollouts.buffer)
    return rollouts.progress.report(losses, timers)
  }

  // MARK: - The policy

  /// What the policy's step was, for people who have to find out why it does not learn.
  struct PolicyStep {
    var surrogate = 0.0
    var predictedImprovement = 0.0
    var improvement = 0.0
    var divergence = 0.0
    var residual = 0.0
    var gradientNorm = 0.0
    var entropy = 0.0
    /// The line search's factor, 0 where it refused every step.
    var length = 0.0

    var losses: [(name: String, value: Double)] {
      [
        ("policy_objective", surrogate), ("improvement", improvement),
        ("predicted_improvement", predictedImprovement), ("kl", divergence),
        ("cg_residual", residual), ("line_search_success", length > 0 ? 1 : 0),
        ("line_search_length", length), ("entropy", entropy), ("gradient_norm", gradientNorm),
      ]
    }
  }

  /// One step of the natural gradient within the trust region.
  private mutating func updatePolicy(
    _ batch: RolloutBatch, _ pool: WorkerPool
  ) throws -> PolicyStep {
    let settings = configuration.own
    let region = TrustRegion(
      actor: model.actor, batch: batch,
      advantages: batch.advantages(normalized: configuration.shared.normalizeAdvantage),
      damping: Float(settings.conjugateGradientDamping), pool: pool)
    let (surrogate, entropy, gradient) = try region.objective()
    var step = PolicyStep(surrogate: surrogate, gradientNorm: dot(gradient, gradient).squareRoot())
    step.entropy = entropy
    let (direction, residual) = conjugateGradient(
      gradient, steps: settings.conjugateGradientSteps, product: region.fisherProduct)
    step.residual = residual
    let curvature = dot(direction, region.fisherProduct(direction))
    guard curvature > 0, curvature.isFinite else { return step }
    let full = direction * Float((2 * settings.targetKL / curvature).squareRoot())
    step.predictedImprovement = dot(full, gradient)

    var length = 1.0
    for _ in 0..<settings.lineSearchSteps {
      let candidate = region.moved(by: full * Float(length))
      let (objective, divergence) = region.measured(candidate)
      if divergence < settings.targetKL, objective > surrogate {
        model.actor = candidate
        step.length = length
        step.improvement = objective - surrogate
        step.divergence = divergence
        break
      }
      length *= settings.lineSearchShrink
    }
    return step
  }

  // MARK: - The value function

  private mutating func updateValues(
    _ batch: RolloutBatch, _ pool: WorkerPool
  ) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    optimizer.learningRate = settings.learningRate.value(
      at: rollouts.progress.remaining(of: totalSteps))
    let explained = rollouts.buffer.explainedVariance
    let reducer = GradientReducer(pool: pool)
    var (error, rows) = (0.0, 0)
    for _ in 0..<settings.criticUpdates {
      let order = random.permutation(batch.count)
      for start in stride(from: 0, to: batch.count, by: settings.batchSize) {
        let minibatch = start..<min(start + settings.batchSize, batch.count)
        let weight = 1 / Float(minibatch.count)
        let (gradients, _, sums) = try reducer.finiteSum(
          at: model.value, rows: minibatch.count,
          "the value function's update \(optimizer.step + 1)",
          hint: "a lower learning_rate or normalize_rewards",
          batch: { batch.rows(order[minibatch], advantages: nil) }
        ) { value, chunk in
          let picked = Indices(
            order[minibatch.lowerBound + chunk.lowerBound..<minibatch.lowerBound + chunk.upperBound]
          )
          let values = value(batch.observations(picked))
            .reshaped(to: Shape(chunk.count))
          let loss = valueLoss(values: values, returns: batch.returns.selectingRows(picked)).sum()
          return (loss * weight, [Double(loss.item), 0, 0, 0, 0])
        }
        optimizer.update(&model.value, gradients)
        error += sums[0]
        rows += minibatch.count
      }
    }
    return [
      ("value_loss", error / Double(max(rows, 1))), ("explained_variance", explained),
      ("learning_rate", optimizer.learningRate), ("updates", Double(optimizer.step)),
    ]
  }

  public mutating func restoreOptimizer(_ moments: [String: Tensor], step: Int) throws {
    try optimizer.restore(moments, step: step, for: model.value)
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `UnsupportedSpace` for spaces TRPO cannot act in, `RunError` for settings out of range and
  ///   rollouts larger than the memory, `EnvironmentError` for an environment whose rows are not of the size
  ///   its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: TRPOConfiguration = .init(),
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
      // The policy's step must not move what the value function reads.
      sharesFeatures: false, exploresByState: configuration.shared.exploresByState, using: &random)
    rollouts = try Rollouts(for: environments, configuration.shared, streams: streams, seed: seed)
    self.model = model
    optimizer = Adam()
  }
}
