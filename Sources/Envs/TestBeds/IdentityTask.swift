import Runtime

/// Say what you see: the smallest task there is, which every agent must solve.
///
/// Observation: a number 0 ..< n, drawn anew at every step. Action: a number 0 ..< n. Reward: 1 if they
/// are equal, else 0. It has no end but the registered limit of 100 steps.
///
/// Optimal: 1 at every step, hence a return of 100 within the limit and the value 1 / (1 − γ) without;
/// guessing earns 1 / n a step.
public struct IdentityTask: TabularEnvironment {
  @usableFromInline var number = 0
  public let n: Int

  @inlinable
  public init(_ n: Int = 2) {
    if n < 1 { stop("IdentityTask", "there are \(n) numbers; there must be at least one") }
    self.n = n
  }

  public var observationSpace: Discrete {
    @inlinable get { Discrete(n) }
  }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(n) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) { number = random.integers(0..<n) }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let isRight = action == number
    number = random.integers(0..<n)
    return StepResult(reward: isRight ? 1 : 0)
  }

  public var stateFault: String? {
    fault("n", n, in: 1...Int.max) ?? fault("number", number, in: 0...n - 1)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(number)
  }

  @inlinable public var state: Int { number }

  @inlinable public var stateCount: Int { n }

  public var starts: [(state: Int, probability: Double)] {
    (0..<n).map { (state: $0, probability: 1 / Double(n)) }
  }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    (0..<n).map {
      Transition(probability: 1 / Double(n), nextState: $0, reward: action == state ? 1 : 0)
    }
  }
}
