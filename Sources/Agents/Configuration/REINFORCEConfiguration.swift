/// Every setting of REINFORCE.
public typealias REINFORCEConfiguration = Settings<REINFORCESettings>

/// REINFORCE's own settings. Each environment plays one episode an update, so `n_envs` is the episodes an
/// update learns from.
public struct REINFORCESettings: AgentSettings {
  /// Step size of Adam; too large makes the policy collapse, too small wastes episodes.
  public var learningRate: Schedule = 1e-3
  /// Whether a learnt value function is subtracted from the returns, which takes variance away and no bias in.
  public var usesBaseline = true
  /// Weight of the baseline's error beside the policy's.
  public var valueCoefficient = 0.5
  /// Whether what actions are weighted by is shifted to mean 0 and scaled to deviation 1.
  public var normalizeAdvantage = true
  /// Weight of the entropy bonus; larger keeps exploring for longer.
  public var entropyCoefficient = 0.0
  /// Gradients with a larger global norm are scaled down to it.
  public var maxGradNorm = 0.5
  /// The most steps learnt from as one episode; a longer one goes on in the next update.
  public var longestEpisode = 10_000

  public init() {}

  public static let shared: NetworkSettings = {
    var settings = NetworkSettings()
    settings.environmentCount = 8
    return settings
  }()

  public static let presets: [String: REINFORCEConfiguration] = [:]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case usesBaseline = "use_baseline"
    case valueCoefficient = "vf_coef"
    case normalizeAdvantage = "normalize_advantage"
    case entropyCoefficient = "ent_coef"
    case maxGradNorm = "max_grad_norm"
    case longestEpisode = "max_episode_steps"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.notNegative(valueCoefficient, .valueCoefficient)
    try require.notNegative(entropyCoefficient, .entropyCoefficient)
    try require.positive(maxGradNorm, .maxGradNorm)
    try require.whole(longestEpisode, .longestEpisode, to: 1_000_000)
  }
}
