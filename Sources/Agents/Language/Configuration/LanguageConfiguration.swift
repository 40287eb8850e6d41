import Envs
import Language

/// The settings that one language agent has and no other, beside those of its model.
public protocol LanguageAgentSettings: SettingsGroup {
  /// What the learning rate is where nobody sets one, by what is trained.
  static func learningRate(_ trained: TrainedPart) -> Double
}

/// What of a model is trained.
public enum TrainedPart: Sendable {
  /// Low-rank adapters beside a frozen model.
  case adapters
  /// Every parameter of a model that knows something.
  case all
  /// Every parameter of the project's own small model.
  case small
}

/// Every setting of a language agent: its own and those of its model, read and written as one flat mapping.
///
/// ```swift
/// var configuration = GRPOConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// configuration = try configuration.applying("num_generations=16")   // by the name it has in files
/// ```
@dynamicMemberLookup
public struct LanguageConfiguration<Own: LanguageAgentSettings>: SettingsGroup {
  public var own = Own()
  public var shared = ModelSettings()

  public init() {}

  public subscript<Value>(dynamicMember path: WritableKeyPath<Own, Value>) -> Value {
    get { own[keyPath: path] }
    set { own[keyPath: path] = newValue }
  }

  public subscript<Value>(dynamicMember path: WritableKeyPath<ModelSettings, Value>) -> Value {
    get { shared[keyPath: path] }
    set { shared[keyPath: path] = newValue }
  }

  public init(from decoder: any Decoder) throws {
    own = try Own(from: decoder)
    shared = try ModelSettings(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try own.encode(to: encoder)
    try shared.encode(to: encoder)
  }

  public static var keys: [String] { ModelSettings.keys + Own.keys }

  public func validate() throws {
    try shared.validate()
    try own.validate()
  }

  /// With what depends on other settings filled in, so that a run's file says what it was trained with.
  public func resolved() -> Self {
    var result = self
    if result.shared.learningRate == nil {
      let part: TrainedPart =
        shared.model == TextPolicy.characters
        ? .small : shared.loraRank > 0 ? .adapters : .all
      result.shared.learningRate = .constant(Own.learningRate(part))
    }
    return result
  }
}
