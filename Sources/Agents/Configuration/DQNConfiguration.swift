import Replay

/// Every setting of DQN. Keys in files and on the command line are those of Stable-Baselines3, of its
/// predecessor for prioritised replay, and of its hindsight replay.
public typealias DQNConfiguration = Settings<DQNSettings>

/// DQN's own settings.
public struct DQNSettings: AgentSettings {
  /// Step size of Adam.
  public var learningRate: Schedule = 1e-4
  /// Steps, over all environments, between two moves of the target network.
  public var targetUpdateInterval = 10_000
  /// The part of training over which ε goes from its initial to its final value.
  public var explorationFraction = 0.1
  /// Share of random actions at first.
  public var explorationInitial = 1.0
  /// Share of random actions in the end.
  public var explorationFinal = 0.05
  /// Gradients with a larger global norm are scaled down to it.
  public var maxGradNorm = 10.0
  /// Whether the learnt network chooses the action that the target network values (van Hasselt et
  /// al., 2016); without it values come out too high.
  public var doubleQ = false
  /// Whether values are put together from the state's and the actions' advantages (Wang et al., 2016).
  public var dueling = false
  /// Whether transitions with large errors are learnt from more often (Schaul et al., 2016).
  public var prioritizedReplay = false
  /// How much more often: 0 uniform, 1 in proportion to the error.
  public var prioritizedAlpha = 0.6
  /// How much of that the weights make up for at first; 1 in the end.
  public var prioritizedBeta = 0.4
  /// Numbers that a value is a distribution over (C51, Bellemare et al., 2017); 1 for plain values.
  public var atomCount = 1
  /// The lowest and highest of them.
  public var lowestValue = -10.0
  public var highestValue = 10.0
  /// Which goals achieved later are learnt from as if they had been desired: future or final; null
  /// for none (Andrychowicz et al., 2017).
  public var goalStrategy: HindsightGoals.Strategy?
  /// Transitions with such a goal for each with its own.
  public var sampledGoals = 4

  public init() {}

  public static let shared = ReplaySettings.with {
    $0.batchSize = 32
    $0.trainFrequency = 4
    $0.tau = 1
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case targetUpdateInterval = "target_update_interval"
    case explorationFraction = "exploration_fraction"
    case explorationInitial = "exploration_initial_eps"
    case explorationFinal = "exploration_final_eps"
    case maxGradNorm = "max_grad_norm"
    case doubleQ = "double_q"
    case dueling
    case prioritizedReplay = "prioritized_replay"
    case prioritizedAlpha = "prioritized_replay_alpha"
    case prioritizedBeta = "prioritized_replay_beta0"
    case atomCount = "n_atoms"
    case lowestValue = "v_min"
    case highestValue = "v_max"
    case goalStrategy = "goal_selection_strategy"
    case sampledGoals = "n_sampled_goal"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.whole(targetUpdateInterval, .targetUpdateInterval, to: 1_000_000_000)
    try require.share(explorationFraction, .explorationFraction)
    try require.share(explorationInitial, .explorationInitial)
    try require.share(explorationFinal, .explorationFinal)
    try require.positive(maxGradNorm, .maxGradNorm)
    try require.share(prioritizedAlpha, .prioritizedAlpha)
    try require.share(prioritizedBeta, .prioritizedBeta)
    try require.whole(atomCount, .atomCount, to: 1000)
    // As the networks have them: what is apart in 64 bits may be one number in 32, or none.
    let step = (Float(highestValue) - Float(lowestValue)) / Float(max(atomCount - 1, 1))
    try require.holds(
      step > 0 && step.isFinite, .lowestValue, lowestValue,
      "below v_max, which is \(highestValue), and the steps between them numbers of 32 bits")
    try require.whole(sampledGoals, .sampledGoals, to: 1000)
    try require.holds(
      goalStrategy == nil || !prioritizedReplay, .prioritizedReplay, prioritizedReplay,
      "false with a goal_selection_strategy: priorities belong to transitions with their own goals")
  }
}
