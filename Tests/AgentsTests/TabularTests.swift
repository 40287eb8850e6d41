import Agents
import Envs
import Foundation
import Policy
import Runtime
import Testing

/// Two states in turn, where action 1 earns 1 and action 0 nothing, for three steps.
private struct Turns: Environment {
  var steps = 0
  var observationSpace: Discrete { Discrete(2, start: 7) }
  var actionSpace: Discrete { Discrete(2, start: 3) }
  mutating func reset(using random: inout PCG64) { steps = 0 }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    steps += 1
    return StepResult(reward: Double(action - 3), ending: steps == 3 ? .terminated : .none)
  }
  func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(7 + steps % 2) }
}

private func settings(_ change: (inout TabularConfiguration) -> Void) -> TabularConfiguration {
  var configuration = TabularConfiguration()
  change(&configuration)
  return configuration
}

/// The exact value of a deterministic policy at the start of an environment.
private func worth<E: TabularEnvironment>(
  of policy: ActionValues, in environment: E, gamma: Double
) -> Double {
  var values = [Double](repeating: 0, count: environment.stateCount)
  for _ in 0..<5000 {
    for state in values.indices {
      values[state] = environment.transitions(from: state, taking: policy.greedy(in: state))
        .reduce(0) {
          $0 + $1.probability * ($1.reward + ($1.terminated ? 0 : gamma * values[$1.nextState]))
        }
    }
  }
  return environment.starts.reduce(0) { $0 + $1.probability * values[$1.state] }
}

