import Runtime

/// The largest difference between neighbours of a sorted list.
public struct MaximumGap: GeneratedTask {
  /// How many numbers a list has.
  public let count: Int

  public init(count: Int = 5) { self.count = min(max(count, 2), 50) }

  public var components: [RewardComponent] { numberComponents }

  public func draw(using random: inout PCG64) -> TextProblem {
    let numbers = (0..<count).map { _ in random.integers(0..<100) }
    let sorted = numbers.sorted()
    let gap = zip(sorted.dropFirst(), sorted).map { $0 - $1 }.max() ?? 0
    let list = numbers.map(String.init).joined(separator: ", ")
    return TextProblem(
      "Sort the numbers \(list). What is the largest difference between two neighbours of the sorted "
        + "list? Answer with only the number.",
      answer: "\(gap)", key: "\(sorted)", numbers: [gap])
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    Language.marks(answer, number: problem.numbers[0])
  }
}

/// Numbers to be put into ascending order.
public struct Sorting: GeneratedTask {
  /// How many numbers a list has.
  public let count: Int
  /// Whether the prompt is the bare list, `31 4 15>`, for models that know no English.
  public let isBare: Bool

  public init(count: Int = 5, isBare: Bool = false) {
    self.count = min(max(count, 2), 50)
    self.isBare = isBare
  }

  public var components: [RewardComponent] {
    [
      RewardComponent("correct", weight: 0.6), RewardComponent("places", weight: 0.3),
      RewardComponent("format", weight: 0.1),
    ]
  }

  public func draw(using random: inout PCG64) -> TextProblem {
    let numbers = (0..<count).map { _ in random.integers(0..<100) }
    let sorted = numbers.sorted()
    let separator = isBare ? " " : ", "
    func text(_ numbers: [Int]) -> String {
      numbers.map(String.init).joined(separator: separator)
    }
    return TextProblem(
      isBare
        ? text(numbers) + ">"
        : "Sort these numbers from the smallest to the largest: \(text(numbers)). Answer with only "
          + "the numbers, with commas between them.",
      answer: text(sorted), key: "\(sorted)", numbers: sorted)
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    let numbers = answer.numbers
    let right = zip(numbers, problem.numbers).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    let isList = answer.utf8.allSatisfy { 48...57 ~= $0 || ", \n".utf8.contains($0) }
    let isRight = numbers == problem.numbers && isList
    return [
      isRight ? 1 : 0, Double(right) / Double(max(problem.numbers.count, numbers.count)),
      isList && numbers.count == problem.numbers.count ? 1 : 0,
    ]
  }
}
