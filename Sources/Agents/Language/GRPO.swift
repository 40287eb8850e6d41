import Foundation
import Language
import Runtime
import Tensors

/// Group-relative policy optimisation (Shao et al., 2024, https://arxiv.org/abs/2402.03300) and its
/// variants: several completions of each prompt are compared with each other, and what was better
/// than its group becomes more probable.
///
/// ```swift
/// var configuration = GRPOConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// var agent = try GRPO(on: makeTask("addition"), configuration, seed: 1)
/// try agent.train(steps: 50) { report in print(report) }
/// ```
///
/// The log-probabilities that completions were sampled with are those the update begins with, bit
/// for bit, so that the first update's ratios are exactly 1. A step is one update of the model.
public struct GRPO: LanguageAgent {
  public static let name = "grpo"

  public let configuration: GRPOConfiguration
  public var totalSteps = 0
  public private(set) var samples: [LanguageSample] = []
  public var stepCount: Int { progress.stepCount }

  private let seed: UInt64
  private let sampler: CompletionSampler
  private var learner: LanguageLearner
  private var progress = LanguageProgress()

  public var policy: TextPolicy { learner.policy }

  /// Samples groups of completions and learns from them.
  public mutating func iterate(pool: WorkerPool) throws -> TrainingReport {
    var timers = PhaseTimers()
    let (completions, resampled) = try timers.time(.rollout) {
      try withWorkers(pool) { try collect() }
    }
    let settings = configuration.own
    let advantages = completions.advantages(groupSize: settings.groupSize) { groups in
      settings.variant.advantages(
        groups.map { $0.map(\.reward) }, scale: settings.scaleRewards)
    }
    let policy = policy
    samples = zip(completions, advantages).map {
      LanguageSample($0, sampler.components, advantage: $1, policy)
    }
    let losses = try timers.time(.update) { try update(completions, advantages, pool) }
    progress.iteration += 1
    var metrics = completions.metrics(sampler.components, groupSize: settings.groupSize)
    if settings.dynamicSampling { metrics.append(("resampled_groups", Double(resampled))) }
    return TrainingReport(
      steps: progress.stepCount, iteration: progress.iteration, episodes: progress.completions,
      meanReturn: completions.compactMap { $0.marks?.first }.average,
      meanLength: completions.map { Double($0.trajectory.length) }.average,
      losses: metrics + losses, phases: timers.phases.map { ($0.name, timers.seconds($0)) })
  }

  /// A batch of marked completions; with dynamic sampling groups without a difference are replaced,
  /// as long as tries are left.
  private mutating func collect() throws -> (completions: [ScoredCompletion], resampled: Int) {
    let settings = configuration.own
    let size = settings.groupSize
    let wanted = settings.batchSize / size
    var (kept, spare): ([ScoredCompletion], [ScoredCompletion]) = ([], [])
    var resampled = 0
    for attempt in 0...(settings.dynamicSampling ? settings.maxResamples : 0) {
      let missing = wanted - kept.count / size
      if missing == 0 { break }
      if attempt > 0 { resampled += missing }
      var found = try sampler.sample(
        policy, problems: progress.takeProblems(missing), of: .training, problemSeed: seed,
        groupSize: size, round: progress.takeRound())
      progress.completions += found.count
      found.shape(settings)
      if !settings.dynamicSampling { return (found, 0) }
      for group in found.groups(of: size) {
        if isFlat(group.marked.map(\.reward)) { spare += group } else { kept += group }
      }
    }
    // A batch keeps its size, so that what is learnt from it has the scale of any other.
    kept += spare.prefix(settings.batchSize - kept.count)
    return (kept, resampled)
  }

  /// Passes over the batch in parts, one update each.
  private mutating func update(
    _ completions: [ScoredCompletion], _ advantages: [Double], _ pool: WorkerPool
  ) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    let temperature = Float(settings.temperature)
    let trajectories = completions.map(\.trajectory)
    let reference = learner.reference.map {
      learner.logProbabilities(
        of: trajectories, under: $0, temperature: temperature, pool: pool)
    }
    let batch = GRPOBatch(completions, advantages: advantages, reference: reference, settings)
    let usable = completions.indices.filter {
      completions[$0].marks != nil
        && (!settings.masksTruncated || completions[$0].trajectory.isComplete)
    }
    var sums = InlineArray<5, Double>(repeating: 0)
    var (norm, updates, tokens, ratios, rate) = (0.0, 0, 0, 0, 0.0)
    for _ in 0..<settings.iterations {
      for part in 0..<settings.minibatches {
        // Whole groups' members are spread over the parts as they lie.
        let places = Array(
          usable[
            usable.count * part / settings.minibatches..<usable.count * (part + 1)
              / settings.minibatches])
        rate = learner.learningRate(progressRemaining: progress.remaining(of: totalSteps))
        let weighted = batch.weighted(places)
        // What has no advantage has no gradient and need not be computed.
        let learnt = places.filter { batch.teaches($0) }
        let (found, statistics) = try learner.update(
          trajectories, learnt, temperature: temperature, learningRate: rate, pool: pool
        ) { weighted.loss($0, $1) }
        for i in 0..<5 { sums[i] += statistics[i] }
        norm += found
        updates += 1
        let length = learnt.reduce(0) { $0 + trajectories[$1].length }
        tokens += length
        ratios += settings.variant.isOfCompletions ? learnt.count : length
        progress.stepCount += 1
      }
    }
    progress.tokens += tokens
    let (count, cut) = (Double(max(tokens, 1)), Double(max(ratios, 1)))
    return [
      ("loss", sums[0] / Double(max(updates, 1))), ("entropy", sums[1] / count),
      ("clip_ratio/low_mean", sums[2] / cut), ("clip_ratio/high_mean", sums[3] / cut),
      ("kl", sums[4] / count), ("grad_norm", norm / Double(max(updates, 1))),
      ("learning_rate", rate), ("num_tokens", Double(progress.tokens)),
    ]
  }

  // MARK: - Saving

  private struct State: Codable {
    var progress: LanguageProgress
    var learner: LanguageLearner.State
  }

  public func snapshot() throws -> [String: Data] {
    try learner.snapshot(State(progress: progress, learner: learner.state))
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(State.self, of: Self.name)
    try learner.restore(checkpoint, state.learner)
    progress = state.progress
  }

  // MARK: - Making

  public init(on source: TextSource, _ configuration: GRPOConfiguration, seed: UInt64) throws {
    let configuration = try configuration.resolved()
    try configuration.validate()
    let settings = configuration.own
    self.configuration = configuration
    self.seed = seed
    let source = try configuration.shared.withRewardProgram(source)
    sampler = try CompletionSampler(
      source, weights: settings.rewardWeights, seed: seed, temperature: settings.temperature,
      limit: settings.maxCompletionLength)
    let (base, reference) = try TextPolicy.beginning(configuration.shared, seed: seed)
    learner = LanguageLearner(
      base, configuration.shared, seed: seed, reference: settings.beta > 0 ? reference : nil)
  }
}

extension [ScoredCompletion] {
  /// Adds DAPO's punishment of completions that come near the limit.
  fileprivate mutating func shape(_ settings: GRPOSettings) {
    guard settings.overlongBuffer > 0 else { return }
    for i in indices {
      self[i].reward += overlongReward(
        length: self[i].trajectory.length, limit: settings.maxCompletionLength,
        buffer: settings.overlongBuffer, factor: settings.overlongFactor)
    }
  }
}
