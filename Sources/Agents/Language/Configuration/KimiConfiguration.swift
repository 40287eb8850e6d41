/// Every setting of Kimi k1.5's method.
public typealias KimiConfiguration = LanguageConfiguration<KimiSettings>

/// The settings of Kimi k1.5's online mirror descent; the names are TRL's where it has them.
public struct KimiSettings: LanguageAgentSettings {
  /// Completions of one prompt.
  public var groupSize = 8
  /// Completions of an iteration, over all groups.
  public var batchSize = 64
  /// Updates of an iteration, all from the same completions.
  public var iterations = 2
  /// The most tokens of an answer.
  public var maxCompletionLength = 64
  /// What logits are divided by in sampling and in learning.
  public var temperature = 1.0
  /// τ: how strongly an iteration is held near the policy that it began with.
  public var tau = 0.2
  /// What rewards are compared with: mean, or log_z, τ log mean exp(r / τ).
  public var baseline = Baseline.mean
  /// Whether the optimiser begins anew with each iteration, whose objective is another.
  public var resetsOptimizer = true
  /// Weight of the reward for short answers; 0 for none.
  public var lengthWeight = 0.0
  /// Iterations before that reward is added.
  public var lengthWarmup = 10
  /// Problems that are tried again and again, by how often they were solved; 0 takes new ones each
  /// time.
  public var poolSize = 256
  /// Whether problems are chosen with a chance of 1 − their success rate, else evenly.
  public var prioritizes = true
  /// Updates over which the harder problems of the pool come in; 0 begins with all.
  public var curriculumSteps = 0
  /// The most tokens that an answer grows by in an iteration; longer ones are continued in the
  /// next. 0 for no limit.
  public var rolloutBudget = 0
  /// Weights of the task's reward components; empty for its own.
  public var rewardWeights: [Double] = []

  public init() {}

  /// What rewards are compared with.
  public enum Baseline: String, Choice {
    case mean
    case logZ = "log_z"
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case groupSize = "num_generations"
    case batchSize = "generation_batch_size"
    case iterations = "num_iterations"
    case maxCompletionLength = "max_completion_length"
    case temperature
    case tau
    case baseline
    case resetsOptimizer = "reset_optimizer"
    case lengthWeight = "length_reward_weight"
    case lengthWarmup = "length_reward_warmup"
    case poolSize = "problem_pool"
    case prioritizes = "prioritized_sampling"
    case curriculumSteps = "curriculum_steps"
    case rolloutBudget = "rollout_budget"
    case rewardWeights = "reward_weights"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public static func learningRate(_ trained: TrainedPart) -> Double {
    switch trained {
    case .adapters: 5e-5
    case .prefix: 5e-3
    case .all: 1e-6
    case .small: 2e-4
    }
  }

  public static func completionLimit(_ settings: Self) -> Int { settings.maxCompletionLength }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.whole(groupSize, .groupSize, from: 2, to: 65_536)
    try require.whole(batchSize, .batchSize, from: 2, to: 1_048_576)
    try require.holds(
      batchSize % groupSize == 0, .batchSize, batchSize,
      "a multiple of num_generations, \(groupSize)")
    try require.whole(iterations, .iterations, to: 1000)
    try require.whole(maxCompletionLength, .maxCompletionLength, to: 1_048_576)
    try require.temperature(temperature, .temperature)
    try require.positive(tau, .tau)
    try require.notNegative(lengthWeight, .lengthWeight)
    try require.whole(lengthWarmup, .lengthWarmup, from: 0, to: 1_000_000_000)
    try require.whole(poolSize, .poolSize, from: 0, to: 1_048_576)
    try require.holds(
      poolSize == 0 || poolSize >= batchSize / groupSize, .poolSize, poolSize,
      "0, or at least the \(batchSize / groupSize) problems of an iteration")
    try require.whole(curriculumSteps, .curriculumSteps, from: 0, to: 1_000_000_000)
    try require.whole(rolloutBudget, .rolloutBudget, from: 0, to: 1_048_576)
    try require.holds(
      rewardWeights.allSatisfy { $0 >= 0 && $0.isFinite }, .rewardWeights, rewardWeights,
      "numbers of 0 or more")
  }
}
