/// Every setting of DDPG. Keys in files and on the command line are those of Stable-Baselines3 and, for the
/// noise, of rl-baselines3-zoo.
public typealias DDPGConfiguration = Settings<DDPGSettings>

/// DDPG's own settings.
public struct DDPGSettings: AgentSettings {
  /// Step size of Adam, for the actor and for the critic.
  public var learningRate: Schedule = 1e-3
  /// What is added to actions while training: `normal`, or `ornstein-uhlenbeck`, which drifts.
  public var noiseType = NoiseType.normal
  /// Deviation of the noise, where actions span −1 to 1; more explores wider.
  public var noiseStd = 0.1

  public init() {}

  public static let shared = ReplaySettings.with { $0.networkArchitecture = [400, 300] }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case noiseType = "noise_type"
    case noiseStd = "noise_std"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.notNegative(noiseStd, .noiseStd)
  }
}
