import Envs
import Foundation
import Language

/// The settings that one language agent has and no other, beside those of its model.
public protocol LanguageAgentSettings: SettingsGroup {
  /// What the learning rate is where nobody sets one, by what is trained.
  static func learningRate(_ trained: TrainedPart) -> Double

  /// The most tokens of an answer in an evaluation.
  static func completionLimit(_ settings: Self) -> Int
}

extension Requirement {
  /// Outside these bounds logits divided by it stop being numbers that can be told apart.
  func temperature(_ value: Double, _ key: Key) throws {
    try holds(1e-4...1e4 ~= value, key, value, "from 0.0001 to 10000")
  }
}

/// What of a model is trained.
public enum TrainedPart: Sendable {
  /// Low-rank or bottleneck adapters beside a frozen model.
  case adapters
  /// A prefix before its sequences, whose numbers are few and have far to go.
  case prefix
  /// Every parameter of a model that knows something.
  case all
  /// Every parameter of the project's own small model.
  case small
}

/// Every setting of a language agent: its own and those of its model, read and written as one flat
/// mapping.
///
/// ```swift
/// var configuration = GRPOConfiguration()
/// configuration.model = "smollm2-135m"
/// configuration.loraRank = 16
/// configuration = try configuration.applying("num_generations=16")   // the name it has in files
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

  /// With what depends on other settings filled in, so that a run's file says what it was trained
  /// with: the step size, and the adapters of a run whose policy is trained on.
  ///
  /// - Throws: `RunError` for a run that cannot be read.
  public func resolved() throws -> Self {
    var result = self
    var isSmall = shared.model == TextPolicy.characters
    if FileManager.default.fileExists(atPath: shared.model + "/run.json") {
      let run = try RunDirectory(reading: shared.model)
      let trained = try ModelSettings(ofRun: run)
      isSmall = trained.isOfCharacters
      result.shared = shared.continuingAdapters(of: trained)
    }
    result.shared = result.shared.resolvingAdapters()
    if result.shared.learningRate == nil {
      let part: TrainedPart =
        switch result.shared.adapterKind {
        case _ where isSmall: .small
        case nil: .all
        case .lora, .bottleneck: .adapters
        case .prefix: .prefix
        }
      result.shared.learningRate = .constant(Own.learningRate(part))
    }
    return result
  }
}

extension ModelSettings {
  /// Whether the model is the project's own small one, perhaps by way of other runs.
  fileprivate var isOfCharacters: Bool {
    var settings = self
    for _ in 0..<16 {
      if settings.model == TextPolicy.characters { return true }
      guard let run = try? RunDirectory(reading: settings.model),
        let before = try? ModelSettings(ofRun: run)
      else { return false }
      settings = before
    }
    return false
  }
}
