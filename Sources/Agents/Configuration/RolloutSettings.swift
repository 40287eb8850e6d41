import Envs
import Tensors

/// Settings of agents that learn from rollouts: their own and those of their networks.
public typealias RolloutSettings = Settings<OwnRolloutSettings>

/// Settings of agents that learn from rollouts of a fixed number of steps by generalised advantages, beside
/// those of their networks.
public struct OwnRolloutSettings: OwnSettings {
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

  public static let shared = NetworkSettings()

  enum CodingKeys: String, CodingKey, CaseIterable {
    case stepsPerRollout = "n_steps"
    case gaeLambda = "gae_lambda"
    case normalizeAdvantage = "normalize_advantage"
    case normalizeRewards = "normalize_rewards"
    case rewardClip = "reward_clip"
    case exploresByState = "use_sde"
    case noiseSteps = "sde_sample_freq"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.whole(stepsPerRollout, .stepsPerRollout, to: 1_000_000)
    try require.share(gaeLambda, .gaeLambda)
    try require.positive(rewardClip, .rewardClip)
    try require.holds(
      noiseSteps == -1 || 1...1_000_000 ~= noiseSteps, .noiseSteps, noiseSteps,
      "a whole number from 1 to 1000000, or -1")
  }

  public func validate(beside network: NetworkSettings) throws {
    try validate()
    let (cells, overflow) = network.environmentCount
      .multipliedReportingOverflow(by: stepsPerRollout)
    try Requirement<CodingKeys>().holds(
      !overflow && cells <= 1 << 28, .stepsPerRollout, stepsPerRollout,
      "small enough that n_envs × n_steps is at most 268435456")
  }
}
