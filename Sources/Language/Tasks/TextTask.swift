import Runtime

/// A source of problems whose answers can be marked: what a language model is trained on by
/// reinforcement.
///
/// ```swift
/// struct Doubling: GeneratedTask {
///   var components: [RewardComponent] { [RewardComponent("correct")] }
///
///   func draw(using random: inout PCG64) -> TextProblem {
///     let number = random.integers(0..<100)
///     return TextProblem("Twice \(number) is", answer: "\(2 * number)")
///   }
///
///   func marks(_ answer: String, for problem: TextProblem) -> [Double] {
///     [answer.trimmingWhitespace == problem.answer ? 1 : 0]
///   }
/// }
///
/// let problem = Doubling().problem(3, of: .training, seed: 1)
/// print(problem.prompt, Doubling().score("84", for: problem))
/// ```
public protocol TextTask: Sendable {
  /// What an answer is marked for, the first of them whether it is right.
  var components: [RewardComponent] { get }

  /// Problem `index`, a function of its arguments alone.
  func problem(_ index: Int, of split: TaskSplit, seed: UInt64) -> TextProblem

  /// How many problems a split holds; nil where they do not end, 0 where there are none.
  func problemCount(of split: TaskSplit) -> Int?

  /// A mark in [0, 1] for each of the `components`.
  func marks(_ answer: String, for problem: TextProblem) -> [Double]

  /// The marks of many answers at once, for tasks that ask somebody else.
  ///
  /// - Throws: `ModelError` when nobody can mark them; a single answer without a mark is nil.
  func marks(_ answers: [MarkedText]) throws -> [[Double]?]
}

/// A problem and what somebody answered to it.
public struct MarkedText: Sendable, Hashable {
  public var problem: TextProblem
  public var answer: String

  public init(problem: TextProblem, answer: String) {
    self.problem = problem
    self.answer = answer
  }
}

extension TextTask {
  public func problemCount(of split: TaskSplit) -> Int? { nil }

  public func marks(_ answers: [MarkedText]) throws -> [[Double]?] {
    answers.map { marks($0.answer, for: $0.problem) }
  }

  /// What an answer is worth, in [0, 1]: the mean of its marks by the components' weights.
  public func score(_ answer: String, for problem: TextProblem) -> Double {
    components.score(marks(answer, for: problem))
  }
}

/// Which problems: those a model is trained on, or those kept out of training.
public enum TaskSplit: String, Sendable, Codable, CaseIterable {
  case training, evaluation
}

/// One problem of a task.
public struct TextProblem: Sendable, Hashable, Codable {
  public var prompt: String
  /// An answer that is right, as a model would be shown it; empty where none is known.
  public var answer: String
  /// What the problem is, whatever its order or wording: problems with one key are in one split.
  public var key: String
  /// Numbers that the task marks answers by.
  public var numbers: [Int]

  public init(_ prompt: String, answer: String, key: String? = nil, numbers: [Int] = []) {
    self.prompt = prompt
    self.answer = answer
    self.key = key ?? prompt
    self.numbers = numbers
  }
}

/// Something that answers are marked for.
public struct RewardComponent: Sendable, Hashable {
  /// The name that metrics files have it under.
  public let name: String
  /// Its part of the score, beside the others'.
  public var weight: Double

  public init(_ name: String, weight: Double = 1) {
    self.name = name
    self.weight = weight
  }
}

extension [RewardComponent] {
  /// The mean of marks by the components' weights; 0 where all weigh nothing.
  public func score(_ marks: [Double]) -> Double {
    let total = reduce(0) { $0 + $1.weight }
    guard total > 0 else { return 0 }
    return zip(self, marks).reduce(0) { $0 + $1.0.weight * $1.1 } / total
  }
}

/// A task that draws its problems from a stream: it need not say how they are numbered or split.
public protocol GeneratedTask: TextTask {
  /// A problem like any other; its split is decided by its key.
  func draw(using random: inout PCG64) -> TextProblem
}

extension GeneratedTask {
  /// The first problem of the split among those drawn from the stream of (`seed`, `index`).
  ///
  /// Of a space so small that a split holds nothing, problems of the other one are given.
  public func problem(_ index: Int, of split: TaskSplit, seed: UInt64) -> TextProblem {
    var random = split.stream(index, seed: seed)
    var problem = draw(using: &random)
    for _ in 0..<1000 where TaskSplit(ofKey: problem.key) != split {
      problem = draw(using: &random)
    }
    return problem
  }
}

extension TaskSplit {
  /// The split of problems with this key: a fifth of the keys are kept out of training, the same
  /// whatever the seed, so that a model is never evaluated on what another seed trained it on.
  public init(ofKey key: String) {
    self = Self.hash(key) % 5 == 0 ? .evaluation : .training
  }

  /// A number that a text always has.
  package static func hash(_ text: String) -> UInt32 {
    // A checksum is linear; what it gives for neighbouring texts is spread by a multiplication.
    var bits = Checksum.crc32c(text.utf8) &* 0x9E37_79B1
    bits ^= bits >> 15
    return bits &* 0x85EB_CA
  }

  /// The stream that problem `index` of this split is drawn from.
  package func stream(_ index: Int, seed: UInt64) -> PCG64 { PCG64(sequence(index, seed: seed)) }

  package func sequence(_ index: Int, seed: UInt64) -> SeedSequence {
    let index = UInt64(bitPattern: Int64(index))
    return SeedSequence(
      seed,
      spawnKey: [
        0x5441_534B, self == .training ? 0 : 1, UInt32(truncatingIfNeeded: index),
        UInt32(truncatingIfNeeded: index >> 32),
      ])
  }
}
