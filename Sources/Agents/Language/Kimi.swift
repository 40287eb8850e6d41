import Foundation
import Language
import Runtime
import Tensors

/// Kimi k1.5's method: online policy mirror descent over groups of completions, with a reward for
/// short answers, a curriculum, prioritised sampling and partial rollouts (Kimi Team, 2025,
/// https://arxiv.org/abs/2501.12599).
///
/// ```swift
/// var configuration = KimiConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// var agent = try Kimi(on: makeTask("addition"), configuration, seed: 1)
/// try agent.train(steps: 100) { report in print(report) }
/// ```
///
/// Each iteration is a problem of its own, regularised towards the policy it began with; the
/// optimiser begins anew. A step is one update of the model.
public struct Kimi: LanguageAgent {
  public static let name = "kimi"

  public let configuration: KimiConfiguration
  public var totalSteps = 0
  public private(set) var samples: [LanguageSample] = []
  public var stepCount: Int { progress.stepCount }

  private let seed: UInt64
  private let source: TextSource
  private let sampler: CompletionSampler
  private var learner: LanguageLearner
  private var progress = LanguageProgress()
  private var pool: ProblemPool
  /// Groups whose answers are not all finished.
  private var unfinished: [PartialGroup] = []
  private var random: PCG64

  public var policy: TextPolicy { learner.policy }

  /// Samples groups of completions, as far as the budget goes, and learns from those that are
  /// finished.
  public mutating func iterate(pool workers: WorkerPool) throws -> TrainingReport {
    var timers = PhaseTimers()
    let settings = configuration.own
    let completions = try timers.time(.rollout) {
      try withWorkers(workers) { try collect() }
    }
    progress.completions += completions.count
    for group in completions.groups(of: settings.groupSize).map(\.marked) where !group.isEmpty {
      pool.record(
        group[0].trajectory.problem, solved: Double(group.count { $0.isRight }), of: group.count)
    }
    let advantages = completions.advantages(groupSize: settings.groupSize) { groups in
      groups.flatMap { self.advantages($0) }
    }
    let policy = policy
    samples = zip(completions, advantages).map {
      LanguageSample($0, sampler.components, advantage: $1, policy)
    }
    let losses = try timers.time(.update) { try update(completions, advantages, workers) }
    progress.iteration += 1
    return TrainingReport(
      steps: progress.stepCount, iteration: progress.iteration, episodes: progress.completions,
      meanReturn: completions.compactMap { $0.marks?.first }.average,
      meanLength: completions.map { Double($0.trajectory.length) }.average,
      losses: completions.metrics(sampler.components, groupSize: settings.groupSize) + losses
        + [("unfinished", Double(unfinished.count * settings.groupSize))],
      phases: timers.phases.map { ($0.name, timers.seconds($0)) })
  }

  /// r − τ log Z, or r − the group's mean, of rewards with the length's part after its warm-up.
  private func advantages(_ group: [ScoredCompletion]) -> [Double] {
    let settings = configuration.own
    var rewards = group.map(\.reward)
    if settings.lengthWeight > 0 && progress.iteration >= settings.lengthWarmup {
      let shaping = lengthRewards(
        lengths: group.map(\.trajectory.length), areRight: group.map(\.isRight))
      for i in rewards.indices { rewards[i] += settings.lengthWeight * shaping[i] }
    }
    let baseline =
      settings.baseline == .mean
      ? rewards.average : mirrorDescentBaseline(rewards, tau: settings.tau)
    return rewards.map { $0 - baseline }
  }

  private mutating func update(
    _ completions: [ScoredCompletion], _ advantages: [Double], _ workers: WorkerPool
  ) throws -> [(name: String, value: Double)] {
    let settings = configuration.own
    let temperature = Float(settings.temperature)
    let trajectories = completions.map(\.trajectory)
    let old: [[Float]] = trajectories.map(\.chosenLogProbabilities)
    let usable = completions.indices.filter { completions[$0].marks != nil }
    let weight = 1 / Float(max(usable.count, 1))
    let tau = Float(settings.tau)
    if settings.resetsOptimizer { learner.resetOptimizer() }
    var sums = InlineArray<5, Double>(repeating: 0)
    var (norm, rate) = (0.0, 0.0)
    for _ in 0..<settings.iterations {
      rate = learner.learningRate(progressRemaining: progress.remaining(of: totalSteps))
      // An iteration without a finished group counts, too: time goes on.
      progress.stepCount += 1
      if usable.isEmpty { continue }
      let (found, statistics) = try learner.update(
        trajectories, usable, temperature: temperature, learningRate: rate, pool: workers
      ) { outcome, part in
        let before = Tensor(part.members.flatMap { old[$0] })
        let logRatio = completionLogRatios(
          outcome.logProbabilities - before, owner: part.owner,
          lengths: part.members.map { old[$0].count }, mean: false)
        let losses = mirrorDescentLoss(
          logRatio: logRatio, advantages: Tensor(part.members.map { Float(advantages[$0]) }),
          tau: tau)
        let loss = losses.sum() * weight
        return (
          loss,
          [
            Double(loss.item), Double(outcome.entropies.sum().item),
            Double(logRatio.detached().squared().sum().item), 0, 0,
          ]
        )
      }
      for i in 0..<5 { sums[i] += statistics[i] }
      norm += found
    }
    let tokens = usable.reduce(0) { $0 + old[$1].count }
    progress.tokens += tokens * settings.iterations
    let updates = Double(settings.iterations)
    return [
      ("loss", sums[0] / updates), ("entropy", sums[1] / (updates * Double(max(tokens, 1)))),
      ("squared_log_ratio", sums[2] / (updates * Double(max(usable.count, 1)))),
      ("grad_norm", norm / updates), ("learning_rate", rate),
      ("num_tokens", Double(progress.tokens)),
    ]
  }

