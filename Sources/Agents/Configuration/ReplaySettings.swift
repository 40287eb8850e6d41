import Envs
import Replay
import Tensors

/// Settings of agents that learn from replay: their own and those of their networks.
public typealias ReplaySettings = Settings<OwnReplaySettings>

/// Settings of agents that learn from replay, beside those of their networks.
public struct OwnReplaySettings: OwnSettings {
  /// Rows of the replay buffer: steps, and one more an episode; a larger one forgets later.
  public var bufferSize = 1_000_000
  /// Steps of random actions before learning begins.
  public var learningStarts = 100
  /// Transitions of a minibatch.
  public var batchSize = 256
  /// Steps of each environment between two rounds of learning.
  public var trainFrequency = 1
  /// Minibatches of a round; −1 takes as many as steps were taken since the last one.
  public var gradientSteps = 1
  /// How far target networks move towards the learnt ones at a time; smaller is steadier and slower.
  public var tau = 0.005
  /// Rewards that are summed before a target bootstraps; more carry a reward back faster, and off-policy.
  public var stepsPerReturn = 1
  /// Whether checkpoints hold the replay buffer; without it a run that goes on is not the same to the last bit.
  public var savesReplay = true
  /// Steps of each environment between two reports, which is where checkpoints can be written.
  public var reportInterval = 250

  public init() {}

  public static let shared: NetworkSettings = {
    var settings = NetworkSettings()
    settings.orthogonalInitialization = false
    settings.activation = .relu
    return settings
  }()

  enum CodingKeys: String, CodingKey, CaseIterable {
    case bufferSize = "buffer_size"
    case learningStarts = "learning_starts"
    case batchSize = "batch_size"
    case trainFrequency = "train_freq"
    case gradientSteps = "gradient_steps"
    case tau
    case stepsPerReturn = "n_steps"
    case savesReplay = "save_replay_buffer"
    case reportInterval = "report_interval"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.whole(bufferSize, .bufferSize, from: 64, to: 1 << 36)
    try require.whole(learningStarts, .learningStarts, from: 0, to: 1 << 40)
    try require.whole(batchSize, .batchSize, to: 1_048_576)
    try require.whole(trainFrequency, .trainFrequency, to: 1_000_000)
    try require.whole(gradientSteps, .gradientSteps, from: -1, to: 1_000_000)
    try require.holds(tau > 0 && tau <= 1, .tau, tau, "above 0 and at most 1")
    try require.whole(stepsPerReturn, .stepsPerReturn, to: 1000)
    try require.whole(reportInterval, .reportInterval, to: 1_000_000)
  }

  public func validate(beside network: NetworkSettings) throws {
    try validate()
    try Requirement<CodingKeys>().holds(
      bufferSize >= 16 * network.environmentCount, .bufferSize, bufferSize,
      "at least sixteen rows for each of the \(network.environmentCount) environments")
  }
}

/// How actions that a network is sure of are disturbed so that others are tried.
public enum NoiseType: String, Choice {
  case normal
  case ornsteinUhlenbeck = "ornstein-uhlenbeck"
}

extension HindsightGoals.Strategy: Choice {}
