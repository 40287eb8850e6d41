import Runtime

/// An environment that says in each observation what was achieved and what was desired, under the names
/// `achieved_goal` and `desired_goal` of a ``Dict``, and what a step earns for any pair of the two: what
/// hindsight replay asks again.
///
/// Source: Gymnasium-Robotics' `GoalEnv`, whose `compute_reward` this is.
public protocol GoalEnvironment: Environment where Element == Float, ObservationSpace == Dict {
  /// What a step earns that leaves `achieved` where `desired` was wanted, and whether it ends the episode.
  func outcome(achieved: Span<Float>, desired: Span<Float>) -> StepResult
}

/// Where an observation's row holds its goals, and what a step earns for any two of them.
public struct GoalColumns: Sendable {
  public let achieved: Range<Int>
  public let desired: Range<Int>
  /// Reads as many numbers of each as the columns are wide.
  public let outcome:
    @Sendable (_ achieved: UnsafePointer<Float>, _ desired: UnsafePointer<Float>) -> StepResult
}

extension GoalEnvironment {
  /// Nil where the observation lacks one of the goals, or they are not of one size.
  var goalColumns: GoalColumns? {
    let space = observationSpace
    var columns: [String: Range<Int>] = [:]
    var first = 0
    for (name, part) in zip(space.keys, space.spaces) {
      columns[name] = first..<first + part.flatSize
      first += part.flatSize
    }
    guard let achieved = columns["achieved_goal"], let desired = columns["desired_goal"],
      achieved.count == desired.count
    else { return nil }
    let environment = self
    return GoalColumns(achieved: achieved, desired: desired) { a, b in
      environment.outcome(
        achieved: UnsafeBufferPointer(start: a, count: achieved.count).span,
        desired: UnsafeBufferPointer(start: b, count: desired.count).span)
    }
  }
}
