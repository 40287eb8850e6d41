import Envs
import Replay
import Tensors

/// Settings of agents that learn from replay, beside those of their networks.
@dynamicMemberLookup
public struct ReplaySettings: SharedSettings {
  public var network = NetworkSettings()
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

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) + NetworkSettings.keys }

  public subscript<Value>(dynamicMember path: WritableKeyPath<NetworkSettings, Value>) -> Value {
    get { network[keyPath: path] }
    set { network[keyPath: path] = newValue }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    network = try NetworkSettings(from: decoder)
    bufferSize = try values.decode(Int.self, forKey: .bufferSize)
    learningStarts = try values.decode(Int.self, forKey: .learningStarts)
    batchSize = try values.decode(Int.self, forKey: .batchSize)
    trainFrequency = try values.decode(Int.self, forKey: .trainFrequency)
    gradientSteps = try values.decode(Int.self, forKey: .gradientSteps)
    tau = try values.decode(Double.self, forKey: .tau)
    stepsPerReturn = try values.decode(Int.self, forKey: .stepsPerReturn)
    savesReplay = try values.decode(Bool.self, forKey: .savesReplay)
    reportInterval = try values.decode(Int.self, forKey: .reportInterval)
  }

  public func encode(to encoder: any Encoder) throws {
    try network.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(bufferSize, forKey: .bufferSize)
    try values.encode(learningStarts, forKey: .learningStarts)
    try values.encode(batchSize, forKey: .batchSize)
    try values.encode(trainFrequency, forKey: .trainFrequency)
    try values.encode(gradientSteps, forKey: .gradientSteps)
    try values.encode(tau, forKey: .tau)
    try values.encode(stepsPerReturn, forKey: .stepsPerReturn)
    try values.encode(savesReplay, forKey: .savesReplay)
    try values.encode(reportInterval, forKey: .reportInterval)
  }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try network.validate()
    try require.whole(bufferSize, .bufferSize, from: 64, to: 1 << 36)
    try require.holds(
      bufferSize >= 16 * network.environmentCount, .bufferSize, bufferSize,
      "at least sixteen rows for each of the \(network.environmentCount) environments")
    try require.whole(learningStarts, .learningStarts, from: 0, to: 1 << 40)
    try require.whole(batchSize, .batchSize, to: 1_048_576)
    try require.whole(trainFrequency, .trainFrequency, to: 1_000_000)
    try require.whole(gradientSteps, .gradientSteps, from: -1, to: 1_000_000)
    try require.holds(tau > 0 && tau <= 1, .tau, tau, "above 0 and at most 1")
    try require.whole(stepsPerReturn, .stepsPerReturn, to: 1000)
    try require.whole(reportInterval, .reportInterval, to: 1_000_000)
  }

  /// The defaults with some settings changed.
  static func with(_ change: (inout Self) -> Void) -> Self {
    var settings = Self()
    settings.network.orthogonalInitialization = false
    settings.network.activation = .relu
    change(&settings)
    return settings
  }
}

/// How actions that a network is sure of are disturbed so that others are tried.
public enum NoiseType: String, Choice {
  case normal
  case ornsteinUhlenbeck = "ornstein-uhlenbeck"
}

extension HindsightGoals.Strategy: Choice {}
