extension PPOConfiguration {
  /// Settings that are known to work, by environment: those of rl-baselines3-zoo where it has them.
  private static let presets: [String: PPOConfiguration] = {
    var cartPole = PPOConfiguration()
    cartPole.environmentCount = 8
    cartPole.stepsPerRollout = 32
    cartPole.batchSize = 256
    cartPole.epochs = 20
    cartPole.gamma = 0.98
    cartPole.gaeLambda = 0.8
    cartPole.learningRate = .linear(1e-3)
    cartPole.clipRange = .linear(0.2)
    return ["CartPole-v0": cartPole, "CartPole-v1": cartPole]
  }()

  /// The preset of an environment, or the defaults where it has none.
  public static func preset(_ environment: String) -> PPOConfiguration {
    presets[environment] ?? PPOConfiguration()
  }

  /// The environments that have a preset.
  public static var presetEnvironments: [String] { presets.keys.sorted() }
}
