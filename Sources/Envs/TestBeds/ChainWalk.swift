import Runtime

/// A chain to walk to the end of, past a small reward for turning back at once: a test of looking ahead.
///
/// Observation: the state 0 ..< n. Actions: 0 goes forward, which earns nothing before the last state and
/// 10 at every step that stays there; 1 goes back to the first state for 2. An action slips with
/// probability 0.2 and then does what the other would. It has no end but the registered limit of 1000
/// steps; an episode starts in the first state.
///
/// Optimal, for five states: forward always if γ is at least 0.836, which is worth 25.4991 at the start
/// with a γ of 0.9; below that it pays to turn back in the first states. Forward always is worth
/// `a / (1 − b)` at the start, where with p = 0.8 and q = 0.2 one begins in the last state with
/// `a = (10p + 2q) / (1 − pγ)` and `b = qγ / (1 − pγ)` and goes down the other four by
/// `a ← 2q + pγa`, `b ← qγ + pγb`.
///
/// Source: M. Strens, "A Bayesian Framework for Reinforcement Learning", 2000.
public struct ChainWalk: TabularEnvironment {
  @usableFromInline var cell = 0
  public let n: Int
  /// The probability that an action does what the other would.
  public let slip: Double

  @inlinable
  public init(_ n: Int = 5, slip: Double = 0.2) {
    if n < 2 { stop("ChainWalk", "the chain has \(n) states; it must have at least two") }
    if !(0...1).contains(slip) {
      stop("ChainWalk", "the probability to slip is \(slip); it must be from 0 to 1")
    }
    self.n = n
    self.slip = slip
  }

  public var observationSpace: Discrete {
    @inlinable get { Discrete(n) }
  }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(2) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) { cell = 0 }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let outcome = outcome(
      from: cell, goesBack: (action == 1) != (random.random() < slip), probability: 1)
    cell = outcome.nextState
    return StepResult(reward: outcome.reward)
  }

  public var stateFault: String? {
    fault("n", n, in: 2...Int.max) ?? fault("state", cell, in: 0...n - 1)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(cell)
  }

  @inlinable public var state: Int { cell }

  @inlinable public var stateCount: Int { n }

  public var starts: [(state: Int, probability: Double)] { [(state: 0, probability: 1)] }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    [
      outcome(from: state, goesBack: action == 1, probability: 1 - slip),
      outcome(from: state, goesBack: action != 1, probability: slip),
    ]
  }

  @inlinable
  func outcome(from state: Int, goesBack: Bool, probability: Double) -> Transition {
    if goesBack { return Transition(probability: probability, nextState: 0, reward: 2) }
    return Transition(
      probability: probability, nextState: min(state + 1, n - 1), reward: state == n - 1 ? 10 : 0)
  }
}
