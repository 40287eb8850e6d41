import Envs
import Policy
import Replay
import Runtime
import Tensors

/// REINFORCE (Williams, 1992, https://doi.org/10.1007/BF00992696): the policy gradient from the returns of whole
/// episodes, with or without a learnt baseline.
///
/// ```swift
/// var environments = try make("CartPole-v1", count: 8, seed: 1)
/// var agent = try REINFORCE(for: environments, seed: 1)
/// try agent.train(on: &environments, steps: 500_000) { report in print(report) }
/// ```
///
/// The loss is −(Gₜ − b(sₜ)) log π(aₜ | sₜ), averaged over the steps of an update's episodes. Where a time limit
/// cuts an episode the baseline stands for the rest of its return; without a baseline the return ends there.
public struct REINFORCE: OnPolicyAgent {
  public static let name = "reinforce"

  public let configuration: REINFORCEConfiguration
  public var totalSteps: Int
  public var model: ActorCritic
  public var rollouts: WholeEpisodes
  public var optimizer: any Optimizer
  public var random: PCG64

  /// Plays an episode in each environment and makes one step against their gradient.
  public mutating func iterate(
    on environments: inout AnyVectorEnvironment, pool: WorkerPool
  ) throws -> TrainingReport {
    var timers = PhaseTimers()
    try timers.time(.rollout) {
      try rollouts.collect(
        model, in: &environments, bootstraps: configuration.usesBaseline, pool: pool)
    }
    let losses = try timers.time(.update) { try update(pool) }
    for episode in rollouts.episodes {
      model.normalizer?.update(
        steps: episode.count, environments: 1,
        episode.observations.assumingMemoryBound(to: Float.self))
    }
    return rollouts.progress.report(losses, timers)
  }

  private mutating func update(_ pool: WorkerPool) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    optimizer.learningRate = settings.learningRate.value(
      at: rollouts.progress.remaining(of: totalSteps))
    let batch = EpisodeBatch(rollouts.episodes, model, gamma: Float(configuration.gamma))
    let weights = Self.weights(batch, model, settings)
    let share = 1 / Float(batch.count)
    let (entropyCoefficient, valueCoefficient) = (
      Float(settings.entropyCoefficient),
      settings.usesBaseline ? Float(settings.valueCoefficient) : 0
    )

    let (gradients, norm, sums) = try GradientReducer(pool: pool).finiteSum(
      at: model, rows: batch.count, "update \(optimizer.step + 1)",
      hint: "a lower learning_rate or max_grad_norm",
      batch: {
        [
          "observations": batch.observations, "actions": batch.actions, "returns": batch.returns,
          "weights": weights,
        ]
      }
    ) { model, chunk in
      let (logProbabilities, entropy, values) = model.evaluate(
        observations: batch.observations.sliced(chunk), actions: batch.actions.sliced(chunk),
        mask: batch.masks?.sliced(chunk))
      let policyLoss = -(weights.sliced(chunk) * logProbabilities).sum()
      let baselineLoss = valueLoss(values: values, returns: batch.returns.sliced(chunk)).sum()
      let entropySum = totalEntropy(entropy, rows: chunk.count)
      let loss =
        (policyLoss - entropyCoefficient * entropySum + valueCoefficient * baselineLoss) * share
      return (
        loss,
        [Double(policyLoss.item), Double(baselineLoss.item), Double(entropySum.item), 0, 0]
      )
    }
    optimizer.update(
      &model, gradients, scale: clipScale(norm: norm, maximum: settings.maxGradNorm))
    let rows = Double(batch.count)
    return [
      ("policy_loss", sums[0] / rows), ("value_loss", sums[1] / rows), ("entropy", sums[2] / rows),
      ("gradient_norm", norm), ("learning_rate", optimizer.learningRate),
      ("updates", Double(optimizer.step)),
    ]
  }

  /// What each step's log-probability is weighted by: the return, less the baseline, standardised where
  /// asked for.
  private static func weights(
    _ batch: EpisodeBatch, _ model: ActorCritic, _ settings: REINFORCESettings
  ) -> Tensor {
    var weights = batch.returns
    if settings.usesBaseline {
      weights = weights - model.values(of: batch.observations).reshaped([-1])
    }
    return settings.normalizeAdvantage ? weights.standardized() : weights
  }

  /// An agent for environments like these, its weights and streams made from `seed`.
  ///
  /// - Parameter totalSteps: The steps over which schedules run; `train` sets it where it is nil.
  /// - Throws: `UnsupportedSpace` for spaces REINFORCE cannot act in, `RunError` for settings out of
  ///   range, `EnvironmentError` for an environment whose rows are not of the size its spaces say.
  public init(
    for environments: some VectorizedEnvironments,
    _ configuration: REINFORCEConfiguration = .init(), seed: UInt64, totalSteps: Int? = nil
  ) throws {
    var configuration = configuration
    configuration.environmentCount = environments.count
    try configuration.validate()
    self.configuration = configuration
    self.totalSteps = totalSteps ?? 0
    let streams = SeedSequence.agent(seed)
    random = PCG64(streams.child(0))
    model = try ActorCritic(
      for: environments, configuration.shared, agent: Self.name, using: &random)
    optimizer = Adam()
    rollouts = WholeEpisodes(
      for: environments, longest: configuration.longestEpisode, streams: streams, seed: seed)
  }
}

/// Episodes end to end as an update reads them, observations encoded and normalised once.
private struct EpisodeBatch: Sendable {
  let count: Int
  let observations: Tensor
  let actions: Tensor
  let returns: Tensor
  let masks: Tensor?

  init(_ episodes: [EpisodeColumns], _ model: ActorCritic, gamma: Float) {
    count = episodes.reduce(0) { $0 + $1.count }
    observations = .concatenated(
      episodes.map { model.encoded(rows: $0.count, $0.observations) })
    actions = .concatenated(
      episodes.map { episode in
        Tensor(shape: Shape(episode.count, episode.actionSize)) {
          $0.baseAddress!.update(from: episode.actions, count: $0.count)
        }
      })
    returns = .concatenated(episodes.map { Tensor($0.returns(gamma: gamma)) })
    masks =
      episodes[0].maskSize == 0
      ? nil
      : .concatenated(
        episodes.map { episode in
          Tensor(shape: Shape(episode.count, episode.maskSize)) {
            for i in $0.indices { $0[i] = episode.masks[i] ? 1 : 0 }
          }
        })
  }
}
