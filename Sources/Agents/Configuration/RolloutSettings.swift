import Envs
import Tensors

/// Settings of agents that learn from rollouts of a fixed number of steps by generalised advantages, beside
/// those of their networks.
@dynamicMemberLookup
public struct RolloutSettings: SharedSettings {
  public var network = NetworkSettings()
  /// Steps of each environment in a rollout; longer ones bootstrap less and update less often.
  public var stepsPerRollout = 2048
  /// λ of generalised advantage estimation; 0 trusts the value function, 1 the returns.
  public var gaeLambda = 0.95
  /// Whether advantages are shifted to mean 0 and scaled to deviation 1 before they are learnt from.
  public var normalizeAdvantage = true
  /// Whether rewards are divided by the deviation of the running discounted return.
  public var normalizeRewards = false
  /// Bound of scaled rewards.
  public var rewardClip = 10.0

  /// Whether the noise of a Gaussian policy is a function of the state, kept for some steps, which shakes a
  /// robot less (generalised state-dependent exploration, gSDE).
  public var exploresByState = false
  /// Steps after which that function is drawn anew; -1 draws it once a rollout.
  public var noiseSteps = -1

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case stepsPerRollout = "n_steps"
    case gaeLambda = "gae_lambda"
    case normalizeAdvantage = "normalize_advantage"
    case normalizeRewards = "normalize_rewards"
    case rewardClip = "reward_clip"
    case exploresByState = "use_sde"
    case noiseSteps = "sde_sample_freq"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) + NetworkSettings.keys }

  public subscript<Value>(dynamicMember path: WritableKeyPath<NetworkSettings, Value>) -> Value {
    get { network[keyPath: path] }
    set { network[keyPath: path] = newValue }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    network = try NetworkSettings(from: decoder)
    stepsPerRollout = try values.decode(Int.self, forKey: .stepsPerRollout)
    gaeLambda = try values.decode(Double.self, forKey: .gaeLambda)
    normalizeAdvantage = try values.decode(Bool.self, forKey: .normalizeAdvantage)
    normalizeRewards = try values.decode(Bool.self, forKey: .normalizeRewards)
    rewardClip = try values.decode(Double.self, forKey: .rewardClip)
    exploresByState = try values.decode(Bool.self, forKey: .exploresByState)
    noiseSteps = try values.decode(Int.self, forKey: .noiseSteps)
  }

  public func encode(to encoder: any Encoder) throws {
    try network.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(stepsPerRollout, forKey: .stepsPerRollout)
    try values.encode(gaeLambda, forKey: .gaeLambda)
    try values.encode(normalizeAdvantage, forKey: .normalizeAdvantage)
    try values.encode(normalizeRewards, forKey: .normalizeRewards)
    try values.encode(rewardClip, forKey: .rewardClip)
    try values.encode(exploresByState, forKey: .exploresByState)
    try values.encode(noiseSteps, forKey: .noiseSteps)
  }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try network.validate()
    try require.whole(stepsPerRollout, .stepsPerRollout, to: 1_000_000)
    try require.share(gaeLambda, .gaeLambda)
    try require.positive(rewardClip, .rewardClip)
    try require.holds(
      noiseSteps == -1 || 1...1_000_000 ~= noiseSteps, .noiseSteps, noiseSteps,
      "a whole number from 1 to 1000000, or -1")
    let (cells, overflow) = network.environmentCount
      .multipliedReportingOverflow(by: stepsPerRollout)
    try require.holds(
      !overflow && cells <= 1 << 28, .stepsPerRollout, stepsPerRollout,
      "small enough that n_envs × n_steps is at most 268435456")
  }

  /// The defaults with some settings changed.
  static func with(_ change: (inout Self) -> Void) -> Self {
    var settings = Self()
    change(&settings)
    return settings
  }
}
