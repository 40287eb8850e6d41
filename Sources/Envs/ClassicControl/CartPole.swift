public import CLibm
import Runtime

/// A pole on a cart: push the cart left or right so that the pole stays up.
///
/// Equal to Gymnasium 1.4's CartPole bit for bit. Float64 dynamics, one explicit Euler step of
/// 0.02 s; the observation is the state as Float32.
///
/// | observation | unit | ends the episode beyond |
/// |---|---|---|
/// | cart position | m | ±2.4 |
/// | cart velocity | m/s | |
/// | pole angle | rad | ±12° (0.2095 rad) |
/// | pole angular velocity | rad/s | |
///
/// Actions: 0 pushes left, 1 right, with 10 N each. Reward: 1 for every step, the last one included;
/// with `suttonBartoReward`, 0 for every step and -1 for the last. An episode starts with all four
/// numbers uniform in ±0.05. The registered versions end after 200 (v0) and 500 steps (v1).
///
/// Source: A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike adaptive elements that can solve
/// difficult learning control problems", 1983; formulas by R. V. Florian, "Correct equations for the
/// dynamics of the cart-pole system", 2005.
public struct CartPole: Environment {
  @usableFromInline var position = 0.0
  @usableFromInline var velocity = 0.0
  @usableFromInline var angle = 0.0
  @usableFromInline var angularVelocity = 0.0
  @usableFromInline var hasFallen = false
  @usableFromInline let suttonBartoReward: Bool
  @usableFromInline let low: Double
  @usableFromInline let high: Double

  /// Creates a cart-pole; `start` is the range that the four numbers of a start state come from.
  @inlinable
  public init(suttonBartoReward: Bool = false, start: ClosedRange<Double> = -0.05...0.05) {
    self.suttonBartoReward = suttonBartoReward
    low = start.lowerBound
    high = start.upperBound
  }

  @usableFromInline static var angleLimit: Double {
    @inlinable get { 12 * 2 * Double.pi / 360 }
  }
  @usableFromInline static var positionLimit: Double {
    @inlinable get { 2.4 }
  }

  public var observationSpace: Box {
    let high = [Self.positionLimit * 2, .infinity, Self.angleLimit * 2, .infinity]
    return Box(low: high.map(-), high: high)
  }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(2) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    position = random.uniform(low, high)
    velocity = random.uniform(low, high)
    angle = random.uniform(low, high)
    angularVelocity = random.uniform(low, high)
    hasFallen = false
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let gravity = 9.8
    let poleMass = 0.1
    let totalMass = 0.1 + 1.0
    let halfLength = 0.5
    let poleMassLength = 0.1 * 0.5
    let seconds = 0.02

    // The order of the operations is Gymnasium's: any other rounds differently.
    let force = action == 1 ? 10.0 : -10.0
    let both = sine_and_cosine(angle)
    let (sine, cosine) = (both.sine, both.cosine)
    let thrust =
      (force + poleMassLength * (angularVelocity * angularVelocity) * sine) / totalMass
    let angularAcceleration =
      (gravity * sine - cosine * thrust)
      / (halfLength * (4.0 / 3.0 - poleMass * (cosine * cosine) / totalMass))
    let acceleration = thrust - poleMassLength * angularAcceleration * cosine / totalMass

    position += seconds * velocity
    velocity += seconds * acceleration
    angle += seconds * angularVelocity
    angularVelocity += seconds * angularAcceleration

    let falls = position.magnitude > Self.positionLimit || angle.magnitude > Self.angleLimit
    guard falls else { return StepResult(reward: suttonBartoReward ? 0 : 1) }
    // Past the end Gymnasium's reward is 0; nothing asks for it but a step after an ending.
    let reward = suttonBartoReward ? -1.0 : hasFallen ? 0 : 1
    hasFallen = true
    return StepResult(reward: reward, ending: .terminated)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(velocity)
    observation[2] = Float(angle)
    observation[3] = Float(angularVelocity)
  }
}
