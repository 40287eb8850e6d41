import Runtime

/// Reach a target from some numbers, each to be used once, with + - * / and parentheses, as in the
/// television game and in TinyZero (https://github.com/Jiayi-Pan/TinyZero).
public struct Countdown: GeneratedTask {
  /// How many numbers there are.
  public let count: Int
  /// The largest number.
  public let largest: Int

  public init(count: Int = 3, largest: Int = 20) {
    self.count = min(max(count, 2), 6)
    self.largest = min(max(largest, 2), 100)
  }

  public var components: [RewardComponent] {
    [
      RewardComponent("correct", weight: 0.8), RewardComponent("numbers", weight: 0.1),
      RewardComponent("format", weight: 0.1),
    ]
  }

  /// The numbers, then the target; the target is what a random expression gives.
  public func draw(using random: inout PCG64) -> TextProblem {
    while true {
      let numbers = (0..<count).map { _ in random.integers(1..<largest + 1) }
      var parts = numbers.map { (text: "\($0)", value: $0) }
      while parts.count > 1 {
        let a = parts.remove(at: random.integers(0..<parts.count))
        let b = parts.remove(at: random.integers(0..<parts.count))
        let symbol = ["+", "-", "*"][random.integers(0..<3)]
        let value =
          switch symbol {
          case "+": a.value + b.value
          case "-": a.value - b.value
          default: a.value * b.value
          }
        parts.append(("(\(a.text) \(symbol) \(b.text))", value))
      }
      guard 1...100 ~= parts[0].value else { continue }
      let list = numbers.map(String.init).joined(separator: ", ")
      return TextProblem(
        "Using each of the numbers \(list) once, with +, -, *, / and parentheses, write an "
          + "expression that equals \(parts[0].value). Answer with only the expression.",
        answer: String(parts[0].text.dropFirst().dropLast()),
        key: "\(numbers.sorted()) \(parts[0].value)", numbers: numbers + [parts[0].value])
    }
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    guard let target = problem.numbers.last, let expression = Expression(lastLineOf: answer) else {
      return [0, 0, 0]
    }
    let usesAll = expression.numbers.sorted() == problem.numbers.dropLast().sorted()
    let isRight = usesAll && expression.value.map { $0 == (target, 1) } == true
    return [isRight ? 1 : 0, usesAll ? 1 : 0, 1]
  }
}

/// An expression of whole numbers, computed in exact fractions.
struct Expression {
  private(set) var numbers: [Int] = []
  /// Numerator and denominator; nil where something is divided by 0 or too large.
  private(set) var value: (Int, Int)?

  private var rest: Substring.UTF8View
  private var depth = 0

  /// The expression on the last line of a text that is not empty, up to an equals sign; nil where
  /// it is none.
  init?(lastLineOf text: String) {
    let line = text.split(whereSeparator: \.isNewline).last { !$0.trimmingWhitespace.isEmpty }
    guard let line, line.utf8.count <= 256 else { return nil }
    let left = line.prefix { $0 != "=" }.filter { !$0.isWhitespace }
    rest = Substring(left).utf8
    guard let (result, isNumber) = sum(), rest.isEmpty else { return nil }
    value = isNumber ? result : nil
  }

  // Each gives a value and whether it is a number at all, or nil where the text is no expression.
  private typealias Term = (value: (Int, Int), isNumber: Bool)

  private mutating func sum() -> Term? {
    guard var left = product() else { return nil }
    while let symbol = take([UInt8(ascii: "+"), UInt8(ascii: "-")]) {
      guard let right = product() else { return nil }
      let sign = symbol == UInt8(ascii: "+") ? 1 : -1
      left = Self.fraction(left, right) { a, b in
        (Self.sum(Self.product(a.0, b.1), Self.product(sign * b.0, a.1)), Self.product(a.1, b.1))
      }
    }
    return left
  }

  private mutating func product() -> Term? {
    guard var left = factor() else { return nil }
    while let symbol = take([UInt8(ascii: "*"), UInt8(ascii: "/")]) {
      guard let right = factor() else { return nil }
      left = Self.fraction(left, right) { a, b in
        symbol == UInt8(ascii: "*")
          ? (Self.product(a.0, b.0), Self.product(a.1, b.1))
          : (Self.product(a.0, b.1), Self.product(a.1, b.0))
      }
    }
    return left
  }

  private mutating func factor() -> Term? {
    if take([UInt8(ascii: "(")]) != nil {
      depth += 1
      // The text is short, so the depth is bounded anyway; this only says so.
      guard depth <= 64, let inner = sum(), take([UInt8(ascii: ")")]) != nil else { return nil }
      depth -= 1
      return inner
    }
    let digits = rest.prefix { 48...57 ~= $0 }
    guard 1...9 ~= digits.count else { return nil }
    rest = rest.dropFirst(digits.count)
    let value = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    numbers.append(value)
    return ((value, 1), true)
  }

  private mutating func take(_ symbols: [UInt8]) -> UInt8? {
    guard let first = rest.first, symbols.contains(first) else { return nil }
    rest = rest.dropFirst()
    return first
  }

  private static func product(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b else { return nil }
    let (value, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : value
  }

  private static func sum(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b else { return nil }
    let (value, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : value
  }

  private static func fraction(
    _ a: Term, _ b: Term, _ combine: ((Int, Int), (Int, Int)) -> (Int?, Int?)
  ) -> Term {
    guard a.isNumber, b.isNumber, case (let top?, let bottom?) = combine(a.value, b.value),
      bottom != 0, top > .min, bottom > .min
    else { return ((0, 1), false) }
    var (x, y) = (top.magnitude, bottom.magnitude)
    while y != 0 { (x, y) = (y, x % y) }
    let divisor = Int(max(x, 1)) * bottom.signum()
    return ((top / divisor, bottom / divisor), true)
  }
}
