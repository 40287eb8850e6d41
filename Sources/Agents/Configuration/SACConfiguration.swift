import Foundation

/// Every setting of SAC. Keys in files and on the command line are those of Stable-Baselines3 and, for the
/// noise, of rl-baselines3-zoo.
public typealias SACConfiguration = Settings<SACSettings>

/// SAC's own settings.
public struct SACSettings: AgentSettings {
  /// Step size of Adam, for the actor, the critics and the temperature.
  public var learningRate: Schedule = 3e-4
  /// α, the weight of the policy's entropy: a number, or `auto`, which learns it so that the entropy comes to
  /// `target_entropy`; `auto_0.1` starts it from 0.1.
  public var entropyCoefficient = Temperature.automatic(1)
  /// The entropy that an automatic α aims at; null for minus the numbers of an action.
  public var targetEntropy: Double?
  /// Updates for each of the targets.
  public var targetUpdateInterval = 1
  /// What is added to actions while training, on top of the policy's own chance.
  public var noiseType = NoiseType.normal
  /// Deviation of that noise, where actions span −1 to 1; 0 for none.
  public var noiseStd = 0.0

  public init() {}

  public static let shared = ReplaySettings.with { $0.networkArchitecture = [256, 256] }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case learningRate = "learning_rate"
    case entropyCoefficient = "ent_coef"
    case targetEntropy = "target_entropy"
    case targetUpdateInterval = "target_update_interval"
    case noiseType = "noise_type"
    case noiseStd = "noise_std"
  }

  public static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  public func validate() throws {
    let require = Requirement<CodingKeys>()
    try require.positive(learningRate.start, .learningRate)
    try require.positive(entropyCoefficient.start, .entropyCoefficient)
    if let targetEntropy {
      try require.holds(
        targetEntropy.isFinite, .targetEntropy, targetEntropy, "a number, or null")
    }
    try require.whole(targetUpdateInterval, .targetUpdateInterval, to: 1_000_000)
    try require.notNegative(noiseStd, .noiseStd)
  }
}

/// The weight of the entropy: a constant, or one that is learnt.
public enum Temperature: Sendable, Equatable, Codable {
  case constant(Double)
  case automatic(Double)

  /// What it is at first.
  public var start: Double {
    switch self {
    case .constant(let value), .automatic(let value): value
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .constant(number)
      return
    }
    let text = (try? container.decode(String.self)) ?? ""
    if text == "auto" {
      self = .automatic(1)
    } else if text.hasPrefix("auto_"), let start = Double(text.dropFirst(5)) {
      self = .automatic(start)
    } else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "the weight of the entropy is a number such as 0.1, auto, or auto_0.1")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .constant(let value): try container.encode(value)
    case .automatic(let start): try container.encode(start == 1 ? "auto" : "auto_\(start)")
    }
  }
}
