import Runtime

/// Two arms to choose from, once: each pays 1 with a probability of its own, else nothing.
///
/// Observation: always 0. Actions: the arms. Every step ends the episode.
///
/// Optimal: the larger of the two probabilities, 0.6 for the registered version, whose other arm pays with
/// 0.4; choosing at random earns their mean.
///
/// Source: H. Robbins, "Some Aspects of the Sequential Design of Experiments", 1952.
public struct TwoArmedBandit: TabularEnvironment {
  public let first: Double
  public let second: Double

  /// Creates a bandit from the probabilities that the arms pay.
  @inlinable
  public init(_ first: Double = 0.4, _ second: Double = 0.6) {
    for odds in [first, second] where !(0...1).contains(odds) {
      stop("TwoArmedBandit", "an arm pays with probability \(odds); it must be from 0 to 1")
    }
    self.first = first
    self.second = second
  }

  public var observationSpace: Discrete {
    @inlinable get { Discrete(1) }
  }
  public var actionSpace: Discrete {
    @inlinable get { Discrete(2) }
  }

  @inlinable
  public mutating func reset(using random: inout PCG64) {}

  @inlinable
  public mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    let pays = random.random() < (action == 0 ? first : second)
    return StepResult(reward: pays ? 1 : 0, ending: .terminated)
  }

  @inlinable
  public func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }

  @inlinable public var state: Int { 0 }

  @inlinable public var stateCount: Int { 1 }

  public var starts: [(state: Int, probability: Double)] { [(state: 0, probability: 1)] }

  public func transitions(from state: Int, taking action: Int) -> [Transition] {
    let odds = action == 0 ? first : second
    return [
      Transition(probability: odds, nextState: 0, reward: 1, terminated: true),
      Transition(probability: 1 - odds, nextState: 0, reward: 0, terminated: true),
    ]
  }
}
