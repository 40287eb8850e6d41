import Runtime

/// Sums, differences or products of two whole numbers.
///
/// Problems that differ in the order of their numbers alone are in one split.
public struct Arithmetic: GeneratedTask {
  public enum Operation: String, Sendable, CaseIterable {
    case addition, subtraction, multiplication
  }

  public let operation: Operation
  /// Digits of each number; a single digit may be 0, longer numbers begin with another.
  public let digits: Int
  /// Whether the prompt is the bare problem, `12+34=`, for models that know no English.
  public let isBare: Bool

  public init(_ operation: Operation, digits: Int = 2, isBare: Bool = false) {
    self.operation = operation
    self.digits = min(max(digits, 1), 7)
    self.isBare = isBare
  }

  public var components: [RewardComponent] { numberComponents }

  public func draw(using random: inout PCG64) -> TextProblem {
    let power = (0..<digits).reduce(1) { power, _ in power * 10 }
    let range = (digits == 1 ? 0 : power / 10)..<power
    var (a, b) = (random.integers(range), random.integers(range))
    let (symbol, value): (String, Int)
    switch operation {
    case .addition: (symbol, value) = ("+", a + b)
    case .subtraction:
      if a < b { swap(&a, &b) }
      (symbol, value) = ("-", a - b)
    case .multiplication: (symbol, value) = ("*", a * b)
    }
    return TextProblem(
      isBare ? "\(a)\(symbol)\(b)=" : "What is \(a) \(symbol) \(b)? Answer with only the number.",
      answer: "\(value)", key: "\(min(a, b)) \(symbol) \(max(a, b))", numbers: [value])
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    Language.marks(answer, number: problem.numbers[0])
  }
}
