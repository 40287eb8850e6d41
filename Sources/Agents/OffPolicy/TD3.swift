import Envs
import Policy
import Replay
import Runtime
import Tensors

/// Twin delayed deep deterministic policy gradient (Fujimoto et al., 2018, https://arxiv.org/abs/1802.09477):
/// DDPG with two critics of which the lower counts, a policy that moves more slowly than they, and targets
/// smoothed over neighbouring actions.
///
/// ```swift
/// var environments = try make("Pendulum-v1", seed: 1)
/// var agent = try TD3(for: environments, .preset("Pendulum-v1"), seed: 1)
/// try agent.train(on: &environments, steps: 20_000) { report in print(report) }
/// ```
///
/// The critics' target is y = r + γ (1 − terminated) min Q′ᵢ(s′, clip(μ′(s′) + clip(ε, ±c), −1…1)), their loss
/// Σ (Qᵢ(s, a) − y)²; each `policy_delay` updates the policy's loss is −Q₁(s, μ(s)) and the targets move by τ.
/// Box action spaces with finite bounds only; actions lie between −1 and 1 inside.
public struct TD3: OffPolicyAgent, ReplayLearner {
  public static let name = "td3"
  static let lossNames = ["policy_loss", "value_loss", "mean_value", "learning_rate"]

  public let configuration: TD3Configuration
  public var totalSteps: Int
  public var networks: DeterministicNetworks
  public var experience: ReplayedExperience
  public var random: PCG64
  public var normalizer: ObservationNormalizer?
  var means = Means(Self.lossNames)
  private var actorOptimizer: any Optimizer = Adam()
  private var criticOptimizer: any Optimizer = Adam()
  private let spaces: ContinuousSpaces

  /// Learns from one minibatch.
  mutating func update() throws {
    let batch = drawBatch()
    let noise = Tensor.normal(
      batch.actions.shape, standardDeviation: configuration.targetPolicyNoise, using: &random)
    try learn(from: batch, noise: noise)
  }

  /// - Parameter noise: Of the target's actions, before it is limited: `[B, A]`.
  package mutating func learn(from batch: ReplayBatch, noise: Tensor) throws {
    let learningRate = configuration.learningRate.value(
      at: experience.progress.remaining(of: totalSteps))
    (actorOptimizer.learningRate, criticOptimizer.learningRate) = (learningRate, learningRate)

    let bound = Float(configuration.targetNoiseClip)
    let nextActions =
      (networks.targetActor(batch.next).tanh() + noise.clamped(to: -bound...bound))
      .clamped(to: -1...1)
    let targets = temporalDifferenceTarget(
      rewards: batch.rewards, discounts: batch.discounts,
      values: smallest(networks.targetCritics(batch.next, nextActions)))
    let (criticLoss, values, criticGradients, _) = try gradient(
      of: "critics'", at: networks.critics, batch
    ) { critics in
      let values = critics(batch.observations, batch.actions)
      let losses = values.map { valueLoss(values: $0, returns: targets).mean() }
      return (losses[0] + losses[1], values[0].detached())
    }
    criticOptimizer.update(&networks.critics, criticGradients)
    means.add("value_loss", Double(criticLoss.item))
    means.add("mean_value", Double(values.mean().item))
    means.add("learning_rate", learningRate)

    if criticOptimizer.step % configuration.policyDelay != 0 { return }
    let (actorLoss, _, actorGradients, _) = try gradient(
      of: "policy's", at: networks.actor, batch
    ) { actor in
      (-networks.critics.first(batch.observations, actor(batch.observations).tanh()).mean(), ())
    }
    actorOptimizer.update(&networks.actor, actorGradients)
    means.add("policy_loss", Double(actorLoss.item))

    let tau = Float(configuration.tau)
    networks.targetCritics.average(with: networks.critics, weight: tau)
    networks.targetActor.average(with: networks.actor, weight: tau)
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for spaces TD3 cannot act in, settings out of range and a replay buffer larger than
  ///   the memory, `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: TD3Configuration = .init(),
    seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    spaces = try ContinuousSpaces(
      environments, configuration.shared.network, agent: Self.name)
    let streams = SeedSequence.agent(seed)
    random = PCG64(streams.child(0))
    networks = DeterministicNetworks(
      critics: 2, spaces, configuration.shared.network, using: &random)
    normalizer = ObservationNormalizer(configuration.shared.network, spaces.encoder)
    experience = try ReplayedExperience(
      for: environments, configuration.shared, scale: spaces.scale, streams: streams,
      seed: seed)
  }

  /// The actor, with the statistics that normalise what it reads.
  public var policy: Actor {
    Actor(
      encoder: spaces.encoder, head: .deterministic(low: spaces.low, high: spaces.high),
      policy: networks.actor, normalizer: normalizer)
  }

  var replaySettings: ReplaySettings { configuration.shared }
  var encoder: ObservationEncoder { spaces.encoder }
  var updates: Int { criticOptimizer.step }
  var exploration: Exploration {
    .noisy(ActionNoise(type: configuration.noiseType, deviation: configuration.noiseStd))
  }

  public mutating func visitOptimizers(
    _ body: (String, inout any Optimizer, any Module) throws -> Void
  ) rethrows {
    try body("actor", &actorOptimizer, networks.actor)
    try body("critic", &criticOptimizer, networks.critics)
  }
}
