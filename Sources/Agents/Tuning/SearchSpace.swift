import Foundation
import Runtime
import Yams

/// Where a search looks: for each setting the values it may take.
///
/// ```yaml
/// learning_rate: {log_uniform: [1e-5, 1e-2]}
/// clip_range: {uniform: [0.1, 0.4]}
/// n_epochs: {int: [3, 20]}
/// net_arch: {choice: [[64, 64], [256, 256]]}
/// ```
public struct SearchSpace: Codable, Sendable, Equatable {
  /// The values of one setting.
  public enum Range: Codable, Sendable, Equatable {
    case uniform(low: Double, high: Double)
    case logUniform(low: Double, high: Double)
    /// Whole numbers, both ends included.
    case integer(low: Int, high: Int)
    /// Any of these, as they are written in YAML.
    case choice([String])
  }

  public struct Dimension: Codable, Sendable, Equatable {
    public var key: String
    public var range: Range
  }

  /// In the order of the file.
  public var dimensions: [Dimension]

  /// - Throws: `RunError`: of kind `data` where the text is not a mapping from settings to their values, `usage` for
  ///   values that are none. Whether an agent has the settings is seen when it is made.
  public init(yaml: String, file: String) throws {
    dimensions = []
    for (key, value) in try Setting.mapping(yaml: yaml, file: file) {
      dimensions.append(Dimension(key: key, range: try Self.range(of: value, "\(file): \(key)")))
    }
    guard !dimensions.isEmpty else {
      throw RunError(
        .data, "\(file) names no setting to search, such as gamma: {choice: [0.9, 0.99]}")
    }
    if let twice = dimensions.indices.first(where: { i in
      dimensions[..<i].contains { $0.key == dimensions[i].key }
    }) {
      throw RunError(.data, "\(file) names \(dimensions[twice].key) twice")
    }
  }

  private static func range(of node: Node, _ place: String) throws -> Range {
    let kinds = ["uniform", "log_uniform", "int", "choice"]
    guard case .mapping(let mapping) = node, mapping.count == 1, let entry = mapping.first,
      case .scalar(let kind) = entry.key
    else {
      throw RunError(
        .usage,
        "\(place) must be one of {uniform: [low, high]}, {log_uniform: [low, high]}, {int: [low, high]} "
          + "and {choice: [a, b, …]}")
    }
    guard kinds.contains(kind.string) else {
      let near = nearestNames(to: kind.string, in: kinds).map { "'\($0)'" }
      throw RunError(
        .usage,
        "\(place): there is no '\(kind.string)'; did you mean \(near.joined(separator: " or "))?")
    }
    guard case .sequence(let sequence) = entry.value else {
      throw RunError(.usage, "\(place): \(kind.string) needs a list, such as [0.1, 0.4]")
    }
    let values = try sequence.map { element in
      guard let value = Setting(element) else {
        throw RunError(
          .usage, "\(place): a value is neither a number, a word, a list of them nor a mapping")
      }
      return value
    }
    if kind.string == "choice" {
      guard !values.isEmpty else { throw RunError(.usage, "\(place): choice needs a value") }
      return .choice(values.map(\.text))
    }
    let numbers = values.compactMap(\.asNumber)
    guard values.count == 2, numbers.count == 2, numbers[0] < numbers[1] else {
      throw RunError(
        .usage, "\(place): \(kind.string) needs two numbers, the lower one first")
    }
    switch kind.string {
    case "int":
      guard case .integer(let low) = values[0], case .integer(let high) = values[1] else {
        throw RunError(.usage, "\(place): int needs two whole numbers")
      }
      // Every whole number up to here is a number of 64 bits.
      guard [low, high].allSatisfy({ $0.magnitude <= 1 << 53 }) else {
        throw RunError(.usage, "\(place): int needs numbers from -2^53 to 2^53")
      }
      return .integer(low: low, high: high)
    case "log_uniform":
      guard numbers[0] > 0 else {
        throw RunError(.usage, "\(place): log_uniform needs positive numbers")
      }
      return .logUniform(low: numbers[0], high: numbers[1])
    default: return .uniform(low: numbers[0], high: numbers[1])
    }
  }

  /// One point of the space, as texts of YAML by setting; numbers have four digits where these lie in
  /// their range, so that what is printed is what is trained.
  public func draw(using random: inout PCG64) -> [(key: String, value: String)] {
    dimensions.map { dimension in
      let text =
        switch dimension.range {
        case .uniform(let low, let high): Self.rounded(random.uniform(low, high), low, high)
        case .logUniform(let low, let high):
          Self.rounded(exp(random.uniform(log(low), log(high))), low, high)
        case .integer(let low, let high): "\(random.integers(low..<high + 1))"
        case .choice(let values): values[random.integers(0..<values.count)]
        }
      return (dimension.key, text)
    }
  }

  private static func rounded(_ value: Double, _ low: Double, _ high: Double) -> String {
    "\(min(max(Double(String(format: "%.4g", value)) ?? value, low), high))"
  }
}

extension Setting {
  fileprivate var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
