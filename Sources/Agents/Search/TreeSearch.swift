import Envs
import Foundation
import Runtime

/// Monte-Carlo tree search with upper confidence bounds, UCT (Kocsis and Szepesvári, 2006,
/// https://doi.org/10.1007/11871842_29): plans by playing forks of an episode to see what comes of an action.
///
/// ```swift
/// var episode = Episode(CartPole(), seed: 1, timeLimit: 500)
/// var random = PCG64(seed: 2)
/// let search = TreeSearch(simulations: 50)
/// while episode.ending == .none {
///   episode.step(search.plan(episode, using: &random).action)
/// }
/// print(episode.returnSoFar)
/// ```
///
/// Each simulation copies the episode, walks down the tree by the action with the largest
/// q̂ + c √(ln N / n), tries one that the tree does not have, plays on at random, and adds what it earned to
/// the actions on its way. A copy is a fork of the episode, but chance in it is drawn anew: a search knows the
/// odds and not the future. Estimates are scaled to 0…1 by the smallest and the largest seen, as MuZero's
/// (Schrittwieser et al., 2020, https://arxiv.org/abs/1911.08265, appendix B), so that c fits every reward.
public struct TreeSearch: Sendable {
  /// Forks played for one plan; more see further.
  public var simulations: Int
  /// c: larger tries actions longer that look worse.
  public var exploration: Double
  /// The weight of a reward one step later.
  public var gamma: Double
  /// Steps that a simulation looks ahead at most.
  public var depth: Int

  public init(
    simulations: Int = 200, exploration: Double = 2.0.squareRoot(), gamma: Double = 0.99,
    depth: Int = 100
  ) {
    self.simulations = max(simulations, 1)
    self.exploration = exploration
    self.gamma = gamma
    self.depth = max(depth, 1)
  }

  /// What a search found.
  public struct Plan: Sendable, Equatable {
    /// The action that was tried most, the better of equals.
    public let action: Int
    /// How often each action was tried first, from the action space's first on.
    public let visits: [Int]
    /// The mean discounted return after each action, nil where it was not tried.
    public let values: [Double?]
  }

  /// Looks for the best next action of an episode that has not ended. The episode stays as it is.
  ///
  /// - Parameters:
  ///   - random: What chance and the play at random are drawn from.
  ///   - leafValue: What a state that the tree has not seen is worth; nil plays on at random.
  public func plan<E: Environment>(
    _ episode: Episode<E>, using random: inout PCG64,
    leafValue: ((Episode<E>) -> Double)? = nil
  ) -> Plan where E.Action == Int, E.ActionSpace == Discrete {
    let actions = episode.environment.actionSpace
    var tree = SearchTree<E.Element>(actionCount: actions.n)
    var node = tree.root(allowed: episode.actionMask())
    let root = node
    var path: [SearchTree<E.Element>.Step] = []
    for _ in 0..<simulations {
      var fork = episode.continued(using: PCG64(seed: random.next()))
      (node, path) = (root, [])
      var value: Double?
      // Down the tree, to the first action or outcome it does not have.
      while value == nil && path.count < depth && fork.ending == .none {
        let action = tree.choose(at: node, exploration: exploration, using: &random)
        let reward = fork.step(actions.start + action).reward
        path.append(.init(node: node, action: action, reward: reward))
        if fork.ending != .none { break }
        let (next, isNew) = tree.outcome(
          of: action, at: node, observation: fork.observation(), allowed: fork.actionMask())
        node = next
        if isNew {
          value =
            leafValue?(fork) ?? playOut(&fork, actions, steps: depth - path.count, using: &random)
        }
      }
      tree.add(path, value: value ?? 0, gamma: gamma)
    }
    return tree.plan(at: root, firstAction: actions.start)
  }

