/// GAIL's settings: the discriminator's beside those of the agent that learns from it.
public struct GAILSettings<Learner: AgentSettings>: AgentSettings
where Learner.Shared == RolloutSettings {
  public var discriminator = DiscriminatorSettings()
  public var learner = Learner()

  public init() {}

  public static var shared: RolloutSettings { Learner.shared }
  public static var presets: [String: Settings<Self>] { [:] }
  public static var keys: [String] { DiscriminatorSettings.keys + Learner.keys }

  public init(from decoder: any Decoder) throws {
    discriminator = try DiscriminatorSettings(from: decoder)
    learner = try Learner(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try discriminator.encode(to: encoder)
    try learner.encode(to: encoder)
  }

  public func validate() throws {
    try discriminator.validate()
    try learner.validate()
  }
}

/// The settings of what tells demonstrated steps from the learner's.
public struct DiscriminatorSettings: SettingsGroup {
  /// The file of demonstrations; see `Demonstrations` for what it holds.
  public var demonstrations = ""
  /// How steps are told apart: ordinary or wasserstein.
  public var loss: Discriminator.Loss = .ordinary
  /// Weight of (|∇f| − 1)² between the two kinds of steps; null is 10 for wasserstein, which needs it, and 0 for
  /// ordinary.
  public var gradientPenalty: Double?
  /// Step size of its Adam.
  public var learningRate = 3e-4
  /// Minibatches after each rollout; more tell better apart and leave the learner less to follow.
  public var updates = 4
  /// Steps of each kind in a minibatch.
  public var batchSize = 256
  /// Widths of its hidden layers.
  public var architecture = [64, 64]

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case demonstrations
    case loss = "disc_loss"
    case gradientPenalty = "disc_gradient_penalty"
    case learningRate = "disc_learning_rate"
    case updates = "disc_updates"
    case batchSize = "disc_batch_size"
    case architecture = "disc_net_arch"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  /// The weight of the penalty that is meant.
  var penaltyWeight: Double { gradientPenalty ?? (loss == .wasserstein ? 10 : 0) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    if let gradientPenalty { try require.notNegative(gradientPenalty, .gradientPenalty) }
    try require.positive(learningRate, .learningRate)
    try require.whole(updates, .updates, to: 100_000)
    try require.whole(batchSize, .batchSize, to: 16_777_216)
    try require.holds(
      architecture.count <= 16 && architecture.allSatisfy { 1...65_536 ~= $0 }, .architecture,
      architecture, "at most 16 widths from 1 to 65536")
  }
}
