public import CLibm
import Runtime

/// A pendulum with a motor too weak to lift it at once: swing it up and keep it there.
///
/// Equal to Gymnasium 1.4's Pendulum bit for bit. Float64 dynamics, one semi-implicit Euler step of
/// 0.05 s, mass 1 kg, length 1 m; what the torque adds is computed in Float32, as Gymnasium does with a
/// Float32 action.
///
/// | observation | range |
/// |---|---|
/// | cosine of the angle, which is 0 upright | −1 … 1 |
/// | sine of the angle | −1 … 1 |
/// | angular velocity in rad/s | −8 … 8 |
///
/// Action: a torque in N m, limited to −2 … 2. Reward: −(angle² + 0.1 velocity² + 0.001 torque²) of the
/// state before the step, the angle from −π up to π. An episode starts with the angle uniform in ±π and
/// the velocity in ±1 and has no end but the registered limit of 200 steps.
///
/// Source: Gymnasium 1.4, which names none.
public struct Pendulum: Environment {
  @usableFromInline var angle = 0.0
  @usableFromInline var velocity = 0.0
  /// Of the angle: the observation's, and used again by the next step.
  @usableFromInline var sine = 0.0
  @usableFromInline var cosine = 1.0
  @usableFromInline let gravity: Double
  @usableFromInline let largestAngle: Double
  @usableFromInline let largestVelocity: Double

  /// Creates a pendulum; an episode starts with the angle uniform in ±`startAngle` and the angular
  /// velocity in ±`startVelocity`.
  @inlinable
  public init(gravity: Double = 10, startAngle: Double = .pi, startVelocity: Double = 1) {
    if !(startAngle >= 0 && startVelocity >= 0) {
      stop(
        "Pendulum",
        "the start ranges are ±\(startAngle) and ±\(startVelocity); neither may be negative")
    }
    self.gravity = gravity
    largestAngle = startAngle
    largestVelocity = startVelocity
  }

  public var observationSpace: Box { Box(low: [-1, -1, -8], high: [1, 1, 8]) }

  public var actionSpace: Box { Box(shape: [1], in: -2...2) }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    angle = random.uniform(-largestAngle, largestAngle)
    velocity = random.uniform(-largestVelocity, largestVelocity)
    turn()
  }

  // Inlined always: a call would cost a tenth of it.
  @inlinable
  @inline(__always)
  public mutating func step(
    _ action: InlineArray<1, Float>, using random: inout PCG64
  ) -> StepResult {
    let torque = max(-2, min(2, action[0]))
    let seconds = 0.05

    let turned = Self.turned(angle + .pi)
    let cost =
      NumPySquare.of(turned - .pi) + 0.1 * NumPySquare.of(velocity)
      + Double(0.001 * NumPySquare.of(torque))

    velocity += (3 * gravity / 2 * sine + Double(3 * torque)) * seconds
    velocity = max(-8, min(8, velocity))
    angle += velocity * seconds
    turn()
    return StepResult(reward: -cost)
  }

  /// The angle from 0 up to 2π, as Python's modulo has it.
  @inlinable
  @inline(__always)
  package static func turned(_ angle: Double) -> Double {
    let circle = 2 * Double.pi
    guard angle.magnitude < 8 * circle else {
      let rest = angle.truncatingRemainder(dividingBy: circle)
      return rest < 0 ? rest + circle : rest
    }
    // These differences are exact, since nothing less than half of a number is taken from it. In a vector, as
    // angles come in no order and branches would be mispredicted.
    var rest = SIMD2(angle.magnitude, 0)
    rest -= SIMD2(repeating: 4 * circle).replacing(with: 0, where: rest .< 4 * circle)
    rest -= SIMD2(repeating: 2 * circle).replacing(with: 0, where: rest .< 2 * circle)
    rest -= SIMD2(repeating: circle).replacing(with: 0, where: rest .< circle)
    return angle < 0 && rest[0] > 0 ? circle - rest[0] : rest[0]
  }

  @inlinable
  mutating func turn() {
    let both = sine_and_cosine(angle)
    (sine, cosine) = (both.sine, both.cosine)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(cosine)
    observation[1] = Float(sine)
    observation[2] = Float(velocity)
  }
}
