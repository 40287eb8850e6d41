import Policy

/// Every setting of PPO. Keys in files and on the command line are those of Stable-Baselines3.
public typealias PPOConfiguration = Settings<PPOSettings>

/// PPO's own settings.
public struct PPOSettings: AgentSettings {
  /// Step size of Adam; too large makes the policy collapse, too small wastes samples.
  public var learningRate: Schedule = 3e-4
  /// Transitions of a minibatch; smaller ones update more often and with more noise.
  public var batchSize = 64
  /// Passes over a rollout; more reuse each sample further from where it was sampled.
  public var epochs = 10
  /// How far the probability of an action may move from where it was sampled before its gradient stops.
  public var clipRange: Schedule = 0.2
  /// The same for the value function; null leaves it free.
  public var valueClipRange: Schedule?
  /// Weight of the entropy bonus; larger keeps exploring for longer.
  public var entropyCoefficient = 0.0
  /// Weight of the value function's error beside the policy's.
  public var valueCoefficient = 0.5
  /// Gradients with a larger global norm are scaled down to it.
  public var maxGradNorm = 0.5
  /// An update stops early when the approximate KL divergence exceeds 1.5 times this; null never stops.
  public var targetKL: Double?
  /// Adam's ε; larger damps the first steps.
  public var adamEpsilon = 1e-5

  /// Weight of a penalty on the KL divergence from the policy that collected the rollout, which takes the place
  /// of the clipping; null clips. It adapts: doubled after an update that went further than 1.5 kl_target, halved
  /// after one that stayed below kl_target / 1.5.
  public var klCoefficient: Double?
  /// The divergence that the penalty's weight adapts to.
  public var klTarget = 0.01
  /// Recurrent layers before net_arch, for environments that hide a part of their state: none, lstm or gru.
  /// Minibatches are then whole rollouts of as many environments as batch_size has room for.
  public var recurrence = Recurrence.none
  /// Units of each recurrent layer.
  public var recurrentUnits = 256
  /// Recurrent layers one after another.
  public var recurrentLayers = 1
  /// Whether the value function reads the policy's recurrent layers instead of its own.
  public var sharesRecurrence = false

  public init() {}

  /// Kinds of recurrent layers.
  public enum Recurrence: String, Choice {
    case none, lstm, gru
  }

  /// The recurrent layers, nil where there are none.
  var memory: Memory.Form? {
    Memory.Kind(rawValue: recurrence.rawValue).map {
      Memory.Form(kind: $0, units: recurrentUnits, layers: recurrentLayers)
    }
  }

  public static let shared = RolloutSettings()

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case batchSize = "batch_size"
    case epochs = "n_epochs"
    case clipRange = "clip_range"
    case valueClipRange = "clip_range_vf"
    case entropyCoefficient = "ent_coef"
    case valueCoefficient = "vf_coef"
    case maxGradNorm = "max_grad_norm"
    case targetKL = "target_kl"
    case adamEpsilon = "adam_epsilon"
    case klCoefficient = "kl_coef"
    case klTarget = "kl_target"
    case recurrence = "recurrent"
    case recurrentUnits = "lstm_hidden_size"
    case recurrentLayers = "n_lstm_layers"
    case sharesRecurrence = "shared_lstm"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.whole(batchSize, .batchSize, to: 16_777_216)
    try require.whole(epochs, .epochs, to: 1000)
    try require.positive(clipRange.start, .clipRange)
    if let valueClipRange { try require.positive(valueClipRange.start, .valueClipRange) }
    try require.notNegative(entropyCoefficient, .entropyCoefficient)
    try require.notNegative(valueCoefficient, .valueCoefficient)
    try require.positive(maxGradNorm, .maxGradNorm)
    if let targetKL { try require.positive(targetKL, .targetKL) }
    try require.positive(adamEpsilon, .adamEpsilon)
    if let klCoefficient { try require.positive(klCoefficient, .klCoefficient) }
    try require.positive(klTarget, .klTarget)
    try require.whole(recurrentUnits, .recurrentUnits, to: 8192)
    try require.whole(recurrentLayers, .recurrentLayers, to: 8)
  }
}
