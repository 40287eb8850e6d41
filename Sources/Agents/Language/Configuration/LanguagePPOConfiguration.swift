/// Every setting of PPO for language models.
public typealias LanguagePPOConfiguration = LanguageConfiguration<LanguagePPOSettings>

/// The settings of PPO for language models; the names are TRL's.
public struct LanguagePPOSettings: LanguageAgentSettings {
  /// Completions of a round, each of a prompt of its own.
  public var batchSize = 64
  /// Passes over a round.
  public var epochs = 4
  /// Parts of a pass, one update each.
  public var minibatches = 1
  /// The most tokens of an answer.
  public var maxCompletionLength = 64
  /// What logits are divided by in sampling and in learning.
  public var temperature = 1.0
  /// Weight of the divergence from the first model, taken from each token's reward.
  public var klCoefficient = 0.05
  /// How far a token's ratio may go from 1 before its gradient stops.
  public var clipRange = 0.2
  /// How far a value may go from what it was.
  public var valueClipRange = 0.2
  /// Weight of the values' error.
  public var valueCoefficient = 0.1
  /// What the value head's step size is multiplied by: it starts from nothing, the model does not.
  public var valueLearningRateScale = 10.0
  /// Discount from token to token.
  public var gamma = 1.0
  /// λ of generalised advantage estimation over tokens.
  public var lambda = 0.95
  /// Taken from the reward of an answer that ran into the limit.
  public var missingEndPenalty = 0.0
  /// Weights of the task's reward components; empty for its own.
  public var rewardWeights: [Double] = []

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case batchSize = "generation_batch_size"
    case epochs = "num_ppo_epochs"
    case minibatches = "num_mini_batches"
    case maxCompletionLength = "max_completion_length"
    case temperature
    case klCoefficient = "kl_coef"
    case clipRange = "cliprange"
    case valueClipRange = "cliprange_value"
    case valueCoefficient = "vf_coef"
    case valueLearningRateScale = "vf_learning_rate_scale"
    case gamma
    case lambda = "lam"
    case missingEndPenalty = "missing_eos_penalty"
    case rewardWeights = "reward_weights"
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
    try require.whole(batchSize, .batchSize, to: 1_048_576)
    try require.whole(epochs, .epochs, to: 1000)
    try require.whole(minibatches, .minibatches, to: batchSize)
    try require.whole(maxCompletionLength, .maxCompletionLength, to: 1_048_576)
    try require.temperature(temperature, .temperature)
    try require.notNegative(klCoefficient, .klCoefficient)
    try require.positive(clipRange, .clipRange)
    try require.positive(valueClipRange, .valueClipRange)
    try require.notNegative(valueCoefficient, .valueCoefficient)
    try require.positive(valueLearningRateScale, .valueLearningRateScale)
    try require.share(gamma, .gamma)
    try require.share(lambda, .lambda)
    try require.notNegative(missingEndPenalty, .missingEndPenalty)
    try require.holds(
      rewardWeights.allSatisfy { $0 >= 0 && $0.isFinite }, .rewardWeights, rewardWeights,
      "numbers of 0 or more")
  }
}
