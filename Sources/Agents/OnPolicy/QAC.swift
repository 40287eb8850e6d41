import Envs
import Policy
import Replay
import Runtime
import Tensors

/// Q actor-critic (Sutton et al., 2000, "Policy gradient methods for reinforcement learning with function
/// approximation"): the policy follows a critic q(s, a) that learns from the action really taken next, both
/// updated at every step.
///
/// ```swift
/// var environments = try make("CartPole-v1", seed: 1)
/// var agent = try QAC(for: environments, seed: 1)
/// try agent.train(on: &environments, steps: 500_000) { report in print(report) }
/// ```
///
/// For a transition (s, a, r, s′) and the next action a′: the critic's target is r + γ q(s′, a′), without q
/// where the episode terminated and with Σ π(a | s_f) q(s_f, a) where it was cut at s_f; the policy's loss
/// is −log π(a | s) q(s, a). Discrete actions only.
public struct QAC: OnPolicyAgent {
  public static let name = "qac"

  public let configuration: QACConfiguration
  public var totalSteps: Int
  /// The value network's outputs are q(s, ·).
  public var model: ActorCritic
  public var rollouts: Transitions
  public var optimizer: any Optimizer
  public var random: PCG64

  /// Takes some steps, learning from each.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    var (policyLoss, criticLoss, updates) = (0.0, 0.0, 0.0)
    let gamma = Float(configuration.gamma)
    for _ in 0..<configuration.own.stepsPerReport {
      // At every step, so that it does not depend on how often there is a report.
      optimizer.learningRate = configuration.own.learningRate.value(
        at: rollouts.progress.remaining(of: totalSteps))
      let transition = try timers.time(.rollout) { try rollouts.step(model, in: &environments) }
      guard let transition else { continue }
      try timers.time(.update) {
        let target = Self.target(model, transition, gamma: gamma)
        let (loss, parts, gradients) = valueWithGradient(at: model) {
          Self.loss($0, transition, target: target)
        }
        guard loss.item.isFinite, globalNorm(gradients).isFinite else {
          throw NumberTrap.failure(
            "the gradient of update \(optimizer.step + 1)",
            hint: "a lower learning_rate or critic_rate", model: model,
            batch: [
              "observations": model.encoded(rows: transition.count, transition.observations),
              "actions": Tensor(transition.actions), "targets": target,
            ]
          ) {
            _ = valueWithGradient(at: model) { Self.loss($0, transition, target: target).0 }
          }
        }
        optimizer.update(&model, gradients)
        policyLoss += parts.policy
        criticLoss += parts.critic
        updates += 1
      }
      model.normalizer?.update(
        steps: 1, environments: transition.count, transition.observations)
    }
    rollouts.progress.iteration += 1
    return rollouts.progress.report(
      [
        ("policy_loss", policyLoss / max(updates, 1)), ("value_loss", criticLoss / max(updates, 1)),
        ("learning_rate", optimizer.learningRate), ("updates", Double(optimizer.step)),
      ], timers)
  }

  private static func target(
    _ model: ActorCritic, _ transition: Transition, gamma: Float
  ) -> Tensor {
    Tensor(
      targets(
        of: model, rewards: transition.rewards, endings: transition.endings,
        nextObservations: transition.nextObservations, nextActions: transition.nextActions,
        gamma: gamma))
  }

  /// r + γ q of what came next for each row.
  package static func targets(
    of model: ActorCritic, rewards: [Double], endings: [Ending], nextObservations: [Float],
    nextActions: [Float], gamma: Float
  ) -> [Float] {
    let next = model.encoded(rows: rewards.count, nextObservations)
    let q = model.values(of: next)
    let taken = q.gather(model.choices(nextActions)).scalars
    // Σ π(a | s_f) q(s_f, a) takes the place of the action taken next, which belongs to another episode.
    let expected = (model.actor.policy(next).logSoftmax().exp() * q).sum(axes: [-1]).scalars
    return rewards.indices.map { n in
      let future: Float =
        switch endings[n] {
        case .none: taken[n]
        case .truncated: expected[n]
        case .terminated: 0
        }
      return Float(rewards[n]) + gamma * future
    }
  }

  private static func loss(
    _ model: ActorCritic, _ transition: Transition, target: Tensor
  ) -> (Tensor, (policy: Double, critic: Double)) {
    let observations = model.encoded(rows: transition.count, transition.observations)
    let choices = model.choices(transition.actions)
    let q = model.values(of: observations).gather(choices)
    let logProbabilities = model.actor.policy(observations).logSoftmax().gather(choices)
    let critic = valueLoss(values: q, returns: target).mean()
    let policy = -(q.detached() * logProbabilities).mean()
    return (policy + critic, (Double(policy.item), Double(critic.item)))
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for spaces QAC cannot act in and settings out of range,
  ///   `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: QACConfiguration = .init(),
    seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    guard let actions = environments.actionSpace as? Discrete, environments.maskSize == 0 else {
      throw RunError(
        .usage,
        "qac chooses among discrete actions that are always allowed, but the environment acts in "
          + "\(environments.actionSpace)"
          + (environments.maskSize == 0 ? "" : " with an action mask"))
    }
    if environments.observesBytes {
      throw RunError(
        .usage,
        "qac reads observations of numbers, not of bytes as \(environments.observationSpace)")
    }
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    let streams = SeedSequence.agent(seed)
    random = PCG64(streams.child(0))
    model = try ActorCritic(
      for: environments, configuration.shared, agent: Self.name, criticOutputs: actions.n,
      using: &random)
    optimizer = Adam()
    optimizer.groups = [
      ParameterGroup(learningRateScale: configuration.own.criticRate) { $0.hasPrefix("value.") }
    ]
    rollouts = Transitions(for: environments, streams: streams, seed: seed)
  }
}
