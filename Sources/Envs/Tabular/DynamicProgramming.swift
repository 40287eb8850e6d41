/// What dynamic programming found of an environment.
public struct TabularSolution: Sendable {
  /// The expected discounted return from each state.
  public var values: [Double]
  /// The best action in each state, the first of equals.
  public var policy: [Int]
  /// How many times all states were looked at.
  public var sweeps: Int
  /// By how much the last look changed a value at most; above the tolerance if the sweeps ran out.
  public var residual: Double

  /// The expected return of an episode.
  public func value<E: TabularEnvironment>(atStartOf environment: E) -> Double {
    environment.starts.reduce(0) { $0 + $1.probability * values[$1.state] }
  }
}

/// Solves an environment by improving values until none changes by more than `tolerance`.
///
/// ```swift
/// let solution = valueIteration(Taxi(), gamma: 1)
/// print(solution.value(atStartOf: Taxi()))  // 7.93
/// ```
///
/// `v(s) = max over a of Σ p (r + γ v(s'))`, each new value used at once (Gauss and Seidel). With a
/// `gamma` of 1 it converges where the best policy ends every episode that can earn nothing more.
///
/// Source: R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", section 4.4.
public func valueIteration<E: TabularEnvironment>(
  _ environment: E, gamma: Double, tolerance: Double = 1e-10, maxSweeps: Int = 100_000
) -> TabularSolution {
  if !(0...1).contains(gamma) {
    stop("valueIteration", "gamma is \(gamma); it must be from 0 to 1")
  }
  let model = TransitionTable(environment)
  var values = [Double](repeating: 0, count: model.stateCount)
  var sweeps = 0
  var residual = Double.infinity
  while residual > tolerance, sweeps < maxSweeps {
    residual = 0
    for state in values.indices {
      var best = -Double.infinity
      for action in 0..<model.actionCount {
        best = max(best, model.value(of: action, in: state, gamma: gamma, values: values))
      }
      residual = max(residual, (best - values[state]).magnitude)
      values[state] = best
    }
    sweeps += 1
  }
  return TabularSolution(
    values: values, policy: model.greedyPolicy(gamma: gamma, values: values), sweeps: sweeps,
    residual: residual)
}

/// Solves an environment by evaluating a policy, improving it, and so on until it is its own
/// improvement.
///
/// ```swift
/// let solution = policyIteration(CliffWalking(), gamma: 0.99)
/// ```
///
/// `gamma` is below 1, since the first policies may never end an episode.
///
/// Source: R. S. Sutton and A. G. Barto, "Reinforcement Learning: An Introduction", section 4.3.
public func policyIteration<E: TabularEnvironment>(
  _ environment: E, gamma: Double, tolerance: Double = 1e-10
) -> TabularSolution {
  if !(gamma >= 0 && gamma < 1) {
    stop("policyIteration", "gamma is \(gamma); it must be at least 0 and below 1")
  }
  let model = TransitionTable(environment)
  var solution = TabularSolution(
    values: Array(repeating: 0, count: model.stateCount),
    policy: Array(repeating: 0, count: model.stateCount), sweeps: 0, residual: .infinity)
  var isStable = false
  while !isStable {
    solution.residual = .infinity
    while solution.residual > tolerance {
      solution.residual = 0
      for state in solution.values.indices {
        let value = model.value(
          of: solution.policy[state], in: state, gamma: gamma, values: solution.values)
        solution.residual = max(solution.residual, (value - solution.values[state]).magnitude)
        solution.values[state] = value
      }
      solution.sweeps += 1
    }
    // Improvements that rounding may have made do not count, lest equals take turns for ever.
    let margin = 100 * tolerance / (1 - gamma)
    isStable = true
    for state in solution.values.indices {
      var best = solution.values[state] + margin
      for action in 0..<model.actionCount {
        let value = model.value(of: action, in: state, gamma: gamma, values: solution.values)
        if value > best {
          best = value
          solution.policy[state] = action
          isStable = false
        }
      }
    }
  }
  solution.policy = model.greedyPolicy(gamma: gamma, values: solution.values)
  return solution
}

/// All transitions of an environment in one array.
private struct TransitionTable {
  let stateCount: Int
  let actionCount: Int
  private var transitions: [Transition] = []
  /// Where those of each state and action begin.
  private var offsets: [Int] = [0]

  init<E: TabularEnvironment>(_ environment: E) {
    stateCount = environment.stateCount
    actionCount = environment.actionSpace.n
    for state in 0..<stateCount {
      for action in 0..<actionCount {
        transitions += environment.transitions(from: state, taking: action)
        offsets.append(transitions.count)
      }
    }
  }

  /// What an action is worth: `Σ p (r + γ v(s'))`.
  func value(of action: Int, in state: Int, gamma: Double, values: [Double]) -> Double {
    let index = state * actionCount + action
    var sum = 0.0
    for transition in transitions[offsets[index]..<offsets[index + 1]] {
      let next = transition.terminated ? 0 : gamma * values[transition.nextState]
      sum += transition.probability * (transition.reward + next)
    }
    return sum
  }

  /// The best action in each state, the first of those that differ by rounding alone.
  func greedyPolicy(gamma: Double, values: [Double]) -> [Int] {
    values.indices.map { state in
      var best = (action: 0, value: -Double.infinity)
      for action in 0..<actionCount {
        let value = self.value(of: action, in: state, gamma: gamma, values: values)
        if value > best.value + 1e-9 { best = (action, value) }
      }
      return best.action
    }
  }
}
