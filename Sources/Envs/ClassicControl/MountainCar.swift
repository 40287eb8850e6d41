public import CLibm
import Runtime

/// An underpowered car in a valley: swing back and forth until it gets over the right hill.
///
/// Equal to Gymnasium 1.4's MountainCar bit for bit. Float64 dynamics without a time unit: velocity
/// first, then position, both limited; the left wall stops the car. The observation is the state as
/// Float32.
///
/// | observation | range |
/// |---|---|
/// | position | −1.2 … 0.6 |
/// | velocity | −0.07 … 0.07 |
///
/// Actions: 0 accelerates to the left, 1 not at all, 2 to the right, by 0.001 each; the slope by
/// −0.0025 cos(3 position). Reward: −1 for every step. An episode starts at rest at a position uniform
/// in −0.6 … −0.4 and ends at position 0.5 with at least the goal's velocity. The registered version
/// ends after 200 steps.
///
/// Source: A. W. Moore, "Efficient Memory-Based Learning for Robot Control", 1990.
public struct MountainCar: Environment {
  @usableFromInline var position = 0.0
  @usableFromInline var velocity = 0.0
  @usableFromInline let goalVelocity: Double
  @usableFromInline let low: Double
  @usableFromInline let high: Double

  /// Creates a mountain car; `goalVelocity` is the least velocity to arrive with, `start` the range
  /// that the start position comes from.
  @inlinable
  public init(goalVelocity: Double = 0, start: ClosedRange<Double> = -0.6 ... -0.4) {
    self.goalVelocity = goalVelocity
    low = start.lowerBound
    high = start.upperBound
  }

  public var observationSpace: Box { Box(low: [-1.2, -0.07], high: [0.6, 0.07]) }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(3) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    position = random.uniform(low, high)
    velocity = 0
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let slope = cos(3 * position)
    velocity += Double(action &- 1) * 0.001 + slope * -0.0025
    velocity = max(-0.07, min(0.07, velocity))
    position = max(-1.2, min(0.6, position + velocity))
    if position == -1.2, velocity < 0 { velocity = 0 }

    let arrives = position >= 0.5 && velocity >= goalVelocity
    return StepResult(reward: -1, ending: arrives ? .terminated : .none)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(velocity)
  }
}
