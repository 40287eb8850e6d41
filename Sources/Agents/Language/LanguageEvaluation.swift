import Foundation
import Language
import Runtime
import Tensors

/// What an evaluation of a language model on a task found.
public struct LanguageEvaluation: Sendable {
  /// Each answer with its marks, in the order of the problems.
  public let completions: [ScoredCompletion]
  public let seed: UInt64
  public let temperature: Double

  /// The share of answers that are right: the mean mark of the task's first component.
  public var accuracy: Double { result.mean }

  /// The mean score, graded as in training.
  public var meanScore: Double { completions.map(\.score).average }

  /// As other agents' evaluations: an answer's return is its mark for the first component, its
  /// length its tokens.
  public var result: EvaluationResult {
    EvaluationResult(
      returns: completions.map { $0.marks?.first ?? 0 },
      lengths: completions.map(\.trajectory.length), seed: seed, deterministic: temperature == 0)
  }
}

/// Asks a model problems that are kept out of training and has the answers marked.
///
/// - Parameters:
///   - problems: How many; all there are where a task holds fewer.
///   - temperature: 0 takes the most probable token each time.
///   - limit: The most tokens of an answer.
/// - Throws: `RunError` where the task keeps no problems back.
public func evaluate(
  _ policy: TextPolicy, on source: TextSource, problems: Int, seed: UInt64,
  temperature: Double = 0, limit: Int = 64, workers: Int? = nil
) throws -> LanguageEvaluation {
  let pool = WorkerPool(threads: workers ?? ProcessInfo.processInfo.activeProcessorCount)
  return try evaluate(
    policy, on: source, problems: problems, seed: seed, temperature: temperature, limit: limit,
    pool: pool)
}

func evaluate(
  _ policy: TextPolicy, on source: TextSource, problems: Int, seed: UInt64, temperature: Double,
  limit: Int, pool: WorkerPool
) throws -> LanguageEvaluation {
  let held = try source.heldOutCount()
  let sampler = try CompletionSampler(
    source, weights: [], seed: seed, temperature: temperature, limit: limit)
  let count = min(problems, held ?? .max)
  var completions: [ScoredCompletion] = []
  try withWorkers(pool) {
    // In rounds of a fixed size, so that a large evaluation needs no more memory than a small one.
    for start in stride(from: 0, to: count, by: 64) {
      completions += try sampler.sample(
        policy, problems: Array(start..<min(start + 64, count)), of: .evaluation,
        problemSeed: seed, groupSize: 1, round: start)
    }
  }
  return LanguageEvaluation(completions: completions, seed: seed, temperature: temperature)
}

extension TextSource {
  /// How many problems are kept out of training; nil where they do not end.
  ///
  /// - Throws: `RunError` of kind `usage` where there are none, so that nothing can be evaluated.
  public func heldOutCount() throws -> Int? {
    let count = problemCount(of: .evaluation)
    if count == 0 {
      throw RunError(
        .usage,
        "the task keeps no problems out of training to evaluate on; give it more, a larger "
          + "held_out, or a file with the option evaluation")
    }
    return count
  }
}
