import Envs
import Tensors

/// What stands between observations and the layers of the networks.
public enum FeatureExtractorKind: String, Choice {
  /// Convolutions over pictures of bytes: Nature's from 36 × 36 on, MinAtar's below; else nothing.
  case automatic = "auto"
  /// The convolutions of Mnih et al. (2015).
  case nature
  /// The convolution of Young and Tian (2019).
  case minAtar = "minatar"
  /// Nothing: numbers are read as they are.
  case flatten
}

/// Settings of every agent's networks and of what they read.
public struct NetworkSettings: SharedSettings {
  /// Environments stepped side by side; more give less correlated experience.
  public var environmentCount = 1
  /// Discount factor; nearer 1 looks further ahead.
  public var gamma = 0.99
  /// Widths of the hidden layers of the policy network and of the value network.
  public var networkArchitecture = [64, 64]
  /// What reads pictures: auto, nature, minatar or flatten.
  public var featureExtractor = FeatureExtractorKind.automatic
  /// Whether policy and value function share the layers that read pictures and those of shared_net_arch.
  public var sharesFeatures = true
  /// Widths of layers before those of net_arch, which both networks may share.
  public var sharedArchitecture: [Int] = []
  /// Activation between the layers: tanh, relu or sigmoid.
  public var activation: Activation = .tanh
  /// Orthogonal initial weights with the gains √2, 0.01 and 1; false gives PyTorch's default ones.
  public var orthogonalInitialization = true
  /// Initial log σ of a Gaussian policy; lower explores less.
  public var logStdInit = 0.0
  /// Whether observations are shifted and scaled by their running mean and deviation.
  public var normalizeObservations = false
  /// Bound of normalised observations.
  public var observationClip = 10.0
  /// Options of the environment, those that differ from its defaults, such as `{gravity: 12}`.
  public var environmentOptions: [String: OptionValue] = [:]

  public init() {}

  /// These settings themselves.
  public var network: NetworkSettings {
    get { self }
    set { self = newValue }
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case environmentCount = "n_envs"
    case gamma
    case networkArchitecture = "net_arch"
    case featureExtractor = "features_extractor"
    case sharesFeatures = "share_features_extractor"
    case sharedArchitecture = "shared_net_arch"
    case activation
    case orthogonalInitialization = "ortho_init"
    case logStdInit = "log_std_init"
    case normalizeObservations = "normalize_observations"
    case observationClip = "observation_clip"
    case environmentOptions = "env_kwargs"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.whole(environmentCount, .environmentCount, to: 65_536)
    try require.share(gamma, .gamma)
    try require.holds(
      networkArchitecture.count <= 16 && networkArchitecture.allSatisfy { 1...65_536 ~= $0 },
      .networkArchitecture, networkArchitecture, "at most 16 widths from 1 to 65536")
    try require.holds(
      sharedArchitecture.count <= 14 && sharedArchitecture.allSatisfy { 1...65_536 ~= $0 },
      .sharedArchitecture, sharedArchitecture, "at most 14 widths from 1 to 65536")
    try require.holds(
      logStdInit.isFinite && logStdInit.magnitude <= 20, .logStdInit, logStdInit, "from -20 to 20")
    try require.positive(observationClip, .observationClip)
  }
}
