/// Every setting of GRPO and its variants.
public typealias GRPOConfiguration = LanguageConfiguration<GRPOSettings>

/// The settings of agents that learn from groups of completions; the names are TRL's.
public struct GRPOSettings: LanguageAgentSettings {
  /// Which variant: what advantages, ratios and weights are; see `GRPOVariant`.
  public var variant = GRPOVariant.grpo
  /// Completions of one prompt; more make the comparison within a group less noisy.
  public var groupSize = 8
  /// Completions sampled before each round of updates, over all groups.
  public var batchSize = 64
  /// Parts that those are learnt from in, one update each; only 1 keeps every ratio at 1.
  public var minibatches = 1
  /// Passes over them.
  public var iterations = 1
  /// The most tokens of an answer.
  public var maxCompletionLength = 64
  /// What logits are divided by in sampling and in learning.
  public var temperature = 1.0
  /// Weight of the divergence from the model that training began with; 0 needs no reference.
  public var beta = 0.0
  /// The estimator of that divergence: k1, k2 or k3.
  public var klEstimator = KLEstimator.k3
  /// How far below 1 a ratio may go before its gradient stops; null is the variant's own.
  public var epsilon: Double?
  /// How far above 1; null is the variant's own.
  public var epsilonHigh: Double?
  /// What advantages are divided by: group, batch or none; null is the variant's own.
  public var scaleRewards: RewardScale?
  /// Weights of the task's reward components; empty for its own.
  public var rewardWeights: [Double] = []
  /// Whether completions that ran into the limit are left out of the loss.
  public var masksTruncated = false
  /// Whether groups without variance are sampled again (DAPO's dynamic sampling).
  public var dynamicSampling = false
  /// How often at most a batch is filled up again.
  public var maxResamples = 4
  /// Tokens before the limit over which the punishment of long completions grows; 0 for none
  /// (DAPO).
  public var overlongBuffer = 0
  /// That punishment at the limit.
  public var overlongFactor = 1.0

  public init() {}

  /// What advantages are divided by.
  public enum RewardScale: String, Choice {
    case group, batch
    case off = "none"
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case variant = "loss_type"
    case groupSize = "num_generations"
    case batchSize = "generation_batch_size"
    case minibatches = "steps_per_generation"
    case iterations = "num_iterations"
    case maxCompletionLength = "max_completion_length"
    case temperature
    case beta
    case klEstimator = "kl_estimator"
    case epsilon
    case epsilonHigh = "epsilon_high"
    case scaleRewards = "scale_rewards"
    case rewardWeights = "reward_weights"
    case masksTruncated = "mask_truncated_completions"
    case dynamicSampling = "dynamic_sampling"
    case maxResamples = "max_resamples"
    case overlongBuffer = "overlong_buffer"
    case overlongFactor = "overlong_penalty_factor"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public static func learningRate(_ trained: TrainedPart) -> Double {
    switch trained {
    case .adapters: 1e-4
    case .prefix: 1e-2
    case .all: 1e-6
    case .small: 3e-4
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
    try require.whole(minibatches, .minibatches, to: batchSize)
    try require.whole(iterations, .iterations, to: 1000)
    try require.whole(maxCompletionLength, .maxCompletionLength, to: 1_048_576)
    try require.temperature(temperature, .temperature)
    try require.notNegative(beta, .beta)
    if let epsilon { try require.positive(epsilon, .epsilon) }
    if let epsilonHigh { try require.positive(epsilonHigh, .epsilonHigh) }
    try require.holds(
      rewardWeights.allSatisfy { $0 >= 0 && $0.isFinite }
        && (rewardWeights.isEmpty || rewardWeights.contains { $0 > 0 }),
      .rewardWeights, rewardWeights, "numbers of 0 or more, one of them positive")
    try require.whole(maxResamples, .maxResamples, from: 0, to: 1000)
    try require.whole(overlongBuffer, .overlongBuffer, from: 0, to: maxCompletionLength)
    try require.notNegative(overlongFactor, .overlongFactor)
  }
}

/// The variants of group-relative policy optimisation: each is a choice of the same few parts.
public enum GRPOVariant: String, Choice {
  /// Shao et al., 2024: standardised advantages, each completion's mean counts the same.
  case grpo
  /// Liu et al., 2025: centred advantages, a constant in place of each length.
  case drGRPO = "dr_grpo"
  /// Yu et al., 2025: the mean over all tokens, and a wider bound above.
  case dapo
  /// Zheng et al., 2025: one ratio a completion, the mean of its tokens'.
  case gspo
  /// MiniMax, 2025: ratios are cut and no token loses its gradient.
  case cispo
  /// Ahmadian et al., 2024: one ratio a completion, the others' mean as the baseline.
  case rloo
  /// Hu, 2025: advantages standardised over the batch, the divergence in each token's reward.
  case reinforcePlusPlus = "reinforce++"

  /// The clip range below and above 1 where the settings name none: the papers'.
  public var clipRange: (low: Double, high: Double) {
    switch self {
    case .dapo: (0.2, 0.28)
    case .gspo: (3e-4, 4e-4)
    case .cispo: (1, 4)
    default: (0.2, 0.2)
    }
  }

  public var weights: TokenWeights {
    switch self {
    case .grpo: .sequence
    case .drGRPO: .constant
    case .dapo, .cispo, .reinforcePlusPlus: .token
    case .gspo, .rloo: .sum
    }
  }

  /// What the rewards of groups, which may differ in size, become, one group after another.
  public func advantages(
    _ groups: [[Double]], scale: GRPOSettings.RewardScale? = nil
  ) -> [Double] {
    switch (self, scale) {
    case (.rloo, nil): groups.flatMap(leaveOneOutAdvantages)
    case (.drGRPO, nil), (_, .off): groups.flatMap(centeredAdvantages)
    case (.reinforcePlusPlus, nil): batchAdvantages(Array(groups.joined()))
    case (_, .batch): batchAdvantages(groups.flatMap(centeredAdvantages))
    case (_, .group), (_, nil): groups.flatMap(standardizedAdvantages)
    }
  }
}
