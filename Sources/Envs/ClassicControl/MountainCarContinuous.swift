public import CLibm
import Runtime

/// The mountain car with a force to choose: get over the right hill with as little of it as can be.
///
/// Equal to Gymnasium 1.4's MountainCarContinuous bit for bit, and so in Gymnasium's mixed precision:
/// the first step of an episode is taken in Float64, every later one in Float32 with the cosine and a
/// limited force in Float64.
///
/// | observation | range |
/// |---|---|
/// | position | −1.2 … 0.6 |
/// | velocity | −0.07 … 0.07 |
///
/// Action: a force, limited to −1 … 1, that accelerates by 0.0015 times itself; the slope accelerates by
/// −0.0025 cos(3 position). Reward: minus a tenth of the squared force as given, before its limit, and
/// 100 for arriving. An episode starts at rest at a position uniform in −0.6 … −0.4 and ends at position
/// 0.45 with at least the goal's velocity. The registered version ends after 999 steps.
///
/// Source: A. W. Moore, "Efficient Memory-Based Learning for Robot Control", 1990; constants by J. A.
/// Martín H. and A. de Broissia.
public struct MountainCarContinuous: Environment {
  @usableFromInline var position = 0.0
  @usableFromInline var velocity = 0.0
  /// Whether the state is still the Float64 of the reset.
  @usableFromInline var isDouble = true
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

  public var actionSpace: Box { Box(shape: [1], in: -1...1) }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    position = random.uniform(low, high)
    velocity = 0
    isDouble = true
  }

  @inlinable
  public mutating func step(
    _ action: InlineArray<1, Float>, using random: inout PCG64
  ) -> StepResult {
    let force = action[0]
    let arrives =
      isDouble ? move(Double.self, by: force) : move(Float.self, by: force)
    isDouble = false
    // The square of a Float32 is exact in Float64.
    let effort = Double(force) * Double(force) * 0.1
    return StepResult(
      reward: (arrives ? 100 : 0) - effort, ending: arrives ? .terminated : .none)
  }

  /// One step in the precision of the state, which is Float32 after it; whether the car arrives.
  @inlinable
  mutating func move<Number: BinaryFloatingPoint>(_: Number.Type, by force: Float) -> Bool {
    var position = Number(self.position)
    var velocity = Number(self.velocity)
    let slope = 0.0025 * cos(Double(3 * position))

    // A force within its limits is Float32 and keeps the sum in it; a limit is a Float64.
    let acceleration: Number
    if force < -1 || force > 1 {
      acceleration = Number((force < 0 ? -1.0 : 1.0) * 0.0015 - slope)
    } else {
      acceleration = Number(force * 0.0015 - Float(slope))
    }
    velocity += acceleration
    let isFast = velocity.magnitude > Number(0.07)
    if isFast { velocity = velocity < 0 ? Number(-0.07) : Number(0.07) }

    position = max(Number(-1.2), min(Number(0.6), position + velocity))
    let isStopped = position == Number(-1.2) && velocity < 0
    if isStopped { velocity = 0 }

    self.position = Double(Float(position))
    self.velocity = Double(Float(velocity))
    // A limited velocity is compared as the Float64 that the limit is.
    let isFastEnough =
      isFast && !isStopped
      ? (velocity < 0 ? -0.07 : 0.07) >= goalVelocity : velocity >= Number(goalVelocity)
    return position >= Number(0.45) && isFastEnough
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(velocity)
  }
}
