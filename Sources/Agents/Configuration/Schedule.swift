/// A number that may change as training goes on.
///
/// Written in configurations as a number, `0.001`, or as `lin_0.001`: from 0.001 at the start to 0 at the
/// end of training.
public enum Schedule: Sendable, Equatable, Codable, ExpressibleByFloatLiteral,
  CustomStringConvertible
{
  case constant(Double)
  case linear(Double)

  public init(floatLiteral value: Double) { self = .constant(value) }

  /// Reads `0.001` or `lin_0.001`; nil for anything else.
  public init?(_ text: String) {
    if text.hasPrefix("lin_") {
      guard let start = Double(text.dropFirst(4)) else { return nil }
      self = .linear(start)
    } else {
      guard let value = Double(text) else { return nil }
      self = .constant(value)
    }
  }

  /// The value when `progressRemaining` (1 at the start, 0 at the end) is left.
  public func value(at progressRemaining: Double) -> Double {
    switch self {
    case .constant(let value): value
    case .linear(let start): start * progressRemaining
    }
  }

  /// The largest value it takes.
  public var start: Double {
    switch self {
    case .constant(let value), .linear(let value): value
    }
  }

  public var description: String {
    switch self {
    case .constant(let value): "\(value)"
    case .linear(let start): "lin_\(start)"
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .constant(number)
      return
    }
    guard let text = try? container.decode(String.self), let schedule = Schedule(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a schedule is a number such as 0.001, or lin_0.001")
    }
    self = schedule
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .constant(let value): try container.encode(value)
    case .linear: try container.encode(description)
    }
  }
}
