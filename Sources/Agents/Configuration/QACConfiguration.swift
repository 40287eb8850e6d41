/// Every setting of QAC.
public typealias QACConfiguration = Settings<QACSettings>

/// QAC's own settings.
public struct QACSettings: AgentSettings {
  /// Step size of the policy's Adam; far below the critic's, since the policy follows what the critic says.
  public var learningRate: Schedule = 1e-5
  /// Step size of the critic's Adam, as a multiple of the policy's.
  public var criticRate = 100.0
  /// Steps of each environment between two reports.
  public var stepsPerReport = 128

  public init() {}

  public static let shared: NetworkSettings = {
    var settings = NetworkSettings()
    settings.gamma = 0.98
    return settings
  }()

  public static let presets: [String: QACConfiguration] = [:]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case criticRate = "critic_rate"
    case stepsPerReport = "n_steps"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.positive(criticRate, .criticRate)
    try require.whole(stepsPerReport, .stepsPerReport, to: 1_000_000)
  }
}
