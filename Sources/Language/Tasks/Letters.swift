import Runtime

/// How often a letter stands in a word.
public struct LetterCounting: GeneratedTask {
  public init() {}

  public var components: [RewardComponent] { numberComponents }

  public func draw(using random: inout PCG64) -> TextProblem {
    let word = Self.words[random.integers(0..<Self.words.count)]
    let letters = Array(word)
    // Mostly a letter of the word: of the others the answer is always 0.
    let letter =
      random.integers(0..<4) > 0
      ? letters[random.integers(0..<letters.count)]
      : Array("abcdefghijklmnopqrstuvwxyz")[random.integers(0..<26)]
    let count = letters.count { $0 == letter }
    return TextProblem(
      "How many times does the letter \(letter) occur in the word \(word)? Answer with only the "
        + "number.",
      answer: "\(count)", key: "\(letter) \(word)", numbers: [count])
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    Language.marks(answer, number: problem.numbers[0])
  }

  private static let words = """
    strawberry raspberry blueberry banana pineapple apple cherry orange melon lemon tomato potato carrot \
    cucumber mississippi committee balloon bookkeeper butterfly elephant giraffe crocodile penguin \
    kangaroo squirrel mountain river valley ocean island desert forest garden window door kitchen table \
    chair bottle pepper coffee letter paper pencil eraser school teacher student lesson sentence \
    grammar language computer keyboard monitor program algorithm memory processor network internet \
    message picture camera guitar violin piano trumpet orchestra theatre cinema museum library history \
    science physics chemistry biology mathematics geometry algebra calculus statistics probability \
    bicycle railway station airport airplane rocket satellite planet universe galaxy telescope \
    microscope laboratory experiment discovery adventure treasure pyramid castle bridge tower village
    """.split { $0 == " " || $0 == "\n" }.map(String.init)
}

/// The brackets that close what a text of brackets has opened, in their order (a Dyck language, as
/// in BIG-bench, https://arxiv.org/abs/2206.04615).
public struct BracketMatching: GeneratedTask {
  /// The most brackets that are given.
  public let length: Int
  /// Whether the prompt is the bare text, `([>`, for models that know no English.
  public let isBare: Bool

  public init(length: Int = 10, isBare: Bool = false) {
    self.length = min(max(length, 2), 100)
    self.isBare = isBare
  }

  public var components: [RewardComponent] {
    [
      RewardComponent("correct", weight: 0.7), RewardComponent("prefix", weight: 0.2),
      RewardComponent("format", weight: 0.1),
    ]
  }

  private static let pairs: [Character: Character] = ["(": ")", "[": "]", "{": "}"]

  public func draw(using random: inout PCG64) -> TextProblem {
    let opening = Array("([{")
    while true {
      var (text, open) = ("", [Character]())
      for _ in 0..<random.integers(2..<length + 1) {
        if let last = open.last, random.integers(0..<5) < 2 {
          text.append(last)
          open.removeLast()
        } else {
          let bracket = opening[random.integers(0..<3)]
          text.append(bracket)
          open.append(Self.pairs[bracket]!)
        }
      }
      if open.isEmpty { continue }
      return TextProblem(
        isBare
          ? text + ">"
          : "Complete the text of brackets so that each one is closed in the right order: \(text)\n"
            + "Answer with only the missing brackets.",
        answer: String(open.reversed()), key: text)
    }
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    let written = Array(answer.filter { !$0.isWhitespace })
    let right = Array(problem.answer)
    let shared = zip(written, right).prefix { $0.0 == $0.1 }.count
    let isBrackets = !written.isEmpty && written.allSatisfy { ")]}".contains($0) }
    return [
      written == right ? 1 : 0, Double(shared) / Double(max(written.count, right.count)),
      isBrackets ? 1 : 0,
    ]
  }
}
