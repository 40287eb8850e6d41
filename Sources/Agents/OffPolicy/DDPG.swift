import Envs
import Policy
import Replay
import Runtime
import Tensors

/// Deep deterministic policy gradient (Lillicrap et al., 2016, https://arxiv.org/abs/1509.02971): a critic
/// learns what actions are worth from replay, and the policy follows its slope.
///
/// ```swift
/// var environments = try make("Pendulum-v1", seed: 1)
/// var agent = try DDPG(for: environments, .preset("Pendulum-v1"), seed: 1)
/// try agent.train(on: &environments, steps: 20_000) { report in print(report) }
/// ```
///
/// For a transition (s, a, r, s′) and target networks μ′, Q′: the critic's target is
/// y = r + γ (1 − terminated) Q′(s′, μ′(s′)), its loss (Q(s, a) − y)²; the policy's loss is −Q(s, μ(s)); the
/// targets then move by τ. Box action spaces with finite bounds only; actions lie between −1 and 1 inside.
public struct DDPG: OffPolicyAgent, ReplayLearner {
  public static let name = "ddpg"
  static let lossNames = ["policy_loss", "value_loss", "mean_value", "learning_rate"]

  public let configuration: DDPGConfiguration
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
    try learn(from: drawBatch())
  }

  package mutating func learn(from batch: ReplayBatch) throws {
    let learningRate = configuration.learningRate.value(
      at: experience.progress.remaining(of: totalSteps))
    (actorOptimizer.learningRate, criticOptimizer.learningRate) = (learningRate, learningRate)

    let nextActions = networks.targetActor(batch.next).tanh()
    let targets = temporalDifferenceTarget(
      rewards: batch.rewards, discounts: batch.discounts,
      values: networks.targetCritics(batch.next, nextActions)[0])
    let (criticLoss, values, criticGradients, _) = try gradient(
      of: "critic's", at: networks.critics, batch
    ) { critics in
      let values = critics(batch.observations, batch.actions)[0]
      return (valueLoss(values: values, returns: targets).mean(), values.detached())
    }
    criticOptimizer.update(&networks.critics, criticGradients)

    // The critic is a constant here: its slope moves the policy alone.
    let (actorLoss, _, actorGradients, _) = try gradient(
      of: "policy's", at: networks.actor, batch
    ) { actor in
      (-networks.critics(batch.observations, actor(batch.observations).tanh())[0].mean(), ())
    }
    actorOptimizer.update(&networks.actor, actorGradients)

    let tau = Float(configuration.tau)
    networks.targetCritics.average(with: networks.critics, weight: tau)
    networks.targetActor.average(with: networks.actor, weight: tau)

    means.add("policy_loss", Double(actorLoss.item))
    means.add("value_loss", Double(criticLoss.item))
    means.add("mean_value", Double(values.mean().item))
    means.add("learning_rate", learningRate)
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for spaces DDPG cannot act in, settings out of range and a replay buffer larger than
  ///   the memory, `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: DDPGConfiguration = .init(),
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
      critics: 1, spaces, configuration.shared.network, using: &random)
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

/// The networks of DDPG and TD3: a policy, critics, and the slow copies that targets are computed with.
public struct DeterministicNetworks: Module {
  public var actor: Network
  public var critics: Critics
  public var targetActor: Network
  public var targetCritics: Critics

  init(
    critics count: Int, _ spaces: ContinuousSpaces, _ settings: NetworkSettings,
    using random: inout PCG64
  ) {
    actor = spaces.actor(outputs: spaces.low.count, settings, using: &random)
    critics = Critics(count: count, spaces, settings, using: &random)
    (targetActor, targetCritics) = (actor, critics)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    actor.visitParameters { body("actor.\($0)", &$1) }
    critics.visitParameters { body("critics.\($0)", &$1) }
    targetActor.visitParameters { body("targetActor.\($0)", &$1) }
    targetCritics.visitParameters { body("targetCritics.\($0)", &$1) }
  }
}
