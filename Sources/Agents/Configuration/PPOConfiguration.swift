import Envs
import Tensors

/// Every setting of PPO. Keys in files and on the command line are those of Stable-Baselines3.
public struct PPOConfiguration: AgentConfiguration {
  /// Step size of Adam; too large makes the policy collapse, too small wastes samples.
  public var learningRate: Schedule = 3e-4
  /// Environments stepped side by side; more give less correlated and larger rollouts.
  public var environmentCount = 1
  /// Steps of each environment in a rollout; longer ones bootstrap less and update less often.
  public var stepsPerRollout = 2048
  /// Transitions of a minibatch; smaller ones update more often and with more noise.
  public var batchSize = 64
  /// Passes over a rollout; more reuse each sample further from where it was sampled.
  public var epochs = 10
  /// Discount factor; nearer 1 looks further ahead.
  public var gamma = 0.99
  /// λ of generalised advantage estimation; 0 trusts the value function, 1 the returns.
  public var gaeLambda = 0.95
  /// How far the probability of an action may move from where it was sampled before its gradient stops.
  public var clipRange: Schedule = 0.2
  /// The same for the value function; null leaves it free.
  public var valueClipRange: Schedule?
  /// Whether each minibatch's advantages are shifted to mean 0 and scaled to deviation 1.
  public var normalizeAdvantage = true
  /// Weight of the entropy bonus; larger keeps exploring for longer.
  public var entropyCoefficient = 0.0
  /// Weight of the value function's error beside the policy's.
  public var valueCoefficient = 0.5
  /// Gradients with a larger global norm are scaled down to it.
  public var maxGradNorm = 0.5
  /// An update stops early when the approximate KL divergence exceeds 1.5 times this; null never stops.
  public var targetKL: Double?
  /// Widths of the hidden layers of the policy network and of the value network.
  public var networkArchitecture = [64, 64]
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
  /// Whether rewards are divided by the deviation of the running discounted return.
  public var normalizeRewards = false
  /// Bound of scaled rewards.
  public var rewardClip = 10.0
  /// Adam's ε; larger damps the first steps.
  public var adamEpsilon = 1e-5
  /// Options of the environment, those that differ from its defaults, such as `{gravity: 12}`.
  public var environmentOptions: [String: OptionValue] = [:]

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case environmentCount = "n_envs"
    case stepsPerRollout = "n_steps"
    case batchSize = "batch_size"
    case epochs = "n_epochs"
    case gamma
    case gaeLambda = "gae_lambda"
    case clipRange = "clip_range"
    case valueClipRange = "clip_range_vf"
    case normalizeAdvantage = "normalize_advantage"
    case entropyCoefficient = "ent_coef"
    case valueCoefficient = "vf_coef"
    case maxGradNorm = "max_grad_norm"
    case targetKL = "target_kl"
    case networkArchitecture = "net_arch"
    case activation
    case orthogonalInitialization = "ortho_init"
    case logStdInit = "log_std_init"
    case normalizeObservations = "normalize_observations"
    case observationClip = "observation_clip"
    case normalizeRewards = "normalize_rewards"
    case rewardClip = "reward_clip"
    case adamEpsilon = "adam_epsilon"
    case environmentOptions = "env_kwargs"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  /// Checks every value.
  public func validate() throws {
    func require(_ holds: Bool, _ key: CodingKeys, _ value: Any, _ range: String) throws {
      if !holds { throw RunError(.usage, "\(key.rawValue) is \(value), but must be \(range)") }
    }
    func positive(_ value: Double, _ key: CodingKeys) throws {
      try require(value > 0 && value.isFinite, key, value, "a positive number")
    }
    func notNegative(_ value: Double, _ key: CodingKeys) throws {
      try require(value >= 0 && value.isFinite, key, value, "0 or a positive number")
    }
    func whole(_ value: Int, _ key: CodingKeys, to limit: Int) throws {
      try require(1...limit ~= value, key, value, "a whole number from 1 to \(limit)")
    }
    try positive(learningRate.start, .learningRate)
    try whole(environmentCount, .environmentCount, to: 65_536)
    try whole(stepsPerRollout, .stepsPerRollout, to: 1_000_000)
    try whole(batchSize, .batchSize, to: 16_777_216)
    try whole(epochs, .epochs, to: 1000)
    try require(0...1 ~= gamma, .gamma, gamma, "from 0 to 1")
    try require(0...1 ~= gaeLambda, .gaeLambda, gaeLambda, "from 0 to 1")
    try positive(clipRange.start, .clipRange)
    if let valueClipRange { try positive(valueClipRange.start, .valueClipRange) }
    try notNegative(entropyCoefficient, .entropyCoefficient)
    try notNegative(valueCoefficient, .valueCoefficient)
    try positive(maxGradNorm, .maxGradNorm)
    if let targetKL { try positive(targetKL, .targetKL) }
    try require(
      networkArchitecture.count <= 16 && networkArchitecture.allSatisfy { 1...65_536 ~= $0 },
      .networkArchitecture, networkArchitecture, "at most 16 widths from 1 to 65536")
    try require(
      logStdInit.isFinite && logStdInit.magnitude <= 20, .logStdInit, logStdInit, "from -20 to 20")
    try positive(observationClip, .observationClip)
    try positive(rewardClip, .rewardClip)
    try positive(adamEpsilon, .adamEpsilon)
    let (cells, overflow) = environmentCount.multipliedReportingOverflow(by: stepsPerRollout)
    try require(
      !overflow && cells <= 1 << 28, .stepsPerRollout, stepsPerRollout,
      "small enough that n_envs × n_steps is at most 268435456")
  }
}