  // MARK: - Sampling

  /// A problem whose answers are being written.
  struct PartialGroup: Sendable, Codable {
    var problem: Int
    var members: [Trajectory]
    var isDone: [Bool]
  }

  private mutating func takeProblems(_ count: Int) -> [Int] {
    let settings = configuration.own
    guard settings.poolSize > 0 else { return progress.takeProblems(count) }
    let step = Double(progress.stepCount) / Double(max(settings.curriculumSteps, 1))
    return pool.choose(
      count, share: min(1, 0.3 + 0.7 * step), prioritizes: settings.prioritizes,
      except: Set(unfinished.map(\.problem)), using: &random)
  }

  private mutating func collect() throws -> [ScoredCompletion] {
    let settings = configuration.own
    let wanted = settings.batchSize / settings.groupSize
    let budget = settings.rolloutBudget
    guard budget > 0, budget < settings.maxCompletionLength, case .task(let task) = source else {
      return try sampler.sample(
        policy, problems: takeProblems(wanted), of: .training, problemSeed: seed,
        groupSize: settings.groupSize, round: progress.takeRound())
    }
    let policy = policy
    for problem in takeProblems(wanted - unfinished.count) {
      let prompt = try policy.promptTokens(
        task.problem(problem, of: .training, seed: seed).prompt)
      unfinished.append(
        PartialGroup(
          problem: problem,
          members: (0..<settings.groupSize).map { _ in
            Trajectory(prompt: prompt, problem: problem)
          }, isDone: [Bool](repeating: false, count: settings.groupSize)))
    }
    var groups = unfinished
    try sampler.extend(&groups, policy, budget: budget, round: progress.takeRound())
    unfinished = groups.filter { $0.isDone.contains(false) }
    let finished = groups.filter { !$0.isDone.contains(false) }
    return try sampler.marked(
      finished.flatMap(\.members),
      finished.flatMap { group in
        let problem = task.problem(group.problem, of: .training, seed: seed)
        return group.members.map { _ in problem }
      }, task, policy)
  }

  // MARK: - Saving

  private struct State: Codable {
    var progress: LanguageProgress
    var learner: LanguageLearner.State
    var random: PCG64
    var pool: ProblemPool
    var unfinished: [PartialGroup]
  }

  public func snapshot() throws -> [String: Data] {
    try learner.snapshot(
      State(
        progress: progress, learner: learner.state, random: random, pool: pool,
        unfinished: unfinished))
  }

  public mutating func restore(_ files: [String: Data], directory: String) throws {
    let checkpoint = CheckpointFiles(files: files, directory: directory)
    let state = try checkpoint.decoded(State.self, of: Self.name)
    guard state.pool.tries.count == pool.tries.count else {
      throw RunError(.data, "\(directory)/state.json does not fit the settings of config.yaml")
    }
    try learner.restore(checkpoint, state.learner)
    (progress, random, pool) = (state.progress, state.random, state.pool)
    unfinished = state.unfinished
  }

  // MARK: - Making

  public init(on source: TextSource, _ configuration: KimiConfiguration, seed: UInt64) throws {
    let configuration = try configuration.resolved()
    try configuration.validate()
    let settings = configuration.own
    self.configuration = configuration
    self.seed = seed
    self.source = try configuration.shared.withRewardProgram(source)
    if settings.rolloutBudget > 0, case .environment = self.source {
      throw RunError(
        .usage,
        "rollout_budget continues single answers, and the task is a conversation; set it to 0")
    }
    // A task of fewer problems is its own pool.
    let held = self.source.problemCount(of: .training) ?? .max
    pool = ProblemPool(min(settings.poolSize, held))
    random = PCG64(SeedSequence(seed, spawnKey: [0x4B49_4D49]))
    sampler = try CompletionSampler(
      self.source, weights: settings.rewardWeights, seed: seed, temperature: settings.temperature,
      limit: settings.maxCompletionLength)
    learner = LanguageLearner(
      try TextPolicy(configuration.shared, seed: seed), configuration.shared, seed: seed)
  }
}

extension CompletionSampler {
  /// Lets every answer that is not done grow by at most `budget` tokens.
  fileprivate func extend(
    _ groups: inout [Kimi.PartialGroup], _ policy: TextPolicy, budget: Int, round: Int
  ) throws {
    let places = groups.indices.flatMap { group in
      groups[group].members.indices.filter { !groups[group].isDone[$0] }.map { (group, $0) }
    }
    let all = seeds(places.count, round: round, turn: 0)
    // An answer ends with the context, too.
    let context = policy.model.room
    let full = groups.map { max(1, min(limit, context - $0.members[0].prompt.count)) }
    // One call for each number of tokens that is left, since a call has one limit.
    let room = places.map { min(budget, full[$0.0] - groups[$0.0].members[$0.1].length) }
    for most in Set(room).sorted() {
      let chosen = places.indices.filter { room[$0] == most }
      let completions = try Generator(policy.model).generate(
        prompts: chosen.map {
          let trajectory = groups[places[$0].0].members[places[$0].1]
          return trajectory.prompt + trajectory.tokens
        },
        settings: SamplingSettings(
          temperature: temperature, maximumTokens: most, stopTokens: policy.stopTokens),
        seeds: chosen.map { all[$0] })
      for (place, completion) in zip(chosen, completions) {
        let (group, member) = places[place]
        groups[group].members[member].append(completion)
        let isFull = groups[group].members[member].length >= full[group]
        groups[group].isDone[member] =
          completion.ending == .stop || isFull || completion.tokens.count < most
      }
    }
  }
}
