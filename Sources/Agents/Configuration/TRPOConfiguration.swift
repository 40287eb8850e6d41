/// Every setting of TRPO. Keys in files and on the command line are those of sb3-contrib.
public typealias TRPOConfiguration = Settings<TRPOSettings>

/// TRPO's own settings.
public struct TRPOSettings: AgentSettings {
  /// Step size of Adam for the value function; the policy's step is found by its line search.
  public var learningRate: Schedule = 1e-3
  /// Transitions of a minibatch of the value function.
  public var batchSize = 128
  /// Passes of the value function over a rollout.
  public var criticUpdates = 10
  /// δ: how far, in KL divergence, an update may move the policy.
  public var targetKL = 0.01
  /// Steps of conjugate gradient; more come nearer the natural gradient.
  public var conjugateGradientSteps = 15
  /// Added to the Fisher matrix's diagonal; larger steps shorter where the policy is indifferent.
  public var conjugateGradientDamping = 0.1
  /// What the step is multiplied by each time the line search refuses it.
  public var lineSearchShrink = 0.8
  /// Steps the line search tries before it gives up and leaves the policy as it was.
  public var lineSearchSteps = 10

  public init() {}

  public static let shared = RolloutSettings()

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case batchSize = "batch_size"
    case criticUpdates = "n_critic_updates"
    case targetKL = "target_kl"
    case conjugateGradientSteps = "cg_max_steps"
    case conjugateGradientDamping = "cg_damping"
    case lineSearchShrink = "line_search_shrinking_factor"
    case lineSearchSteps = "line_search_max_iter"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.whole(batchSize, .batchSize, to: 16_777_216)
    try require.whole(criticUpdates, .criticUpdates, from: 0, to: 1000)
    try require.positive(targetKL, .targetKL)
    try require.whole(conjugateGradientSteps, .conjugateGradientSteps, to: 1000)
    try require.notNegative(conjugateGradientDamping, .conjugateGradientDamping)
    try require.holds(
      lineSearchShrink > 0 && lineSearchShrink < 1, .lineSearchShrink, lineSearchShrink,
      "between 0 and 1")
    try require.whole(lineSearchSteps, .lineSearchSteps, to: 1000)
  }
}
