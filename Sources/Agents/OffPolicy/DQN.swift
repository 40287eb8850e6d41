import Envs
import Foundation
import Policy
import Replay
import Runtime
import Tensors

/// Deep Q-learning (Mnih et al., 2015, https://doi.org/10.1038/nature14236) with what was added to it since, each
/// a setting: double Q-learning, dueling networks, n-step returns, prioritised replay, distributions of values
/// (C51) and hindsight goals.
///
/// ```swift
/// var environments = try make("CartPole-v1", seed: 1)
/// var agent = try DQN(for: environments, .preset("CartPole-v1"), seed: 1)
/// try agent.train(on: &environments, steps: 50_000) { report in print(report) }
/// ```
///
/// For a transition (s, a, r, s′) and a target network Q′: y = r + γ (1 − terminated) maxₐ′ Q′(s′, a′), the loss is
/// Huber's of Q(s, a) − y. Acts by ε-greedy choice while training. Discrete actions only.
public struct DQN: OffPolicyAgent, ReplayLearner {
  public static let name = "dqn"
  static let lossNames = ["value_loss", "mean_value", "gradient_norm", "learning_rate"]

  public let configuration: DQNConfiguration
  public var totalSteps: Int
  public var networks: QNetworks
  public var experience: ReplayedExperience
  public var random: PCG64
  public var normalizer: ObservationNormalizer?
  var means = Means(Self.lossNames)
  private var optimizer: any Optimizer = Adam()
  let encoder: ObservationEncoder
  private let actions: Discrete

  /// Learns from one minibatch.
  mutating func update() throws {
    guard configuration.prioritizedReplay else {
      _ = try learn(from: drawBatch())
      return
    }
    // What is made up for grows to all of it at the end.
    let done = 1 - experience.progress.remaining(of: totalSteps)
    let (rows, weights) = experience.replay.draw(
      replaySettings.batchSize,
      beta: configuration.prioritizedBeta + (1 - configuration.prioritizedBeta) * done,
      using: &random)
    let errors = try learn(from: batch(rows, weights: weights))
    experience.replay.setPriorities(of: rows, errors: errors.scalars)
  }

  /// - Returns: The error of each transition, `[B]`.
  package mutating func learn(from batch: ReplayBatch) throws -> Tensor {
    optimizer.learningRate = configuration.learningRate.value(
      at: experience.progress.remaining(of: totalSteps))
    let chosen = choices(batch.actions)
    let target =
      isDistributional ? distributionalTarget(batch) : valueTarget(batch)

    let (loss, (errors, mean), gradients, norm) = try gradient(
      of: "value", at: networks.online, batch
    ) { network in
      let outputs = network(batch.observations)
      let (losses, errors, values) =
        isDistributional
        ? distributionalLoss(outputs, chosen, target)
        : Self.valueLoss(outputs, chosen, target)
      let weighted = batch.weights.map { losses * $0 } ?? losses
      return (weighted.mean(), (errors, values))
    }
    optimizer.update(
      &networks.online, gradients, scale: clipScale(norm: norm, maximum: configuration.maxGradNorm))

    means.add("value_loss", Double(loss.item))
    means.add("mean_value", Double(mean.item))
    means.add("gradient_norm", norm)
    means.add("learning_rate", optimizer.learningRate)
    return errors
  }

  /// Actions `[B, 1]` as positions among the options.
  private func choices(_ taken: Tensor) -> Indices {
    Indices(count: taken.count) { chosen in
      taken.withUnsafeBuffer {
        for i in chosen.indices { chosen[i] = Int32($0[i]) - Int32(actions.start) }
      }
    }
  }

  // MARK: - Values

  /// y for each row: `[B]`.
  private func valueTarget(_ batch: ReplayBatch) -> Tensor {
    let values = networks.target(batch.next).squeezed(2)
    let best =
      configuration.doubleQ ? networks.online(batch.next).squeezed(2).argmax() : values.argmax()
    return temporalDifferenceTarget(
      rewards: batch.rewards, discounts: batch.discounts, values: values.gather(best))
  }

  private static func valueLoss(
    _ outputs: Tensor, _ chosen: Indices, _ target: Tensor
  ) -> (losses: Tensor, errors: Tensor, values: Tensor) {
    let values = outputs.squeezed(2).gather(chosen)
    return (
      smoothL1Loss(values, target, reduction: .none), (values - target).detached(),
      values.detached().mean()
    )
  }

  // MARK: - Distributions of values

  private var isDistributional: Bool { configuration.atomCount > 1 }
  private var support: (low: Float, high: Float) {
    (Float(configuration.lowestValue), Float(configuration.highestValue))
  }

  /// The number each atom stands for: `[atoms]`.
  private var atomValues: Tensor {
    let ((low, high), atoms) = (support, configuration.atomCount)
    return Tensor((0..<atoms).map { low + Float($0) * (high - low) / Float(atoms - 1) })
  }

