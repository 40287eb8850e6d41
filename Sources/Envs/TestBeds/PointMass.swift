import Runtime

/// A mass on a line to be pushed to the origin and kept there: the smallest task with continuous
/// actions, a test bed for Gaussian policies that trains in a second.
///
/// Observation: position (−2 … 2) and velocity. Action: a force in −1 … 1, limited to it. Each step
/// is 0.1 s of semi-implicit Euler with a drag of 0.5/s, scaled by 4. Reward: minus the squared
/// position minus a tenth of the squared force, never above 0. An episode starts at rest at a
/// position uniform in −1 … 1 and has no end but the registered limit of 50 steps.
public struct PointMass: Environment {
  @usableFromInline var position: Float = 0
  @usableFromInline var velocity: Float = 0

  @inlinable public init() {}

  public var observationSpace: Box {
    Box(low: [-2, -.infinity], high: [2, .infinity])
  }

  public var actionSpace: Box { Box(shape: [1], in: -1...1) }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    position = Float(random.uniform(-1, 1))
    velocity = 0
  }

  @inlinable
  public mutating func step(
    _ action: InlineArray<1, Float>, using random: inout PCG64
  ) -> StepResult {
    let force = max(-1, min(1, action[0]))
    velocity += 0.1 * (4 * force - 0.5 * velocity)
    position = max(-2, min(2, position + 0.1 * velocity))
    return StepResult(reward: Double(-(position * position) - 0.1 * force * force))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = position
    observation[1] = velocity
  }
}
