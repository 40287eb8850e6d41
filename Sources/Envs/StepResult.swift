/// What a step gave, apart from the observation.
public struct StepResult: Sendable, Hashable {
  public var reward: Double
  public var ending: Ending

  @inlinable
  public init(reward: Double, ending: Ending = .none) {
    self.reward = reward
    self.ending = ending
  }
}

/// Whether and how a step ended the episode.
///
/// The difference matters: after a termination nothing more can be earned, after a truncation the
/// world went on and only the watching stopped, so that the final observation keeps its value.
@frozen
public enum Ending: UInt8, Sendable, Hashable, Codable, BitwiseCopyable {
  case none
  /// The task itself ended.
  case terminated
  /// Something outside the task, such as a time limit, cut the episode.
  case truncated
}