  /// The distribution that each row is to have: `[B, atoms]`.
  private func distributionalTarget(_ batch: ReplayBatch) -> Tensor {
    let (count, atoms) = (batch.rows.count, configuration.atomCount)
    let probabilities = networks.target(batch.next).softmax()
    let choosing =
      configuration.doubleQ ? networks.online(batch.next).softmax() : probabilities
    let (low, high) = support
    let best = (choosing * atomValues).sum(axes: [2]).argmax()
    let rows = Indices(count: count) { rows in
      for i in rows.indices { rows[i] = Int32(i * actions.n) + best[i] }
    }
    return projectedDistribution(
      probabilities.reshaped(to: Shape(count * actions.n, atoms)).selectingRows(rows),
      rewards: batch.rewards, discounts: batch.discounts, low: low, high: high)
  }

  /// The cross-entropy of what was wanted and what is, row by row.
  private func distributionalLoss(
    _ outputs: Tensor, _ chosen: Indices, _ target: Tensor
  ) -> (losses: Tensor, errors: Tensor, values: Tensor) {
    let (count, options, atoms) = (outputs.shape[0], outputs.shape[1], outputs.shape[2])
    let rows = Indices(count: count) { rows in
      for i in rows.indices { rows[i] = Int32(i * options) + chosen[i] }
    }
    let logProbabilities = outputs.reshaped(to: Shape(count * options, atoms))
      .selectingRows(rows).logSoftmax()
    let losses = -(target * logProbabilities).sum(axes: [1])
    let values = (logProbabilities.detached().exp() * atomValues).sum(axes: [1])
    return (losses, losses.detached(), values.mean())
  }

  // MARK: - Making one

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `RunError` for spaces DQN cannot act in, settings out of range and a replay buffer larger than
  ///   the memory, `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments, _ configuration: DQNConfiguration = .init(),
    seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    guard let actions = environments.actionSpace as? Discrete, environments.maskSize == 0 else {
      throw RunError(
        .usage,
        "dqn chooses among discrete actions that are always allowed, but the environment acts in "
          + "\(environments.actionSpace)"
          + (environments.maskSize == 0 ? "" : " with an action mask"))
    }
    try environments.checkRows()
    let settings = configuration.shared.network
    encoder = try settings.encoder(for: environments, agent: Self.name)
    self.actions = actions
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    let streams = SeedSequence.agent(seed)
    random = PCG64(streams.child(0))
    let online = QNetwork(
      inputs: encoder.encodedSize, actions: actions.n, atoms: configuration.atomCount,
      dueling: configuration.dueling, features: try settings.features(for: environments), settings,
      using: &random)
    networks = QNetworks(online: online, target: online)
    normalizer = ObservationNormalizer(settings, encoder)
    experience = try ReplayedExperience(
      for: environments, configuration.shared, scale: nil,
      priorityExponent: configuration.prioritizedReplay ? configuration.prioritizedAlpha : nil,
      streams: streams, seed: seed)
    experience.goals = try Self.goals(of: environments, configuration)
  }

  private static func goals(
    of environments: some VectorizedEnvironments, _ configuration: DQNConfiguration
  ) throws -> HindsightGoals? {
    guard let strategy = configuration.goalStrategy else { return nil }
    guard let goals = environments.goals else {
      throw RunError(
        .usage,
        "goal_selection_strategy is \(strategy.rawValue), but the environment has no goals: its "
          + "observations are \(environments.observationSpace)")
    }
    guard configuration.stepsPerReturn == 1, !configuration.shared.normalizeObservations else {
      throw RunError(
        .usage,
        "a goal_selection_strategy needs n_steps of 1 and normalize_observations of false")
    }
    return HindsightGoals(
      strategy, ratio: configuration.sampledGoals, achieved: goals.achieved, desired: goals.desired
    ) { achieved, desired in
      let result = goals.outcome(achieved, desired)
      return (result.reward, result.ending == .terminated)
    }
  }

  /// The network that chooses the action it values most.
  public var policy: Actor {
    let (low, high) = support
    return Actor(
      encoder: encoder,
      head: .values(
        count: actions.n, start: actions.start, atoms: configuration.atomCount,
        low: isDistributional ? low : 0, high: isDistributional ? high : 0),
      policy: networks.online.network, normalizer: normalizer)
  }

  var replaySettings: ReplaySettings { configuration.shared }
  var updates: Int { optimizer.step }
  var exploration: Exploration {
    let (low, high) = support
    let epsilon = EpsilonSchedule(
      first: configuration.explorationInitial, last: configuration.explorationFinal,
      steps: configuration.explorationFraction * Double(totalSteps))
    return .epsilonGreedy(epsilon, atoms: configuration.atomCount, low: low, high: high)
  }

  /// The target network moves once for each time that so many steps have been taken; the learnt one did
  /// not change in between.
  mutating func tookSteps(since before: Int) {
    let interval = configuration.targetUpdateInterval
    let moves = stepCount / interval - before / interval
    if moves == 0 { return }
    if configuration.tau == 1 {
      networks.target = networks.online
    } else {
      networks.target.average(
        with: networks.online, weight: Float(1 - pow(1 - configuration.tau, Double(moves))))
    }
  }

  public mutating func visitOptimizers(
    _ body: (String, inout any Optimizer, any Module) throws -> Void
  ) rethrows {
    try body("online", &optimizer, networks.online)
  }
}
