import Envs
import Foundation
import Runtime
import Yams

/// Every setting of an agent, by the names people write.
public protocol AgentConfiguration: SettingsGroup {
  /// Environments stepped side by side.
  var environmentCount: Int { get set }

  /// Options of the environment, those that differ from its defaults.
  var environmentOptions: [String: OptionValue] { get set }

  /// Settings that are known to work in an environment, or the defaults where there are none.
  static func preset(_ environment: String) -> Self

  /// The environments that have a preset.
  static var presetEnvironments: [String] { get }
}

extension SettingsGroup {
  /// This configuration with the settings of a YAML file: a mapping from keys to numbers, words or lists.
  ///
  /// - Throws: `RunError`: of kind `data` when the text is not such a mapping, `usage` for a key or a
  ///   value that does not exist.
  public func applying(yaml: String, file: String) throws -> Self {
    var result = self
    for (key, value) in try Setting.mapping(yaml: yaml, file: file) {
      guard let setting = Setting(value) else {
        throw RunError(
          .data,
          "\(file): the value of \(key) is neither a number, a word, a list of them nor a mapping"
        )
      }
      result = try result.setting(key, to: setting, where: file)
    }
    return result
  }

  /// This configuration with one setting of the form `key=value`.
  ///
  /// - Throws: `RunError` of kind `usage`.
  public func applying(_ assignment: String) throws -> Self {
    guard let equals = assignment.firstIndex(of: "=") else {
      throw RunError(.usage, "--set \(assignment) is not of the form key=value")
    }
    let key = assignment[..<equals].trimmingCharacters(in: .whitespaces)
    let text = String(assignment[assignment.index(after: equals)...])
    guard text.utf8.count <= 4096, Setting.isShallow(text),
      let node = try? Yams.compose(yaml: text) ?? Node(""), let setting = Setting(node)
    else {
      throw RunError(
        .usage, "--set \(key): '\(text.prefix(60))' is neither a number, a word nor a list")
    }
    return try self.setting(key, to: setting, where: "--set")
  }

  /// Every value, a line a key, as `config.yaml` holds it.
  public var yaml: String {
    let settings = self.settings
    return Self.keys.map { "\($0): \((settings[$0] ?? .none).text)\n" }.joined()
  }

  private var settings: [String: Setting] {
    guard let data = try? JSONEncoder().encode(self),
      let settings = try? JSONDecoder().decode([String: Setting].self, from: data)
    else { return [:] }
    return settings
  }

  func setting(_ key: String, to value: Setting, where place: String) throws -> Self {
    guard Self.keys.contains(key) else {
      let near = nearestNames(to: key, in: Self.keys).map { "'\($0)'" }
      throw RunError(
        .usage,
        "\(place): there is no setting '\(key)'; did you mean \(near.joined(separator: " or "))?")
    }
    var settings = self.settings
    settings[key] = value
    do {
      return try JSONDecoder().decode(Self.self, from: JSONEncoder().encode(settings))
    } catch let error as DecodingError {
      throw RunError(
        .usage,
        "\(place): \(key) cannot be '\(value.text.prefix(60))': \(Self.expected(error, value))")
    }
  }

  private static func expected(_ error: DecodingError, _ value: Setting) -> String {
    switch error {
    case .typeMismatch(let type, _), .valueNotFound(let type, _):
      switch "\(type)" {
      case "Bool": "true or false is needed"
      case "Int": "a whole number is needed"
      case "Double": "a number is needed"
      case "String": "a word is needed"
      case let type where type.hasPrefix("Dictionary"):
        "options of the environment such as {gravity: 12} are needed"
      case "Array<String>": "a list of words such as [q_proj, v_proj] is needed"
      default: "a list of whole numbers such as [64, 64] is needed"
      }
    case .dataCorrupted(let context):
      // A number with a fraction fits every setting but whole ones.
      if case .number = value { "a whole number is needed" } else { context.debugDescription }
    default: "it is of the wrong kind"
    }
  }
}
