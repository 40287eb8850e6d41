import Runtime

/// Flip bits one at a time until they are the goal's: hopeless for an agent that waits for a reward by
/// chance, easy with hindsight replay.
///
/// Observation: the bits as `observation` and again as `achieved_goal`, and the goal's as
/// `desired_goal`. Action: which bit to flip. Reward: −1 for every step, 0 for the one that reaches the
/// goal and ends the episode. Bits and goal start at random, not equal. The registered version has 15
/// bits and ends after 15 steps.
///
/// Optimal: with d bits that differ, the value is −(1 − γ^(d − 1)) / (1 − γ), with γ = 1 it is 1 − d. The
/// mean of d at the start is n 2^(n − 1) / (2^n − 1), for 15 bits 7.50023, so that the best mean return is
/// −6.50023.
///
/// Its states are numbered `bits · 2^n + goal`, so that its table fits a few bits only.
///
/// Source: M. Andrychowicz and others, "Hindsight Experience Replay", 2017.
public struct BitFlipping: TabularEnvironment, GoalEnvironment {
  @usableFromInline var bits = 0
  @usableFromInline var goal = 1
  public let n: Int

  @inlinable
  public init(_ n: Int = 15) {
    if !(1...30).contains(n) {
      stop("BitFlipping", "there are \(n) bits; there must be 1 to 30")
    }
    self.n = n
  }

  public var observationSpace: Dict {
    Dict([
      "achieved_goal": MultiBinary(n), "desired_goal": MultiBinary(n),
      "observation": MultiBinary(n),
    ])
  }

  public var actionSpace: Discrete {
    @inlinable get { Discrete(n) }
  }

  /// What a step earns that leaves one goal achieved where another was desired: what hindsight replay
  /// asks again. It ends the episode if it is 0.
  @inlinable
  public static func reward(achieved: Span<Float>, desired: Span<Float>) -> Double {
    for index in achieved.indices where achieved[index] != desired[index] { return -1 }
    return 0
  }

  public func outcome(achieved: Span<Float>, desired: Span<Float>) -> StepResult {
    let reward = Self.reward(achieved: achieved, desired: desired)
    return StepResult(reward: reward, ending: reward == 0 ? .terminated : .none)
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    bits = random.integers(0..<(1 << n))
    goal = bits ^ random.integers(1..<(1 << n))
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    bits ^= 1 << action
    return bits == goal ? StepResult(reward: 0, ending: .terminated) : StepResult(reward: -1)
  }

  public var stateFault: String? {
    if let fault = fault("n", n, in: 1...30) { return fault }
    let last = 1 << n - 1
    return fault("bits", bits, in: 0...last) ?? fault("goal", goal, in: 0...last)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    for index in 0..<n {
      let bit = Float(bits >> index & 1)
      observation[index] = bit
      observation[n + index] = Float(goal >> index & 1)
      observation[2 * n + index] = bit
    }
  }

  @inlinable public var state: Int { bits << n | goal }

  @inlinable public var stateCount: Int { 1 << (2 * n) }

  public var starts: [(state: Int, probability: Double)] {
    let count = 1 << n
    return (0..<count * count).filter { $0 / count != $0 % count }
      .map { (state: $0, probability: 1 / Double(count * (count - 1))) }
  }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    let (bits, goal) = (state >> n, state & (1 << n - 1))
    let next = bits ^ 1 << action
    return [
      Transition(
        probability: 1, nextState: next << n | goal, reward: next == goal ? 0 : -1,
        terminated: next == goal)
    ]
  }
}
