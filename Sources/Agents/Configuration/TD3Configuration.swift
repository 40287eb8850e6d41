/// Every setting of TD3. Keys in files and on the command line are those of Stable-Baselines3 and, for the
/// noise, of rl-baselines3-zoo.
public typealias TD3Configuration = Settings<TD3Settings>

/// TD3's own settings.
public struct TD3Settings: AgentSettings {
  /// Step size of Adam, for the actor and for the critics.
  public var learningRate: Schedule = 1e-3
  /// Updates of the critics for each of the actor and of the targets.
  public var policyDelay = 2
  /// Deviation of the noise on the target's actions, which smooths the critics over them.
  public var targetPolicyNoise = 0.2
  /// Bound of that noise.
  public var targetNoiseClip = 0.5
  /// What is added to actions while training: `normal`, or `ornstein-uhlenbeck`, which drifts.
  public var noiseType = NoiseType.normal
  /// Deviation of the noise, where actions span −1 to 1; more explores wider.
  public var noiseStd = 0.1

  public init() {}

  public static let shared = ReplaySettings.with { $0.networkArchitecture = [400, 300] }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case policyDelay = "policy_delay"
    case targetPolicyNoise = "target_policy_noise"
    case targetNoiseClip = "target_noise_clip"
    case noiseType = "noise_type"
    case noiseStd = "noise_std"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.whole(policyDelay, .policyDelay, to: 1000)
    try require.notNegative(targetPolicyNoise, .targetPolicyNoise)
    try require.notNegative(targetNoiseClip, .targetNoiseClip)
    try require.notNegative(noiseStd, .noiseStd)
  }
}
