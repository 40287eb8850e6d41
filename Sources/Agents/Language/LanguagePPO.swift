import Foundation
import Language
import Runtime
import Tensors

/// Proximal policy optimisation over tokens, with a value head and the divergence from the first
/// model in each token's reward (Ziegler et al., 2019, https://arxiv.org/abs/1909.08593; Ouyang et
/// al., 2022, https://arxiv.org/abs/2203.02155).
///
/// ```swift
/// var configuration = LanguagePPOConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// var agent = try LanguagePPO(on: makeTask("addition"), configuration, seed: 1)
/// try agent.train(steps: 200) { report in print(report) }
/// ```
///
/// A step is one update of the model.
public struct LanguagePPO: LanguageAgent {
  public static let name = "ppo-lm"

  public let configuration: LanguagePPOConfiguration
  public var totalSteps = 0
  public private(set) var samples: [LanguageSample] = []
  public var stepCount: Int { progress.stepCount }

  private let seed: UInt64
  private let sampler: CompletionSampler
  private var learner: LanguageLearner
  private var progress = LanguageProgress()
  private var random: PCG64

  public var policy: TextPolicy { learner.policy }

  /// Samples a round of answers and passes over it several times.
  public mutating func iterate(pool: WorkerPool) throws -> TrainingReport {
    var timers = PhaseTimers()
    let settings = configuration.own
    var completions = try timers.time(.rollout) {
      try withWorkers(pool) {
        try sampler.sample(
          policy, problems: progress.takeProblems(settings.batchSize), of: .training,
          problemSeed: seed, groupSize: 1, round: progress.takeRound())
      }
    }
    for i in completions.indices where !completions[i].trajectory.isComplete {
      completions[i].reward -= settings.missingEndPenalty
    }
    progress.completions += completions.count
    let losses = try timers.time(.update) { try update(completions, pool) }
    progress.iteration += 1
    return TrainingReport(
      steps: progress.stepCount, iteration: progress.iteration, episodes: progress.completions,
      meanReturn: completions.compactMap { $0.marks?.first }.average,
      meanLength: completions.map { Double($0.trajectory.length) }.average,
      losses: completions.metrics(sampler.components, groupSize: completions.count) + losses,
      phases: timers.phases.map { ($0.name, timers.seconds($0)) })
  }

  private mutating func update(
    _ completions: [ScoredCompletion], _ pool: WorkerPool
  ) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    let temperature = Float(settings.temperature)
    let trajectories = completions.map(\.trajectory)
    let old: [[Float]] = trajectories.map(\.chosenLogProbabilities)
    var divergences: [[Float]] = old.map { [Float](repeating: 0, count: $0.count) }
    if let reference = learner.reference {
      let under = learner.logProbabilities(
        of: trajectories, under: reference, temperature: temperature, pool: pool)
      for i in old.indices {
        for t in old[i].indices { divergences[i][t] = old[i][t] - under[i][t] }
      }
    }
    let values = learner.values(of: trajectories, pool: pool)
    let estimates = completions.indices.map { i in
      tokenAdvantages(
        rewards: tokenRewards(
          completions[i].reward, divergences: divergences[i], beta: settings.klCoefficient),
        values: values[i], gamma: settings.gamma, lambda: settings.lambda)
    }
    let usable = completions.indices.filter { completions[$0].marks != nil }
    let pooled: [Double] = usable.flatMap { estimates[$0].advantages }
    let (mean, scale): (Double, Double) = (pooled.average, 1 / (pooled.deviation + 1e-8))
    let advantages: [[Float]] = estimates.map { estimate in
      estimate.advantages.map { Float(($0 - mean) * scale) }
    }
    let returns: [[Float]] = estimates.map { estimate in estimate.returns.map { Float($0) } }
    let policy = policy
    samples = completions.indices.map {
      LanguageSample(
        completions[$0], sampler.components, advantage: estimates[$0].advantages.average, policy)
    }

