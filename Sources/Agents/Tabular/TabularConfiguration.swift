import Envs

/// Every setting of SARSA, expected SARSA and Q-learning.
public typealias TabularConfiguration = Settings<TabularSettings>

/// The settings of agents that learn a table.
public struct TabularSettings: AgentSettings {
  /// α, the part of each error that a value moves by; lower averages over more of what chance does.
  public var learningRate: Schedule = 0.1
  /// ε at the start: how often an action is drawn from all.
  public var initialEpsilon = 1.0
  /// ε at the end of exploring and after it.
  public var finalEpsilon = 0.05
  /// The part of training over which ε falls.
  public var explorationFraction = 0.5
  /// What every value starts from; one above all returns makes the agent try everything.
  public var initialValue = 0.0
  /// Steps of each environment between two reports.
  public var stepsPerReport = 1000

  public init() {}

  public static let shared = TableSettings()

  public static let presets: [String: TabularConfiguration] = [:]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case initialEpsilon = "exploration_initial_eps"
    case finalEpsilon = "exploration_final_eps"
    case explorationFraction = "exploration_fraction"
    case initialValue = "initial_value"
    case stepsPerReport = "n_steps"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.holds(
      learningRate.start > 0 && learningRate.start <= 1, .learningRate, learningRate,
      "above 0 and at most 1")
    try require.share(initialEpsilon, .initialEpsilon)
    try require.share(finalEpsilon, .finalEpsilon)
    try require.share(explorationFraction, .explorationFraction)
    try require.holds(initialValue.isFinite, .initialValue, initialValue, "a number")
    try require.whole(stepsPerReport, .stepsPerReport, to: 1_000_000)
  }

  /// α and ε when `progressRemaining` (1 at the start, 0 at the end) is left.
  func rates(at progressRemaining: Double) -> (learningRate: Double, epsilon: Double) {
    let explored =
      explorationFraction > 0 ? min(1, (1 - progressRemaining) / explorationFraction) : 1
    return (
      learningRate.value(at: progressRemaining),
      initialEpsilon + explored * (finalEpsilon - initialEpsilon)
    )
  }
}

/// What an agent with a table shares with others: it has no networks to set up.
public struct TableSettings: SharedSettings {
  public var network = NetworkSettings()

  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case environmentCount = "n_envs"
    case gamma
    case environmentOptions = "env_kwargs"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public var gamma: Double {
    get { network.gamma }
    set { network.gamma = newValue }
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    network.environmentCount = try values.decode(Int.self, forKey: .environmentCount)
    network.gamma = try values.decode(Double.self, forKey: .gamma)
    network.environmentOptions = try values.decode(
      [String: OptionValue].self, forKey: .environmentOptions)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(network.environmentCount, forKey: .environmentCount)
    try values.encode(network.gamma, forKey: .gamma)
    try values.encode(network.environmentOptions, forKey: .environmentOptions)
  }

  public func validate() throws { try network.validate() }
}
