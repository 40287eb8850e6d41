import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// Soft actor-critic (Haarnoja et al., 2018, https://arxiv.org/abs/1812.05905): a policy by chance that is paid
/// for its entropy, two critics, and a weight α of the entropy that learns to keep it where it is wanted.
///
/// ```swift
/// var environments = try make("Pendulum-v1", seed: 1)
/// var agent = try SAC(for: environments, .preset("Pendulum-v1"), seed: 1)
/// try agent.train(on: &environments, steps: 20_000) { report in print(report) }
/// ```
///
/// With ã drawn from π: the critics' target is y = r + γ (1 − terminated) (min Q′ᵢ(s′, ã′) − α log π(ã′ | s′)),
/// their loss ½ Σ (Qᵢ(s, a) − y)²; the policy's α log π(ã | s) − min Qᵢ(s, ã); that of log α
/// −log α (log π(ã | s) + target entropy). Box action spaces with finite bounds only; actions lie between −1
/// and 1 inside.
public struct SAC: OffPolicyAgent, ReplayLearner {
  public static let name = "sac"
  static let lossNames = [
    "policy_loss", "value_loss", "mean_value", "entropy", "ent_coef", "learning_rate",
  ]

  public let configuration: SACConfiguration
  public var totalSteps: Int
  public var networks: SoftNetworks
  public var experience: ReplayedExperience
  public var random: PCG64
  public var normalizer: ObservationNormalizer?
  var means = Means(Self.lossNames)
  private var actorOptimizer: any Optimizer = Adam()
  private var criticOptimizer: any Optimizer = Adam()
  private var temperatureOptimizer: any Optimizer = Adam()
  private let spaces: ContinuousSpaces

  /// Learns from one minibatch.
  mutating func update() throws {
    let batch = drawBatch()
    let noise = Tensor.normal(batch.actions.shape, using: &random)
    let nextNoise = Tensor.normal(batch.actions.shape, using: &random)
    try learn(from: batch, noise: noise, nextNoise: nextNoise)
  }

  /// - Parameters:
  ///   - noise: What the policy's actions are drawn with, standard normal, `[B, A]`.
  ///   - nextNoise: The same for the observations a step later.
  package mutating func learn(
    from batch: ReplayBatch, noise: Tensor, nextNoise: Tensor
  ) throws {
    let learningRate = configuration.learningRate.value(
      at: experience.progress.remaining(of: totalSteps))
    actorOptimizer.learningRate = learningRate
    criticOptimizer.learningRate = learningRate
    temperatureOptimizer.learningRate = learningRate
    let alpha = Float(exp(Double(networks.temperature.logAlpha.item)))

    let next = SquashedGaussian(outputs: networks.actor(batch.next)).sample(noise: nextNoise)
    let targets = temporalDifferenceTarget(
      rewards: batch.rewards, discounts: batch.discounts,
      values: smallest(networks.targetCritics(batch.next, next.actions))
        - next.logProbabilities * alpha)
    let (criticLoss, values, criticGradients, _) = try gradient(
      of: "critics'", at: networks.critics, batch
    ) { critics in
      let values = critics(batch.observations, batch.actions)
      let losses = values.map { valueLoss(values: $0, returns: targets).mean() }
      return ((losses[0] + losses[1]) * 0.5, values[0].detached())
    }
    criticOptimizer.update(&networks.critics, criticGradients)

    let (actorLoss, logProbabilities, actorGradients, _) = try gradient(
      of: "policy's", at: networks.actor, batch
    ) { actor in
      let (actions, logProbabilities) = SquashedGaussian(outputs: actor(batch.observations))
        .sample(noise: noise)
      let values = smallest(networks.critics(batch.observations, actions))
      return ((logProbabilities * alpha - values).mean(), logProbabilities.detached())
    }
    actorOptimizer.update(&networks.actor, actorGradients)

    let entropy = -logProbabilities.mean().item
    if case .automatic = configuration.entropyCoefficient {
      let target = Float(configuration.targetEntropy ?? -Double(spaces.low.count))
      // The derivative of −log α · mean(log π + target entropy).
      temperatureOptimizer.update(
        &networks.temperature, [Tensor([entropy - target])])
    }
    if updates % configuration.targetUpdateInterval == 0 {
      networks.targetCritics.average(with: networks.critics, weight: Float(configuration.tau))
    }

    means.add("policy_loss", Double(actorLoss.item))
    means.add("value_loss", Double(criticLoss.item))
    means.add("mean_value", Double(values.mean().item))
    means.add("entropy", Double(entropy))
    means.add("ent_coef", Double(alpha))
    means.add("learning_rate", learningRate)
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for spaces SAC cannot act in, settings out of range and a replay buffer larger than
  ///   the memory, `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: SACConfiguration = .init(),
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
    networks = SoftNetworks(
      spaces, configuration.shared.network, alpha: configuration.entropyCoefficient.start,
      using: &random)
    normalizer = ObservationNormalizer(configuration.shared.network, spaces.encoder)
    experience = try ReplayedExperience(
      for: environments, configuration.shared, scale: spaces.scale, streams: streams,
      seed: seed)
  }

  /// The actor, with the statistics that normalise what it reads.
  public var policy: Actor {
    Actor(
      encoder: spaces.encoder, head: .squashedGaussian(low: spaces.low, high: spaces.high),
      policy: networks.actor, normalizer: normalizer)
  }

  var replaySettings: ReplaySettings { configuration.shared }
  var encoder: ObservationEncoder { spaces.encoder }
  var updates: Int { criticOptimizer.step }
  var exploration: Exploration {
    .squashedGaussian(ActionNoise(type: configuration.noiseType, deviation: configuration.noiseStd))
  }

  public mutating func visitOptimizers(
    _ body: (String, inout any Optimizer, any Module) throws -> Void
  ) rethrows {
    try body("actor", &actorOptimizer, networks.actor)
    try body("critic", &criticOptimizer, networks.critics)
    try body("temperature", &temperatureOptimizer, networks.temperature)
  }
}

/// The networks of SAC: a policy, critics and their slow copies, and the weight of the entropy.
public struct SoftNetworks: Module {
  /// Its outputs are means, then log σ.
  public var actor: Network
  public var critics: Critics
  public var targetCritics: Critics
  public var temperature: EntropyWeight

  init(
    _ spaces: ContinuousSpaces, _ settings: NetworkSettings, alpha: Double,
    using random: inout PCG64
  ) {
    actor = spaces.actor(outputs: 2 * spaces.low.count, settings, using: &random)
    critics = Critics(count: 2, spaces, settings, using: &random)
    targetCritics = critics
    temperature = EntropyWeight(logAlpha: Tensor([Float(log(alpha))]))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    actor.visitParameters { body("actor.\($0)", &$1) }
    critics.visitParameters { body("critics.\($0)", &$1) }
    targetCritics.visitParameters { body("targetCritics.\($0)", &$1) }
    temperature.visitParameters { body("temperature.\($0)", &$1) }
  }
}

/// α by its logarithm, `[1]`, which may be any number.
public struct EntropyWeight: Module {
  public var logAlpha: Tensor

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("logAlpha", &logAlpha)
  }
}
