public import CLibm
import Runtime

/// Two links in a chain, a motor at the joint between them: swing the free end up.
///
/// Equal to Gymnasium 1.4's Acrobot bit for bit. Float64 dynamics, one Runge-Kutta step of order four
/// and 0.2 s; links of 1 m and 1 kg. The angles are wrapped into ±π and the velocities limited.
///
/// | observation | range |
/// |---|---|
/// | cosine and sine of the first angle, which is 0 hanging down | −1 … 1 |
/// | cosine and sine of the second angle, relative to the first link | −1 … 1 |
/// | angular velocity of the first angle in rad/s | ±4π |
/// | angular velocity of the second angle in rad/s | ±9π |
///
/// Actions: 0, 1 and 2 apply a torque of −1, 0 and 1 N m to the joint. Reward: −1 for every step, 0 for
/// the last. An episode starts with all four numbers uniform in ±0.1, in Float32, and ends when the free
/// end is more than one link above the fixed one. The registered version ends after 500 steps.
///
/// Source: R. S. Sutton, "Generalization in Reinforcement Learning: Successful Examples Using Sparse
/// Coarse Coding", 1996.
public struct Acrobot: Environment {
  /// Whose equations of motion: the book's are those the paper's results were made with, the paper's
  /// lack a term.
  public enum Dynamics: String, Codable, Sendable, CaseIterable {
    /// R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction".
    case book
    /// The paper at NIPS.
    case nips
  }

  /// Both angles and both angular velocities.
  @usableFromInline var state = SIMD4<Double>.zero
  /// Sine and cosine of the first and the second angle.
  @usableFromInline var shape = SIMD4<Double>(0, 1, 0, 1)
  /// Whether the state is still the Float32 of the reset.
  @usableFromInline var isSingle = true
  @usableFromInline let dynamics: Dynamics
  @usableFromInline let low: Double
  @usableFromInline let high: Double
  @usableFromInline let seconds: Double
  @usableFromInline let torqueNoise: Double

  /// Creates an acrobot; `start` is the range that the four numbers of a start state come from,
  /// `timeStep` the length of a step in seconds, at most 1, and every torque is off by a random one of up
  /// to `torqueNoise` N m.
  @inlinable
  public init(
    dynamics: Dynamics = .book, start: ClosedRange<Double> = -0.1...0.1, timeStep: Double = 0.2,
    torqueNoise: Double = 0
  ) {
    if !(torqueNoise >= 0 && torqueNoise.isFinite) {
      stop("Acrobot", "the torque noise is \(torqueNoise) N m; it must be 0 or more")
    }
    if !(timeStep > 0 && timeStep <= 1) {
      stop("Acrobot", "the time step is \(timeStep) s; it must be above 0 and at most 1")
    }
    self.dynamics = dynamics
    low = start.lowerBound
    high = start.upperBound
    seconds = timeStep
    self.torqueNoise = torqueNoise
  }

  public var observationSpace: Box {
    let high = [1, 1, 1, 1, 4 * Double.pi, 9 * Double.pi]
    return Box(low: high.map(-), high: high)
  }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(3) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    for index in 0..<4 { state[index] = Double(Float(random.uniform(low, high))) }
    isSingle = true
    turn()
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var torque = Double(action &- 1)
    if torqueNoise > 0 { torque += random.uniform(-torqueNoise, torqueNoise) }
    let first = change(of: state, sine: shape[2], cosine: shape[3], torque: torque)
    let second = change(of: state + seconds / 2 * first, torque: torque)
    let third = change(of: state + seconds / 2 * second, torque: torque)
    let fourth = change(of: state + seconds * third, torque: torque)
    state += seconds / 6 * (first + 2 * second + 2 * third + fourth)

    state[0] = Self.wrapped(state[0])
    state[1] = Self.wrapped(state[1])
    state[2] = max(-4 * .pi, min(4 * .pi, state[2]))
    state[3] = max(-9 * .pi, min(9 * .pi, state[3]))
    isSingle = false
    turn()
    let isUp = -shape[1] - cos(state[1] + state[0]) > 1
    return StepResult(reward: isUp ? 0 : -1, ending: isUp ? .terminated : .none)
  }

  @inlinable
  mutating func turn() {
    let (first, second) = (sine_and_cosine(state[0]), sine_and_cosine(state[1]))
    shape = SIMD4(first.sine, first.cosine, second.sine, second.cosine)
  }

  @inlinable
  func change(of state: SIMD4<Double>, torque: Double) -> SIMD4<Double> {
    let second = sine_and_cosine(state[1])
    return change(of: state, sine: second.sine, cosine: second.cosine, torque: torque)
  }

  /// The derivative of a state, given the sine and cosine of its second angle.
  @inlinable
  func change(
    of state: SIMD4<Double>, sine: Double, cosine: Double, torque: Double
  ) -> SIMD4<Double> {
    // d1, d2, phi1 and phi2 of the paper, with masses, lengths and moments of inertia of 1 and the
    // centres of mass in the middle. The order of the operations is Gymnasium's.
    let gravity = 9.8
    let d1 = 0.25 + (1.25 + cosine) + 1 + 1
    let d2 = (0.25 + 0.5 * cosine) + 1
    let phi2 = 0.5 * gravity * cos(state[0] + state[1] - .pi / 2)
    let phi1 =
      -0.5 * NumPySquare.of(state[3]) * sine - state[3] * state[2] * sine
      + 1.5 * gravity * cos(state[0] - .pi / 2) + phi2
    var push = torque + d2 / d1 * phi1
    if dynamics == .book { push -= 0.5 * NumPySquare.of(state[2]) * sine }
    let second = (push - phi2) / (1.25 - NumPySquare.of(d2) / d1)
    let first = -(d2 * second + phi1) / d1
    return SIMD4(state[2], state[3], first, second)
  }

  /// The angle with whole turns taken off until it lies within ±π.
  @inlinable
  static func wrapped(_ angle: Double) -> Double {
    // So far out, from an absurd start, Gymnasium does not return in any useful time.
    if !(angle.magnitude < 1e7) { return angle.remainder(dividingBy: 2 * .pi) }
    var angle = angle
    while angle > .pi { angle -= 2 * .pi }
    while angle < -.pi { angle += 2 * .pi }
    return angle
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    if isSingle {
      let (first, second) = (Float(state[0]), Float(state[1]))
      observation[0] = NumPyTrigonometry.cosine(first)
      observation[1] = NumPyTrigonometry.sine(first)
      observation[2] = NumPyTrigonometry.cosine(second)
      observation[3] = NumPyTrigonometry.sine(second)
    } else {
      observation[0] = Float(shape[1])
      observation[1] = Float(shape[0])
      observation[2] = Float(shape[3])
      observation[3] = Float(shape[2])
    }
    observation[4] = Float(state[2])
    observation[5] = Float(state[3])
  }
}
