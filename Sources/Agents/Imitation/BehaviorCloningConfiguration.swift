import Envs
import Tensors

/// Every setting of behaviour cloning.
public typealias BehaviorCloningConfiguration = Settings<BehaviorCloningSettings>

/// Behaviour cloning's own settings.
public struct BehaviorCloningSettings: AgentSettings {
  /// The file of demonstrations; see `Demonstrations` for what it holds.
  public var demonstrations = ""
  /// Step size of Adam.
  public var learningRate: Schedule = 1e-3
  /// Steps of a minibatch.
  public var batchSize = 32
  /// Weight of the entropy bonus; keeps a policy from being surer than its few demonstrations allow.
  public var entropyCoefficient = 1e-3
  /// Weight of half the squared parameters; larger fits less closely.
  public var weightDecay = 0.0

  public init() {}

  public static let shared = ClonedNetworkSettings()

  public static let presets: [String: BehaviorCloningConfiguration] = [:]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case demonstrations
    case learningRate = "learning_rate"
    case batchSize = "batch_size"
    case entropyCoefficient = "ent_coef"
    case weightDecay = "l2_weight"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.whole(batchSize, .batchSize, to: 16_777_216)
    try require.notNegative(entropyCoefficient, .entropyCoefficient)
    try require.notNegative(weightDecay, .weightDecay)
  }
}

/// The settings of a policy that learns from a file: it steps no environment and discounts nothing.
@dynamicMemberLookup
public struct ClonedNetworkSettings: SharedSettings {
  public var network = NetworkSettings()

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case networkArchitecture = "net_arch"
    case activation
    case orthogonalInitialization = "ortho_init"
    case logStdInit = "log_std_init"
    case normalizeObservations = "normalize_observations"
    case observationClip = "observation_clip"
    case environmentOptions = "env_kwargs"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public subscript<Value>(dynamicMember path: WritableKeyPath<NetworkSettings, Value>) -> Value {
    get { network[keyPath: path] }
    set { network[keyPath: path] = newValue }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    network.networkArchitecture = try values.decode([Int].self, forKey: .networkArchitecture)
    network.activation = try values.decode(Activation.self, forKey: .activation)
    network.orthogonalInitialization = try values.decode(
      Bool.self, forKey: .orthogonalInitialization)
    network.logStdInit = try values.decode(Double.self, forKey: .logStdInit)
    network.normalizeObservations = try values.decode(Bool.self, forKey: .normalizeObservations)
    network.observationClip = try values.decode(Double.self, forKey: .observationClip)
    network.environmentOptions = try values.decode(
      [String: OptionValue].self, forKey: .environmentOptions)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(network.networkArchitecture, forKey: .networkArchitecture)
    try values.encode(network.activation, forKey: .activation)
    try values.encode(network.orthogonalInitialization, forKey: .orthogonalInitialization)
    try values.encode(network.logStdInit, forKey: .logStdInit)
    try values.encode(network.normalizeObservations, forKey: .normalizeObservations)
    try values.encode(network.observationClip, forKey: .observationClip)
    try values.encode(network.environmentOptions, forKey: .environmentOptions)
  }

  public func validate() throws { try network.validate() }
}
