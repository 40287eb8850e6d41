import Runtime

/// A table of q(s, a), with what an ε-greedy policy makes of it. Of equal actions the first is the greedy one.
public struct ActionValues: Sendable, Equatable, Codable {
  public let stateCount: Int
  public let actionCount: Int
  /// q(s, a), `[S, A]` row by row.
  public private(set) var numbers: [Double]
  /// Whether an action is allowed in a state, as far as states have been seen, `[S, A]`.
  private var isAllowed: [Bool]

  public init(states: Int, actions: Int, initial: Double = 0) {
    stateCount = states
    actionCount = actions
    numbers = .init(repeating: initial, count: states * actions)
    isAllowed = .init(repeating: true, count: states * actions)
  }

  public subscript(state: Int, action: Int) -> Double {
    get { numbers[state * actionCount + action] }
    set { numbers[state * actionCount + action] = newValue }
  }

  /// Notes which actions a state allows.
  mutating func allow(_ mask: UnsafePointer<Bool>, in state: Int) {
    for action in 0..<actionCount { isAllowed[state * actionCount + action] = mask[action] }
  }

  private func allows(_ action: Int, in state: Int) -> Bool {
    isAllowed[state * actionCount + action]
  }

  /// The action with the largest value.
  public func greedy(in state: Int) -> Int {
    var best: Int?
    for action in 0..<actionCount where allows(action, in: state) {
      if let known = best, !(self[state, action] > self[state, known]) { continue }
      best = action
    }
    return best ?? 0
  }

  /// max q(s, ·)
  public func largest(in state: Int) -> Double { self[state, greedy(in: state)] }

  /// Σ π(a | s) q(s, a) of the ε-greedy policy.
  public func expected(in state: Int, epsilon: Double) -> Double {
    var (sum, count) = (0.0, 0.0)
    for action in 0..<actionCount where allows(action, in: state) {
      sum += self[state, action]
      count += 1
    }
    return (1 - epsilon) * largest(in: state) + epsilon * sum / max(count, 1)
  }

  /// Any allowed action with probability ε, else the greedy one.
  public func sample(in state: Int, epsilon: Double, using random: inout PCG64) -> Int {
    if random.random() >= epsilon { return greedy(in: state) }
    let options = (0..<actionCount).filter { allows($0, in: state) }
    return options.isEmpty
      ? 0 : options[min(Int(random.random() * Double(options.count)), options.count - 1)]
  }

  /// Whether a table read from a file is whole and has the size of another.
  func hasSize(of other: ActionValues) -> Bool {
    (stateCount, actionCount) == (other.stateCount, other.actionCount)
      && (numbers.count, isAllowed.count) == (other.numbers.count, other.isAllowed.count)
  }
}
