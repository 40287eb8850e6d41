import Runtime

/// Say what you saw some steps ago: a test of memory that nothing without memory passes.
///
/// Observation: a number 0 ..< n, drawn anew at every step. Action: a number 0 ..< n, right if it is the
/// observation of `delay` steps before the one that is seen now. As long as there is none, the action
/// counts for nothing; after that a right one earns 1 / (length − delay) and a wrong one loses as much.
/// An episode ends after `length` steps. The registered version has four numbers, a delay of 4 and 52
/// steps.
///
/// Optimal: a return of 1; without memory guessing is best, with an expected return of 2 / n − 1, −0.5
/// for four numbers.
///
/// Source: S. Morad and others, "POPGym: Benchmarking Partially Observable Reinforcement Learning",
/// 2023.
public struct RepeatPrevious: Environment {
  /// The last observations, four bits each, the newest lowest.
  @usableFromInline var history: UInt64 = 0
  @usableFromInline var elapsed = 0
  public let n: Int
  public let delay: Int
  public let length: Int

  @inlinable
  public init(_ n: Int = 4, delay: Int = 4, length: Int = 52) {
    if !(2...16).contains(n) {
      stop("RepeatPrevious", "there are \(n) numbers; there must be 2 to 16")
    }
    if !(0...15).contains(delay) {
      stop("RepeatPrevious", "the delay is \(delay) steps; it must be 0 to 15")
    }
    if length <= delay {
      stop("RepeatPrevious", "an episode of \(length) steps has none left after \(delay)")
    }
    self.n = n
    self.delay = delay
    self.length = length
  }

  public var observationSpace: Discrete {
    @inlinable get { Discrete(n) }
  }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(n) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {
    history = UInt64(random.integers(0..<n))
    elapsed = 0
  }

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var reward = 0.0
    if elapsed >= delay {
      let right = Int(history >> (4 * UInt64(delay)) & 15)
      reward = (action == right ? 1 : -1) / Double(length - delay)
    }
    history = history << 4 | UInt64(random.integers(0..<n))
    elapsed += 1
    return StepResult(reward: reward, ending: elapsed == length ? .terminated : .none)
  }

  public var stateFault: String? {
    if let fault = fault("n", n, in: 2...16) ?? fault("delay", delay, in: 0...15) { return fault }
    return firstFault(
      fault("length", length, in: delay + 1...Int.max),
      fault("elapsed steps", elapsed, in: countRange),
      fault("newest number", Int(history & 15), in: 0...n - 1))
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(history & 15)
  }
}
