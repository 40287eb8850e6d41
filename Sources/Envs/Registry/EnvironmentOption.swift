import Runtime

/// A setting that a registered environment is made with: its name, what it holds when nobody says
/// otherwise, what it may hold.
///
/// ```swift
/// try register(
///   id: "Corridor-v0", options: [.integer("length", 9, in: 2...1000, "Cells of the corridor.")]
/// ) { options in Corridor(length: options["length"]) }
/// ```
///
/// Names are the field's: Gymnasium's keyword where it has one.
public struct EnvironmentOption: Sendable, Hashable {
  /// What an option may hold.
  public enum Kind: Sendable, Hashable {
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case text
    case choice([String])
    /// So many numbers, or any number of them.
    case numbers(ClosedRange<Double>, count: Int?)
    case texts
  }

  public let name: String
  public let kind: Kind
  public let defaultValue: OptionValue
  /// What it changes, in one line.
  public let summary: String
  /// Other names that people know it by.
  public let aliases: [String]

  /// - Parameter aliases: Other names that people know the option by.
  public init(
    _ name: String, _ kind: Kind, default value: OptionValue, _ summary: String,
    aliases: [String] = []
  ) {
    self.name = name
    self.kind = kind
    defaultValue = value
    self.summary = summary
    self.aliases = aliases
    if checked(value) == nil {
      stop("EnvironmentOption", "the default of '\(name)' is \(value); it must be \(allowed)")
    }
  }

  /// A switch.
  public static func flag(
    _ name: String, _ value: Bool, _ summary: String, aliases: [String] = []
  ) -> Self {
    Self(name, .flag, default: .flag(value), summary, aliases: aliases)
  }

  /// A whole number.
  public static func integer(
    _ name: String, _ value: Int, in range: ClosedRange<Int>, _ summary: String,
    aliases: [String] = []
  ) -> Self {
    Self(name, .integer(range), default: .integer(value), summary, aliases: aliases)
  }

  /// A number; any finite one without a range.
  public static func number(
    _ name: String, _ value: Double, in range: ClosedRange<Double> = Self.finite,
    _ summary: String, aliases: [String] = []
  ) -> Self {
    Self(name, .number(range), default: .number(value), summary, aliases: aliases)
  }

  /// A text of any kind.
  public static func text(
    _ name: String, _ value: String, _ summary: String, aliases: [String] = []
  ) -> Self {
    Self(name, .text, default: .text(value), summary, aliases: aliases)
  }

  /// One of several names.
  public static func choice(
    _ name: String, _ value: String, among names: [String], _ summary: String,
    aliases: [String] = []
  ) -> Self {
    Self(name, .choice(names), default: .text(value), summary, aliases: aliases)
  }

  /// One of the cases of an enumeration.
  public static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ value: Choice, _ summary: String, aliases: [String] = []
  ) -> Self {
    choice(
      name, value.rawValue, among: Choice.allCases.map(\.rawValue), summary, aliases: aliases)
  }

  /// A list of numbers, as long as its default unless `count` is nil.
  public static func numbers(
    _ name: String, _ values: [Double], in range: ClosedRange<Double> = Self.finite, count: Int?,
    _ summary: String, aliases: [String] = []
  ) -> Self {
    Self(
      name, .numbers(range, count: count), default: .list(values.map { .number($0) }), summary,
      aliases: aliases)
  }

  /// A list of texts.
  public static func texts(
    _ name: String, _ values: [String], _ summary: String, aliases: [String] = []
  ) -> Self {
    Self(name, .texts, default: .list(values.map { .text($0) }), summary, aliases: aliases)
  }

  /// Every number but the infinite ones.
  public static var finite: ClosedRange<Double> {
    -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
  }
}

extension EnvironmentOption {
  /// The values that are allowed, as the end of a sentence.
  public var allowed: String {
    switch kind {
    case .flag: "true or false"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number\(Self.text(range))"
    case .text: "a text"
    case .choice(let names): "one of \(names.joined(separator: ", "))"
    case .numbers(let range, let count):
      "\(count.map { "\($0) numbers" } ?? "numbers")\(Self.text(range)), such as "
        + "\(Self.example(defaultValue))"
    case .texts: "texts with commas between them"
    }
  }

  private static func text(_ range: ClosedRange<Double>) -> String {
    let (low, high) = (range.lowerBound, range.upperBound)
    let (isLow, isHigh) = (low <= finite.lowerBound, high >= finite.upperBound)
    switch (isLow, isHigh) {
    case (true, true): return ""
    case (false, true): return ", \(OptionValue.shortest(low)) or more"
    case (true, false): return ", at most \(OptionValue.shortest(high))"
    default: return " from \(OptionValue.shortest(low)) to \(OptionValue.shortest(high))"
    }
  }

  private static func example(_ value: OptionValue) -> String {
    (value.elements ?? []).map(\.description).joined(separator: ",")
  }

  /// The value in the form that the option holds it in; nil if it is not allowed.
  package func checked(_ value: OptionValue) -> OptionValue? {
    switch (kind, value) {
    case (.flag, .flag): return value
    case (.integer(let range), .integer(let number)): return range.contains(number) ? value : nil
    case (.integer(let range), .number(let number)):
      return Int(exactly: number).flatMap { range.contains($0) ? .integer($0) : nil }
    case (.number(let range), _):
      return value.double.flatMap { range.contains($0) ? .number($0) : nil }
    case (.text, .text): return value
    // A text that looks like a number to a file.
    case (.text, .integer), (.text, .number): return .text(value.description)
    case (.choice(let names), .text(let name)): return names.contains(name) ? value : nil
    case (.numbers(let range, let count), .list(let values)):
      let numbers = values.compactMap(\.double).filter(range.contains)
      guard numbers.count == values.count, count == nil || count == numbers.count else {
        return nil
      }
      return .list(numbers.map { .number($0) })
    case (.texts, .list(let values)):
      let texts = values.compactMap(\.string)
      return texts.count == values.count ? value : nil
    default: return nil
    }
  }

  /// Reads the value as the command line has it; nil if it is none.
  package func value(of text: String) -> OptionValue? {
    let trimmed = text.trimmed
    switch kind {
    case .flag:
      switch trimmed.lowercased() {
      case "true", "1": return .flag(true)
      case "false", "0": return .flag(false)
      default: return nil
      }
    case .integer: return Int(trimmed.replacing("_", with: "")).flatMap { checked(.integer($0)) }
    case .number: return Double(trimmed).flatMap { checked(.number($0)) }
    case .text, .choice: return checked(.text(text))
    case .numbers:
      let parts = trimmed.listed
      let numbers = parts.compactMap { Double($0) }
      return numbers.count == parts.count ? checked(.list(numbers.map { .number($0) })) : nil
    case .texts: return checked(.list(trimmed.listed.map { .text($0) }))
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    var rest = Substring(self)
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }

  /// The parts of "[a, b]", "(a, b)" or "a,b".
  fileprivate var listed: [String] {
    var rest = Substring(self)
    for (open, close) in [("[", "]"), ("(", ")")]
    where rest.hasPrefix(open) && rest.hasSuffix(close) && rest.count >= 2 {
      rest = rest.dropFirst().dropLast()
    }
    if String(rest).trimmed.isEmpty { return [] }
    return rest.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
  }
}