  /// The discounted return of playing on at random.
  private func playOut<E: Environment>(
    _ episode: inout Episode<E>, _ actions: Discrete, steps: Int, using random: inout PCG64
  ) -> Double where E.Action == Int {
    var (sum, weight) = (0.0, 1.0)
    for _ in 0..<max(steps, 0) {
      if episode.ending != .none { break }
      let mask = episode.actionMask()
      let options = mask.contains(true) ? mask.indices.filter { mask[$0] } : Array(0..<actions.n)
      let action = options[min(Int(random.random() * Double(options.count)), options.count - 1)]
      sum += weight * episode.step(actions.start + action).reward
      weight *= gamma
    }
    return sum
  }
}

/// The tree: a node a state, and for each action how often it was tried and what it earned.
private struct SearchTree<Element: ObservationElement> {
  struct Step {
    let node: Int
    let action: Int
    let reward: Double
  }

  /// Where an outcome of an action leads: the same action may lead to several states.
  private struct Outcome: Hashable {
    let node: Int
    let action: Int
    let observation: [Element]
  }

  private let actionCount: Int
  private var nodes: [Outcome: Int] = [:]
  /// `[nodes, actions]`
  private var visits: [Int] = []
  private var sums: [Double] = []
  private var isAllowed: [Bool] = []
  private var lowest = Double.infinity
  private var highest = -Double.infinity

  init(actionCount: Int) { self.actionCount = actionCount }

  mutating func root(allowed: [Bool]) -> Int { append(allowed) }

  private mutating func append(_ allowed: [Bool]) -> Int {
    let cells = visits.count..<visits.count + actionCount
    visits.append(contentsOf: cells.map { _ in 0 })
    sums.append(contentsOf: cells.map { _ in 0 })
    isAllowed.append(
      contentsOf: allowed.contains(true) ? allowed : cells.map { _ in true })
    return cells.lowerBound / actionCount
  }

  /// The node that an action led to, made where it is new.
  mutating func outcome(
    of action: Int, at node: Int, observation: [Element], allowed: [Bool]
  ) -> (node: Int, isNew: Bool) {
    let key = Outcome(node: node, action: action, observation: observation)
    if let known = nodes[key] { return (known, false) }
    let new = append(allowed)
    nodes[key] = new
    return (new, true)
  }

  /// An action not tried yet, any of them, or else the one with the largest upper bound.
  func choose(at node: Int, exploration: Double, using random: inout PCG64) -> Int {
    let cells = node * actionCount..<(node + 1) * actionCount
    let untried = cells.filter { isAllowed[$0] && visits[$0] == 0 }
    if !untried.isEmpty {
      let pick = min(Int(random.random() * Double(untried.count)), untried.count - 1)
      return untried[pick] - cells.lowerBound
    }
    let total = Double(cells.reduce(0) { $0 + visits[$1] })
    var best = (action: 0, bound: -Double.infinity)
    for cell in cells where isAllowed[cell] {
      let count = Double(visits[cell])
      let bound =
        scaled(sums[cell] / count) + exploration * (log(total) / count).squareRoot()
      if bound > best.bound { best = (cell - cells.lowerBound, bound) }
    }
    return best.action
  }

  private func scaled(_ value: Double) -> Double {
    highest > lowest ? (value - lowest) / (highest - lowest) : 0.5
  }

  /// Adds a simulation's return to every action on its way.
  mutating func add(_ path: [Step], value: Double, gamma: Double) {
    var value = value
    for step in path.reversed() {
      value = step.reward + gamma * value
      let cell = step.node * actionCount + step.action
      visits[cell] += 1
      sums[cell] += value
      let mean = sums[cell] / Double(visits[cell])
      (lowest, highest) = (min(lowest, mean), max(highest, mean))
    }
  }

  func plan(at node: Int, firstAction: Int) -> TreeSearch.Plan {
    let cells = node * actionCount..<(node + 1) * actionCount
    let values = cells.map { visits[$0] > 0 ? sums[$0] / Double(visits[$0]) : nil }
    let counts = cells.map { visits[$0] }
    var best = 0
    for action in 1..<max(actionCount, 1) {
      if counts[action] > counts[best]
        || counts[action] == counts[best]
          && values[action] ?? -.infinity > values[best] ?? -.infinity
      {
        best = action
      }
    }
    return TreeSearch.Plan(action: firstAction + best, visits: counts, values: values)
  }
}
