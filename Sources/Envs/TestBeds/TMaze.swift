import Runtime

/// A corridor to a junction, where the way to turn is what a sign at its start said: a test of memory
/// over as many steps as the corridor is long.
///
/// Observation: three bits, 011 for the sign "north" and 110 for "south", 101 in the corridor, 010 at the
/// junction. Actions: 0 north, 1 east, 2 south, 3 west. Reward: 4 for turning as the sign said at the
/// junction and −0.1 for the other way, either of which ends the episode, −0.1 for running into a wall,
/// else 0. An episode starts at the sign. The registered version has the junction ten steps from the
/// sign and ends after 100 steps.
///
/// Optimal: a return of 4 in `length` + 1 steps, so that the start is worth 4 γ^length, 3.6175 with a
/// γ of 0.99 and ten steps; without memory turning is a guess, and the best mean return 1.95.
///
/// Its states are numbered `2 · position`, plus 1 if the way is south; the observation does not tell them.
///
/// Source: B. Bakker, "Reinforcement Learning with Long Short-Term Memory", 2001.
public struct TMaze: TabularEnvironment {
  @usableFromInline var position = 0
  @usableFromInline var isSouth = false
  public let length: Int

  @inlinable
  public init(length: Int = 10) {
    if length < 1 { stop("TMaze", "the corridor is \(length) steps long; it must be at least one") }
    self.length = length
  }

  public var observationSpace: MultiBinary { MultiBinary(3) }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(4) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    position = 0
    isSouth = random.integers(0..<2) == 1
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let outcome = outcome(from: state, action: action)
    position = outcome.nextState / 2
    return StepResult(
      reward: outcome.reward, ending: outcome.terminated ? .terminated : .none)
  }

  public var stateFault: String? {
    fault("length", length, in: 1...(1 << 53)) ?? fault("position", position, in: 0...length)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    let isSign = position == 0
    let isJunction = position == length
    observation[0] = isJunction || (isSign && !isSouth) ? 0 : 1
    observation[1] = isSign || isJunction ? 1 : 0
    observation[2] = isJunction || (isSign && isSouth) ? 0 : 1
  }

  @inlinable public var state: Int { 2 * position + (isSouth ? 1 : 0) }

  @inlinable public var stateCount: Int { 2 * (length + 1) }

  public var starts: [(state: Int, probability: Double)] {
    [(state: 0, probability: 0.5), (state: 1, probability: 0.5)]
  }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    [outcome(from: state, action: action)]
  }

  @inlinable
  func outcome(from state: Int, action: Int) -> Transition {
    let position = state / 2
    if position == length, action == 0 || action == 2 {
      let isRight = (action == 2) == (state % 2 == 1)
      return Transition(
        probability: 1, nextState: state, reward: isRight ? 4 : -0.1, terminated: true)
    }
    if action == 1, position < length {
      return Transition(probability: 1, nextState: state + 2, reward: 0)
    }
    if action == 3, position > 0 {
      return Transition(probability: 1, nextState: state - 2, reward: 0)
    }
    return Transition(probability: 1, nextState: state, reward: -0.1)
  }
}
