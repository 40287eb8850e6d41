import Foundation

/// Problems from a file of JSON lines, `{"prompt": "…", "answer": "…"}`, whose answers can be
/// verified.
///
/// The prompt may be called `question` and the answer `solution` or `ground_truth`, as data sets on
/// the Hugging Face hub have them; of an answer with `####` what follows counts (GSM8K). A tenth of
/// the problems, chosen by their prompts, is kept out of training unless another file is named for
/// evaluation.
public struct ProblemFile: TextTask {
  /// How an answer is compared with the right one.
  public enum Match: String, Sendable, CaseIterable {
    /// As numbers where the right answer is one, else exactly.
    case automatic
    /// The same text, white space at its ends and the case of letters aside.
    case exact
    /// The last number in the answer.
    case number
    /// The right answer occurs in it.
    case contains
  }

  public let path: String
  public let match: Match
  private let problems: [TaskSplit: [TextProblem]]
  /// Keys whose hash lies below it are kept out of training.
  private let heldOutLimit: UInt32

  /// - Parameters:
  ///   - evaluation: A file of problems to evaluate on; the whole of `path` is then trained on.
  ///   - heldOut: The share that is kept out of training where there is no such file.
  /// - Throws: `ModelError`: one sentence with the file and the line.
  public init(
    _ path: String, evaluation: String? = nil, match: Match = .automatic, heldOut: Double = 0.1
  ) throws {
    self.path = path
    self.match = match
    let all = try Self.read(path)
    if let evaluation {
      heldOutLimit = 0
      problems = [.training: all, .evaluation: try Self.read(evaluation)]
    } else {
      let limit = UInt32((min(max(heldOut, 0), 1) * 10_000).rounded())
      heldOutLimit = limit
      let isHeldOut = all.map { Self.isHeldOut($0.key, limit) }
      problems = [
        .training: zip(all, isHeldOut).filter { !$0.1 }.map(\.0),
        .evaluation: zip(all, isHeldOut).filter { $0.1 }.map(\.0),
      ]
    }
    guard problems[.training]?.isEmpty == false else {
      throw ModelError("\(path) holds no problem to train on; each line is one")
    }
  }

  private static func isHeldOut(_ key: String, _ limit: UInt32) -> Bool {
    TaskSplit.hash(key) % 10_000 < limit
  }

  /// Whether the problem with this prompt is kept out of training.
  public func keepsOut(_ prompt: String) -> Bool { Self.isHeldOut(prompt, heldOutLimit) }

  public var components: [RewardComponent] { numberComponents }

  public func problemCount(of split: TaskSplit) -> Int? { problems[split]?.count ?? 0 }

  /// Problems in an order that changes with each pass over them.
  public func problem(_ index: Int, of split: TaskSplit, seed: UInt64) -> TextProblem {
    let list = problems[split] ?? []
    guard !list.isEmpty, index >= 0 else {
      return problem(max(index, 0), of: .training, seed: seed)
    }
    if split == .evaluation { return list[index % list.count] }
    var random = split.stream(index / list.count, seed: seed)
    return list[Int(random.permutation(list.count)[index % list.count])]
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    let right = problem.answer.trimmingWhitespace
    let number = right.replacing(",", with: "").asNumber
    if let number, match == .automatic || match == .number {
      return Language.marks(answer, number: number)
    }
    let (written, wanted) = (answer.trimmingWhitespace.lowercased(), right.lowercased())
    let isSame = written == wanted
    let occurs = written.contains(wanted)
    let isRight = match == .contains ? occurs : isSame
    return [
      isRight ? 1 : 0, occurs ? 1 : 0, isSame || written.split(separator: " ").count <= 8 ? 1 : 0,
    ]
  }

  // MARK: - Reading

  private static func read(_ path: String) throws -> [TextProblem] {
    try JSONLines.read(path) { line in
      guard let prompt = line.text("prompt", "question", "problem") else {
        throw line.error("it has no \"prompt\" that is a text")
      }
      guard let answer = line.text("answer", "solution", "ground_truth") else {
        throw line.error("it has no \"answer\" that is a text or a number")
      }
      let final = answer.range(of: "####").map { String(answer[$0.upperBound...]) } ?? answer
      return TextProblem(prompt, answer: final.trimmingWhitespace)
    }
  }
}

/// A line of a file of JSON lines.
package struct JSONLines {
  package let path: String
  package let number: Int
  package let object: [String: Any]

  /// Reads each line that is not empty.
  ///
  /// - Throws: `ModelError` for a file that cannot be read or a line that is no JSON object, with
  ///   its number.
  package static func read<T>(_ path: String, _ body: (JSONLines) throws -> T) throws -> [T] {
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    else {
      throw ModelError(
        "there is no readable file \(path); it is to hold JSON, an object a line",
        kind: .missingFile)
    }
    var result: [T] = []
    for (index, bytes) in data.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    )
    .enumerated() where bytes.contains(where: { $0 > 32 }) {
      let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
      guard let object else {
        throw ModelError("\(path), line \(index + 1), is not a JSON object in braces")
      }
      result.append(try body(JSONLines(path: path, number: index + 1, object: object)))
    }
    return result
  }

  /// The first of these keys that holds a text or a number, as a text.
  package func text(_ keys: String...) -> String? {
    for key in keys {
      if let text = object[key] as? String { return text }
      if let number = object[key] as? NSNumber {
        if let whole = Int(exactly: number) { return "\(whole)" }
        return "\(number.doubleValue)"
      }
    }
    return nil
  }

  package func error(_ what: String) -> ModelError {
    ModelError("\(path), line \(number): \(what)")
  }
}
