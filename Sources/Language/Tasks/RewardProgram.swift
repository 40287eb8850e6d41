import Foundation
import Synchronization

/// A task whose answers are marked by a program of the user's own, in any language, over a pipe.
///
/// The program reads a line of JSON an answer, `{"id": 7, "prompt": "…", "completion": "…",
/// "answer": "…"}`, and writes one: a number from 0 to 1, or an object `{"id": 7, "reward": 0.5}`.
/// Answers come in any order where they name their `id`; one without is taken for the first
/// question that has none. In Python:
///
/// ```python
/// import json, sys
/// for line in sys.stdin:
///     problem = json.loads(line)
///     print(float(problem["completion"].strip() == problem["answer"]), flush=True)
/// ```
///
/// It is started once and kept. One that dies, hangs or prints nonsense costs the answer it did so
/// at its mark, is started again for the others, and never stops training by itself: a warning
/// says what happened. After nine failures without a mark between them the rest of a batch is left
/// unmarked. Only when no answer of a batch could be marked does training end, with a sentence.
public struct RewardProgram: TextTask {
  public let base: any TextTask
  /// The program and its arguments.
  public let command: [String]
  /// Seconds it may take for an answer.
  public let timeout: Double
  private let process: ProgramProcess

  /// - Parameter base: Where the problems come from.
  /// - Throws: `ModelError` when the command is empty or the program cannot be started.
  public init(_ command: [String], problems base: any TextTask, timeout: Double = 10) throws {
    guard let first = command.first, !first.isEmpty else {
      throw ModelError(
        "the reward program is empty; name a program, such as \"python3 reward.py\"",
        kind: .usage)
    }
    self.base = base
    self.command = command
    self.timeout = timeout.isFinite ? min(max(timeout, 0.01), 86_400) : 10
    process = ProgramProcess(command)
    try process.start()
  }

  /// The words of a command line, those with white space in quotes.
  public static func words(_ line: String) -> [String] {
    var (words, word, quote) = ([String](), String?.none, Character?.none)
    for character in line {
      if character == quote {
        quote = nil
      } else if let _ = quote {
        word = (word ?? "") + String(character)
      } else if character == "\"" || character == "'" {
        (quote, word) = (character, word ?? "")
      } else if character.isWhitespace {
        if let complete = word { words.append(complete) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }

  public var components: [RewardComponent] { [RewardComponent("reward")] }

  public func problemCount(of split: TaskSplit) -> Int? { base.problemCount(of: split) }

  public func problem(_ index: Int, of split: TaskSplit, seed: UInt64) -> TextProblem {
    base.problem(index, of: split, seed: seed)
  }

  public func marks(_ answer: String, for problem: TextProblem) -> [Double] {
    let marks = try? marks([MarkedText(problem: problem, answer: answer)])
    return marks?.first.flatMap { $0 } ?? [0]
  }

  public func marks(_ answers: [MarkedText]) throws -> [[Double]?] {
    if answers.isEmpty { return [] }
    let (rewards, trouble) = process.rewards(answers.map(Self.line), timeout: timeout)
    if let trouble {
      let failed = rewards.count { $0 == nil }
      guard failed < rewards.count else {
        throw ModelError(
          "the reward program '\(command.joined(separator: " "))' marked none of \(failed) answers: "
            + trouble)
      }
      warnOnce(
        "the reward program marked \(rewards.count - failed) of \(rewards.count) answers: \(trouble); "
          + "the others are left out")
    }
    return rewards.map { $0.map { [$0] } }
  }

  private func warnOnce(_ sentence: String) { process.warn(sentence) }

  private static func line(_ answer: MarkedText) -> [String: Any] {
    [
      "prompt": answer.problem.prompt, "completion": answer.answer,
      "answer": answer.problem.answer,
    ]
  }
}
