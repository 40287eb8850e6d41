import Envs

/// Settings that belong together: a plain struct whose coding keys are the names people write.
public protocol SettingsGroup: Codable, Sendable, Equatable {
  init()

  /// Every key that may be written, in the order they are shown.
  static var keys: [String] { get }

  /// - Throws: `RunError` of kind `usage`: a sentence about the first value out of range.
  func validate() throws
}

/// Settings that several agents share; those of the networks are always among them.
public protocol SharedSettings: SettingsGroup {
  var network: NetworkSettings { get set }
}

/// Settings that stand beside shared ones: an agent's beside those of replay or rollouts, those beside the
/// networks'.
public protocol OwnSettings: SettingsGroup {
  associatedtype Shared: SharedSettings

  /// The shared settings as they are by default beside these.
  static var shared: Shared { get }

  /// Checks these settings, which may depend on the shared ones.
  ///
  /// - Throws: `RunError` of kind `usage`: a sentence about the first value out of range.
  func validate(beside shared: Shared) throws
}

extension OwnSettings {
  public func validate(beside shared: Shared) throws { try validate() }
}

/// The settings that one agent has and no other, beside those it shares.
public protocol AgentSettings: OwnSettings {
  /// Settings that are known to work, by environment.
  static var presets: [String: Settings<Self>] { get }
}

/// Every setting of an agent, or of some agents: their own and the shared ones, read and written as one flat
/// mapping.
///
/// ```swift
/// var configuration = PPOConfiguration.preset("CartPole-v1")
/// configuration.gamma = 0.99                                    // a shared setting
/// configuration.clipRange = 0.1                                 // PPO's own
/// configuration = try configuration.applying("ent_coef=0.01")   // by the name it has in files
/// ```
@dynamicMemberLookup
public struct Settings<Own: OwnSettings>: SharedSettings {
  public var own = Own()
  public var shared = Own.shared

  public init() {}

  public subscript<Value>(dynamicMember path: WritableKeyPath<Own, Value>) -> Value {
    get { own[keyPath: path] }
    set { own[keyPath: path] = newValue }
  }

  public subscript<Value>(dynamicMember path: WritableKeyPath<Own.Shared, Value>) -> Value {
    get { shared[keyPath: path] }
    set { shared[keyPath: path] = newValue }
  }

  public var network: NetworkSettings {
    get { shared.network }
    set { shared.network = newValue }
  }

  public init(from decoder: any Decoder) throws {
    own = try Own(from: decoder)
    shared = try Own.Shared(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try own.encode(to: encoder)
    try shared.encode(to: encoder)
  }

  public static var keys: [String] { Own.keys + Own.Shared.keys }

  public func validate() throws {
    try shared.validate()
    try own.validate(beside: shared)
  }

  /// The defaults with some settings changed.
  static func with(_ change: (inout Self) -> Void) -> Self {
    var settings = Self()
    change(&settings)
    return settings
  }
}

extension Settings: AgentConfiguration where Own: AgentSettings {
  public var environmentCount: Int {
    get { network.environmentCount }
    set { network.environmentCount = newValue }
  }

  public var environmentOptions: [String: OptionValue] {
    get { network.environmentOptions }
    set { network.environmentOptions = newValue }
  }

  /// The preset of an environment, or the defaults where it has none.
  public static func preset(_ environment: String) -> Self { Own.presets[environment] ?? Self() }

  /// The environments that have a preset.
  public static var presetEnvironments: [String] { Own.presets.keys.sorted() }
}

/// The checks that settings share, each a sentence with the key, the value and what it must be.
struct Requirement<Key: CodingKey> {
  func holds(_ isSo: Bool, _ key: Key, _ value: Any, _ range: String) throws {
    if !isSo { throw RunError(.usage, "\(key.stringValue) is \(value), but must be \(range)") }
  }

  func positive(_ value: Double, _ key: Key) throws {
    try holds(value > 0 && value.isFinite, key, value, "a positive number")
  }

  func notNegative(_ value: Double, _ key: Key) throws {
    try holds(value >= 0 && value.isFinite, key, value, "0 or a positive number")
  }

  func share(_ value: Double, _ key: Key) throws {
    try holds(0...1 ~= value, key, value, "from 0 to 1")
  }

  func whole(_ value: Int, _ key: Key, from least: Int = 1, to limit: Int) throws {
    try holds(least...limit ~= value, key, value, "a whole number from \(least) to \(limit)")
  }
}
