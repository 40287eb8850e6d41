/// Every setting of A2C. Keys in files and on the command line are those of Stable-Baselines3.
public typealias A2CConfiguration = Settings<A2CSettings>

/// A2C's own settings.
public struct A2CSettings: AgentSettings {
  /// Step size of the optimiser; too large makes the policy collapse, too small wastes samples.
  public var learningRate: Schedule = 7e-4
  /// Weight of the entropy bonus; larger keeps exploring for longer.
  public var entropyCoefficient = 0.0
  /// Weight of the value function's error beside the policy's.
  public var valueCoefficient = 0.5
  /// Gradients with a larger global norm are scaled down to it.
  public var maxGradNorm = 0.5
  /// RMSprop as TensorFlow has it, as the published results were made; false uses Adam.
  public var usesRMSprop = true
  /// ε of the optimiser; larger damps the first steps.
  public var epsilon = 1e-5

  public init() {}

  public static let shared = RolloutSettings.with {
    $0.stepsPerRollout = 5
    $0.gaeLambda = 1
    $0.normalizeAdvantage = false
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case entropyCoefficient = "ent_coef"
    case valueCoefficient = "vf_coef"
    case maxGradNorm = "max_grad_norm"
    case usesRMSprop = "use_rms_prop"
    case epsilon = "rms_prop_eps"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.notNegative(entropyCoefficient, .entropyCoefficient)
    try require.notNegative(valueCoefficient, .valueCoefficient)
    try require.positive(maxGradNorm, .maxGradNorm)
    try require.positive(epsilon, .epsilon)
  }
}
