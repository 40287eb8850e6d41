/// An environment with finitely many states and known odds: what can be solved without a single step.
///
/// ```swift
/// let lake = FrozenLake()
/// for transition in lake.transitions(from: 14, taking: 2) {
///   print(transition.probability, transition.nextState, transition.reward)
/// }
/// let solution = valueIteration(lake, gamma: 0.99)
/// print(solution.values[0], solution.policy[0])
/// ```
///
/// States are numbers from 0 up. Where the observation is a ``Discrete`` value it is the state, unless
/// the environment says otherwise. A time limit is no part of the table.
public protocol TabularEnvironment: Environment where Action == Int, ActionSpace == Discrete {
  var stateCount: Int { get }

  /// The state now: the odds of all that follows depend on it alone.
  var state: Int { get }

  /// Where episodes start, each state once, with probabilities that sum to 1.
  var starts: [(state: Int, probability: Double)] { get }

  /// What an action can lead to, with probabilities that sum to 1; one state may come up twice. Defined
  /// for every state, those that no episode reaches and those after an ending included.
  func transitions(from state: Int, taking action: Int) -> [Transition]
}

/// One thing that an action can lead to.
public struct Transition: Hashable, Sendable, Codable {
  public var probability: Double
  public var nextState: Int
  public var reward: Double
  /// Whether the episode ends, so that the next state's value counts for nothing.
  public var terminated: Bool

  @inlinable
  public init(probability: Double, nextState: Int, reward: Double, terminated: Bool = false) {
    self.probability = probability
    self.nextState = nextState
    self.reward = reward
    self.terminated = terminated
  }
}
