/// The value of an option of a registered environment, as literals, files and the command line give it.
///
/// ```swift
/// var environments = try make("FrozenLake-v1", options: ["is_slippery": false, "map_name": "8x8"])
/// ```
public enum OptionValue: Hashable, Sendable {
  case flag(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([OptionValue])
}

extension OptionValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .text(value) }
  public init(arrayLiteral elements: OptionValue...) { self = .list(elements) }
}

extension OptionValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else {
      self = .list(try container.decode([OptionValue].self))
    }
  }

  /// What JSON has no number for becomes a word, which ``EnvironmentOption`` reads as the number again.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .flag(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value) where value.isFinite: try container.encode(value)
    case .number(let value): try container.encode("\(value)")
    case .text(let value): try container.encode(value)
    case .list(let values): try container.encode(values)
    }
  }
}

extension OptionValue: CustomStringConvertible {
  /// As the command line takes it.
  public var description: String {
    switch self {
    case .flag(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): Self.shortest(value)
    case .text(let value): value
    case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
    }
  }

  /// Without a fraction where there is none.
  static func shortest(_ value: Double) -> String {
    value.magnitude < 1e15 && value == value.rounded() ? "\(Int(value))" : "\(value)"
  }
}

/// The options an environment is made with: every one it declares, checked.
///
/// The type that is asked for decides how an option is read: `let g: Double = options["g"]`. Asking for
/// an option that is not declared, or as another type, is a programming mistake.
public struct OptionValues: Sendable, Hashable {
  let values: [String: OptionValue]

  package init(values: [String: OptionValue]) { self.values = values }

  private func read<T>(_ name: String, _ what: String, _ cast: (OptionValue) -> T?) -> T {
    guard let value = values[name] else {
      stop("OptionValues", "no option '\(name)' is declared; declare it where it is registered")
    }
    guard let result = cast(value) else {
      stop("OptionValues", "the option '\(name)' holds \(value), which is not \(what)")
    }
    return result
  }

  public subscript(name: String) -> Bool {
    read(name, "true or false") { if case .flag(let value) = $0 { value } else { nil } }
  }

  public subscript(name: String) -> Int {
    read(name, "a whole number") { if case .integer(let value) = $0 { value } else { nil } }
  }

  public subscript(name: String) -> Double {
    read(name, "a number", \.double)
  }

  public subscript(name: String) -> String {
    read(name, "a text", \.string)
  }

  public subscript(name: String) -> [Double] {
    read(name, "a list of numbers") { $0.elements?.compactMap(\.double) }
  }

  public subscript(name: String) -> [String] {
    read(name, "a list of texts") { $0.elements?.compactMap(\.string) }
  }

  /// A choice as the enumeration that its names come from.
  public subscript<Choice: RawRepresentable<String>>(name: String) -> Choice {
    read(name, "a \(Choice.self)") { $0.string.flatMap(Choice.init) }
  }

  /// Two options as the bounds of a range.
  ///
  /// - Throws: ``EnvironmentError`` if they are in the wrong order.
  public func range(_ low: String, _ high: String) throws(EnvironmentError) -> ClosedRange<Double> {
    let (lower, upper): (Double, Double) = (self[low], self[high])
    guard lower <= upper else {
      throw EnvironmentError(
        .usage,
        "option \(low) is \(OptionValue.shortest(lower)) and \(high) "
          + "\(OptionValue.shortest(upper)); \(low) must not exceed \(high)")
    }
    return lower...upper
  }

  /// An option that holds two numbers as a range.
  ///
  /// - Throws: ``EnvironmentError`` if they are in the wrong order.
  public func range(_ name: String) throws(EnvironmentError) -> ClosedRange<Double> {
    let bounds: [Double] = self[name]
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
      throw EnvironmentError(
        .usage,
        "option \(name) is \(values[name]?.description ?? ""); it must be two numbers, the lower first"
      )
    }
    return bounds[0]...bounds[1]
  }
}

extension OptionValue {
  /// A number however it was written; what files have no number for, as a word.
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .text(let text) where ["inf", "+inf", "-inf"].contains(text.lowercased()): Double(text)
    default: nil
    }
  }

  var string: String? { if case .text(let text) = self { text } else { nil } }

  var elements: [OptionValue]? { if case .list(let values) = self { values } else { nil } }
}