    let (clip, valueClip) = (Float(settings.clipRange), Float(settings.valueClipRange))
    let valueWeight = Float(settings.valueCoefficient / 2)
    var sums = InlineArray<5, Double>(repeating: 0)
    var (norm, updates, tokens, rate) = (0.0, 0, 0, 0.0)
    for _ in 0..<settings.epochs {
      let order = random.permutation(usable.count).map { usable[Int($0)] }
      for part in 0..<settings.minibatches {
        let places = Array(
          order[
            order.count * part / settings.minibatches..<order.count * (part + 1)
              / settings.minibatches])
        let count = places.reduce(0) { $0 + old[$1].count }
        let weight = 1 / Float(max(count, 1))
        rate = learner.learningRate(progressRemaining: progress.remaining(of: totalSteps))
        let (found, statistics) = try learner.update(
          trajectories, places, temperature: temperature, learningRate: rate, pool: pool
        ) { outcome, part in
          func rows(_ numbers: [[Float]]) -> Tensor {
            Tensor(part.members.flatMap { numbers[$0] })
          }
          let logRatio = outcome.logProbabilities - rows(old)
          let policyLoss = clippedLoss(
            logRatio: logRatio, advantages: rows(advantages), low: clip, high: clip
          ).sum()
          let valueLoss =
            outcome.values.map {
              clippedValueLoss(
                values: $0, oldValues: rows(values), returns: rows(returns), clipRange: valueClip
              ).sum()
            } ?? Tensor(0)
          let ratio = logRatio.detached().exp()
          let clipped = ((ratio - 1).magnitude() .> clip).sum()
          return (
            (policyLoss + valueLoss * valueWeight) * weight,
            [
              Double(policyLoss.item), Double(valueLoss.item) / 2,
              Double(outcome.entropies.sum().item), Double(clipped.item),
              Double(approximateKL(logRatio: logRatio.detached()).sum().item),
            ]
          )
        }
        for i in 0..<5 { sums[i] += statistics[i] }
        norm += found
        updates += 1
        tokens += count
        progress.stepCount += 1
      }
    }
    progress.tokens += tokens
    let count = Double(max(tokens, 1))
    let kl: Double = divergences.map { Double($0.reduce(0, +)) }.average
    return [
      ("loss/policy_avg", sums[0] / count), ("loss/value_avg", sums[1] / count),
      ("entropy", sums[2] / count), ("clipfrac_avg", sums[3] / count),
      ("approxkl_avg", sums[4] / count), ("kl", kl),
      ("values", values.joined().map(Double.init).average),
      ("grad_norm", norm / Double(max(updates, 1))), ("learning_rate", rate),
      ("num_tokens", Double(progress.tokens)),
    ]
  }

  // MARK: - Saving

  private struct State: Codable {
    var progress: LanguageProgress
    var learner: LanguageLearner.State
    var random: PCG64
  }

  public func snapshot() throws -> [String: Data] {
    try learner.snapshot(State(progress: progress, learner: learner.state, random: random))
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(State.self, of: Self.name)
    try learner.restore(checkpoint, state.learner)
    (progress, random) = (state.progress, state.random)
  }

  // MARK: - Making

  public init(
    on source: TextSource, _ configuration: LanguagePPOConfiguration, seed: UInt64
  ) throws {
    let configuration = try configuration.resolved()
    try configuration.validate()
    let settings = configuration.own
    self.configuration = configuration
    self.seed = seed
    random = PCG64(SeedSequence(seed, spawnKey: [0x5050_4F4C]))
    sampler = try CompletionSampler(
      try configuration.shared.withRewardProgram(source), weights: settings.rewardWeights,
      seed: seed, temperature: settings.temperature, limit: settings.maxCompletionLength)
    let (base, reference) = try TextPolicy.beginning(configuration.shared, seed: seed)
    // A head of zeros: the first values are 0, and its first gradients leave the model as it is.
    let width = base.model.configuration.width
    learner = LanguageLearner(
      base, configuration.shared, seed: seed,
      reference: settings.klCoefficient > 0 ? reference : nil,
      valueHead: Linear(weight: .zeros([width, 1]), bias: .zeros([1])))
    learner.optimizer.groups = [
      ParameterGroup(learningRateScale: settings.valueLearningRateScale) {
        $0.hasPrefix("value_head.")
      }
    ]
  }
}