@Suite struct TabularTests {
  /// Sutton and Barto, equations 6.7, 6.8 and 6.9, by hand.
  @Test func rulesAreTheTextbooks() {
    var q = ActionValues(states: 2, actions: 2)
    (q[1, 0], q[1, 1]) = (3, 5)
    #expect(SARSARule.worth(of: 1, taking: 0, q, epsilon: 0.2) == 3)
    #expect(SARSARule.worth(of: 1, taking: 1, q, epsilon: 0.2) == 5)
    #expect(QLearningRule.worth(of: 1, taking: 0, q, epsilon: 0.2) == 5)
    #expect(
      (ExpectedSARSARule.worth(of: 1, taking: 0, q, epsilon: 0.2) - (0.8 * 5 + 0.2 * 4)).magnitude
        < 1e-15)
    #expect(q.greedy(in: 0) == 0 && q.greedy(in: 1) == 1)
  }

  /// Greedy from values that start at 1: three steps a reward of 1, 1, 1 or less, each update by hand.
  @Test func updatesAreDoneByHand() throws {
    let settings = settings {
      $0.learningRate = 0.5
      $0.initialEpsilon = 0
      $0.finalEpsilon = 0
      $0.gamma = 0.5
      $0.stepsPerReport = 1
    }
    var environments = VectorEnvironment(count: 1, seed: 1) { Turns() }
    var agent = try QLearning(for: environments, settings, seed: 1)
    // All values are 0 and the first of equals is taken, so nothing is earned and nothing changes.
    try agent.train(on: &environments, steps: 3) { _ in }
    #expect(agent.values.numbers == [0, 0, 0, 0])

    var eager = settings
    eager.initialValue = 1
    var sarsa = try SARSA(for: environments, eager, seed: 1)
    // Step 1, state 0, action 0: 1 + ½ (0 + ½ · 1 − 1) = 0.75.
    try sarsa.train(on: &environments, steps: 1) { _ in }
    #expect(sarsa.values.numbers == [0.75, 1, 1, 1])
    // Step 2, state 1, action 0; a′ is action 1 of state 0, worth 1: 0.75.
    try sarsa.train(on: &environments, steps: 2) { _ in }
    #expect(sarsa.values.numbers == [0.75, 1, 0.75, 1])
    // Step 3, state 0, action 1, the last: 1 + ½ (1 − 1) = 1.
    try sarsa.train(on: &environments, steps: 3) { _ in }
    #expect(sarsa.values.numbers == [0.75, 1, 0.75, 1])
    // Step 4, state 0, action 1; a′ is action 1 of state 1: 1 + ½ (1 + ½ − 1) = 1.25.
    try sarsa.train(on: &environments, steps: 4) { _ in }
    #expect(sarsa.values.numbers == [0.75, 1.25, 0.75, 1])
    #expect(sarsa.stepCount == 4)
  }

  /// Sutton and Barto, example 6.6: along the cliff Q-learning finds the shortest way and falls off it while it
  /// explores; SARSA goes around and earns more.
  @Test func theCliffTellsTheRulesApart() throws {
    let settings = settings {
      $0.learningRate = 0.5
      $0.initialEpsilon = 0.1
      $0.finalEpsilon = 0.1
      $0.gamma = 1
    }
    func trained<Rule>(
      _ type: TabularAgent<Rule>.Type
    ) throws -> (online: Double, greedy: EvaluationResult) {
      var environments = VectorEnvironment(count: 1, seed: 2) { CliffWalking() }
      var agent = try type.init(for: environments, settings, seed: 2)
      var last = 0.0
      try agent.train(on: &environments, steps: 30_000) { last = $0.meanReturn }
      let greedy = try evaluate(
        agent.policy, in: CliffWalking(), episodes: 2, seed: 1, timeLimit: 100)
      return (last, greedy)
    }
    let (off, on) = (try trained(QLearning.self), try trained(SARSA.self))
    #expect(off.greedy.returns == [-13, -13])
    #expect(on.greedy.returns[0] < -13)
    #expect(on.online > off.online + 5, "\(on.online) against \(off.online)")
    #expect(on.online > -35 && off.online < -35, "\(on.online) against \(off.online)")
    // Without the chance in a′ SARSA still goes around.
    #expect(try trained(ExpectedSARSA.self).online > off.online + 5)
  }

  @Test func qLearningComesNearTheOptimumOnIce() throws {
    let lake = FrozenLake()
    let optimum = valueIteration(lake, gamma: 0.99).value(atStartOf: lake)
    var environments = VectorEnvironment(count: 2, seed: 4, timeLimit: 100) { lake }
    var agent = try QLearning(
      for: environments,
      settings {
        $0.learningRate = .linear(0.2)
        $0.finalEpsilon = 0.2
      }, seed: 4, totalSteps: 200_000)
    try agent.train(on: &environments, steps: 200_000) { _ in }
    let reached = worth(of: agent.values, in: lake, gamma: 0.99)
    #expect(reached > 0.95 * optimum, "\(reached) of \(optimum)")
  }

  /// The chain has no end but its time limit, which must not count as one: 25.4991 by its documentation.
  @Test func aTimeLimitIsNoEnd() throws {
    var environments = VectorEnvironment(count: 4, seed: 5, timeLimit: 20) { ChainWalk() }
    var agent = try QLearning(
      for: environments,
      settings {
        $0.learningRate = .linear(0.1)
        $0.finalEpsilon = 0.5
        $0.gamma = 0.9
      }, seed: 5, totalSteps: 400_000)
    try agent.train(on: &environments, steps: 400_000) { _ in }
    #expect((agent.values.largest(in: 0) - 25.4991).magnitude < 1, "\(agent.values.numbers)")
  }

  @Test func masksAreKept() throws {
    var environments = VectorEnvironment(count: 2, seed: 6, timeLimit: 200) { Taxi() }
    var agent = try SARSA(for: environments, seed: 6)
    try agent.train(on: &environments, steps: 4000) { _ in }
    // Picking up where there is nobody costs 10, and the mask forbids it.
    let model = agent.policy
    #expect(model.policy.perceptron.layers.count == 1)
    let tried = agent.values.numbers.filter { $0 < -9 }
    #expect(tried.isEmpty, "\(tried.count) forbidden actions were taken")
  }

  @Test(arguments: [1, 3])
  func aRestoredAgentContinuesExactly(_ count: Int) throws {
    var environments = try make("FrozenLake-v1", count: count, seed: 7)
    var agent = try SARSA(for: environments, seed: 7, totalSteps: 20_000)
    try agent.train(on: &environments, steps: 3000) { _ in }
    let files = try agent.snapshot()
    var others = try make("FrozenLake-v1", count: count, seed: 7)
    try others.restoreState(environments.encodedState())
    var again = try SARSA(for: others, seed: 99, totalSteps: 20_000)
    try again.restore(files, directory: "x")
    try agent.train(on: &environments, steps: 9000) { _ in }
    try again.train(on: &others, steps: 9000) { _ in }
    #expect(try agent.snapshot() == again.snapshot())
    #expect(try agent.snapshot() != files)
    #expect(throws: RunError.self) {
      try again.restore(files.mapValues { $0.prefix(9) }, directory: "x")
    }
  }

  @Test func otherSpacesAreRefused() throws {
    for id in ["CartPole-v1", "Blackjack-v1"] {
      let error = #expect(throws: RunError.self) {
        try QLearning(for: make(id, seed: 1), seed: 1)
      }
      #expect(error?.description.contains("one discrete number") == true)
    }
  }
}
