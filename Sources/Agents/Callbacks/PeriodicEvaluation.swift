import Foundation

/// Evaluates the policy each time another `every` steps have been taken, and puts the result into the
/// report.
///
/// Every evaluation plays the same episodes, made from `seed` alone, so that two of them differ by the
/// policy only. With another seed than the run's none of them comes up in training.
public struct PeriodicEvaluation: Callback {
  public let every: Int
  public let episodes: Int
  public let seed: UInt64
  public let deterministic: Bool
  /// Multiples of `every` that training has passed.
  private var passed = 0

  /// - Parameter deterministic: The most probable action, else one drawn from the policy.
  public init(every: Int, episodes: Int = 20, seed: UInt64, deterministic: Bool = true) {
    self.every = max(every, 1)
    self.episodes = max(episodes, 1)
    self.seed = seed
    self.deterministic = deterministic
  }

  public mutating func iterationEnded(_ moment: inout TrainingMoment) throws {
    let due = moment.report.steps / every
    let start = ContinuousClock.now
    if due > passed {
      passed = due
      let result = try evaluate(
        moment.policy, in: moment.environments.fresh(count: episodes, seed: seed), seed: seed,
        deterministic: deterministic)
      if let bad = result.returns.firstIndex(where: { !$0.isFinite }) {
        throw TrainingFailure(
          "episode \(bad) of the evaluation with seed \(seed) at step \(moment.report.steps) has the "
            + "return \(result.returns[bad])")
      }
      moment.report.evaluation = result
    }
    // In every report, since the columns of a table stay the same.
    moment.report.phases.append(("evaluation", (ContinuousClock.now - start) / .seconds(1)))
  }

  public func snapshot() throws -> [String: Data] {
    ["evaluation.json": try encodedState(["passed": passed])]
  }

  public mutating func restore(_ files: [String: Data], in directory: RunDirectory) throws {
    passed = try decodedState([String: Int].self, "evaluation.json", of: files)?["passed"] ?? 0
  }
}
