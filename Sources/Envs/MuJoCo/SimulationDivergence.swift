import CMuJoCo
import Runtime

/// A simulation that left the numbers it can be trusted with: it is warned of once, and its episode is
/// truncated with the observation before it.
public struct SimulationDivergence: Hashable, Sendable, Codable, CustomStringConvertible {
  public enum Problem: String, Sendable, Codable {
    case position, velocity, acceleration, control

    init(_ bits: UInt32) {
      self =
        if bits & UInt32(SWIRL_MUJOCO_BAD_CONTROL) != 0 {
          .control
        } else if bits & UInt32(SWIRL_MUJOCO_BAD_POSITION) != 0 {
          .position
        } else if bits & UInt32(SWIRL_MUJOCO_BAD_VELOCITY) != 0 {
          .velocity
        } else {
          .acceleration
        }
    }
  }

  public let task: String
  /// What is not finite or too large.
  public let problem: Problem
  /// The step of the episode, from 1.
  public let step: Int
  /// The stream that begins the episode again: `Episode(environment, using: start)`.
  public let start: PCG64

  /// The seed of the episode; nil if it is no small one, as when the episode followed another.
  public var seed: UInt64? { (0..<100_000).first { PCG64(seed: $0) == start } }

  public var description: String {
    let episode = seed.map { "the episode of seed \($0)" } ?? "an episode that began with \(start)"
    let what =
      problem == .control
      ? "the action is not a finite number" : "the \(problem) is not finite or too large"
    return
      "\(task)'s simulation diverged at step \(step) of \(episode): \(what); the episode is truncated"
  }
}
