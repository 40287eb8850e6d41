import Envs
import Runtime
import Testing

@Suite struct TabularTests {
  @Test func tablesAreWhatHappens() {
    checkTable(FrozenLake())
    checkTable(FrozenLake(.eightByEight, successRate: 0.8))
    checkTable(CliffWalking(isSlippery: true))
    checkTable(Taxi(), steps: 400_000)
    checkTable(Taxi(rain: 0.7, fickleness: 0.5), steps: 400_000)
    checkTable(Blackjack())
    checkTable(Blackjack(followsBook: false, naturalBonus: true))
  }

  @Test func knownOptima() {
    // A shortest path of 13 steps along the cliff.
    #expect(startValue(CliffWalking(), gamma: 1) == -13)
    // Without slipping the goal is six steps away.
    #expect(startValue(FrozenLake(isSlippery: false), gamma: 0.9).isClose(to: 0.59049))
    // Gymnasium's thresholds name these optima: .74 and .91 within the time limits, which tables lack,
    // and 8.46 for another version of the taxi.
    #expect(startValue(FrozenLake(), gamma: 1).isClose(to: 14.0 / 17))
    #expect(startValue(FrozenLake(.eightByEight), gamma: 1).isClose(to: 1))
    #expect(startValue(Taxi(), gamma: 1).isClose(to: 7.93))
  }

  @Test func bothMethodsAgree() {
    checkAgreement(FrozenLake(.eightByEight), gamma: 0.99)
    checkAgreement(CliffWalking(isSlippery: true), gamma: 0.95)
    checkAgreement(Taxi(rain: 0.8, fickleness: 0.3), gamma: 0.9)
    checkAgreement(Blackjack(), gamma: 0.5)
  }

  /// S. and B.'s figure 5.2: when to draw with and without a usable ace.
  @Test func blackjacksBestPolicyIsTheBooks() {
    let blackjack = Blackjack()
    let solution = valueIteration(blackjack, gamma: 1)
    for card in 1...10 {
      let softLimit = card == 1 || card >= 9 ? 19 : 18
      let hardLimit = card >= 7 || card == 1 ? 17 : card >= 4 ? 12 : 13
      for sum in 12...20 {
        let state = (sum * 11 + card) * 2
        #expect(solution.policy[state] == (sum < hardLimit ? 1 : 0), "hard \(sum), \(card)")
        #expect(solution.policy[state + 1] == (sum < softLimit ? 1 : 0), "soft \(sum), \(card)")
      }
      #expect(solution.policy[704 + card] == 0)
    }
  }

  /// An optimal policy played earns what the table says.
  @Test func playedPoliciesEarnTheirValue() {
    checkPlayed(Blackjack(), gamma: 1, episodes: 200_000)
    checkPlayed(Blackjack(followsBook: false, naturalBonus: true), gamma: 1, episodes: 200_000)
    checkPlayed(Taxi(rain: 0.8, fickleness: 0.3), gamma: 1, episodes: 20_000)
    checkPlayed(FrozenLake(), gamma: 1, episodes: 20_000)
    checkPlayed(CliffWalking(isSlippery: true), gamma: 1, episodes: 2_000)
  }
}

func startValue(_ environment: some TabularEnvironment, gamma: Double) -> Double {
  valueIteration(environment, gamma: gamma).value(atStartOf: environment)
}

extension Double {
  func isClose(to other: Double) -> Bool { (self - other).magnitude < 1e-6 }
}

func checkAgreement(_ environment: some TabularEnvironment, gamma: Double) {
  let first = valueIteration(environment, gamma: gamma)
  let second = policyIteration(environment, gamma: gamma)
  #expect(first.residual <= 1e-10 && second.residual <= 1e-10)
  for (one, other) in zip(first.values, second.values) where !one.isClose(to: other) {
    Issue.record("\(environment): \(one) by value iteration, \(other) by policy iteration")
    return
  }
}

/// Plays the optimal policy and compares the mean return with its value.
func checkPlayed<E: TabularEnvironment>(_ environment: E, gamma: Double, episodes: Int) {
  let solution = valueIteration(environment, gamma: gamma)
  var episode = Episode(environment, seed: 11)
  var returns: [Double] = []
  for _ in 0..<episodes {
    var (earned, weight) = (0.0, 1.0)
    var result = StepResult(reward: 0)
    while result.ending == .none {
      result = episode.step(solution.policy[episode.environment.state])
      earned += weight * result.reward
      weight *= gamma
    }
    returns.append(earned)
    episode.reset()
  }
  let mean = returns.reduce(0, +) / Double(episodes)
  let variance = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(episodes)
  let error = (variance / Double(episodes)).squareRoot()
  let value = solution.value(atStartOf: environment)
  #expect(
    (mean - value).magnitude < 4 * error + 1e-9, "\(E.self): \(mean) played, \(value) computed")
}

/// Steps an environment at random: what happens is in its table, as often as its probability says.
func checkTable<E: TabularEnvironment>(_ environment: E, steps: Int = 200_000) {
  let actions = environment.actionSpace.n
  for state in 0..<environment.stateCount {
    for action in 0..<actions {
      let outcomes = environment.transitions(from: state, taking: action)
      let sum = outcomes.reduce(0) { $0 + $1.probability }
      #expect((sum - 1).magnitude < 1e-12)
      #expect(outcomes.allSatisfy { (0..<environment.stateCount).contains($0.nextState) })
    }
  }
  let startSum = environment.starts.reduce(0) { $0 + $1.probability }
  #expect((startSum - 1).magnitude < 1e-12)

  var episode = Episode(environment, seed: 5)
  var random = PCG64(seed: 6)
  var tries = [Int](repeating: 0, count: environment.stateCount * actions)
  var seen: [Transition: Int] = [:]
  var origin: [Transition: Int] = [:]
  var starts = [Int](repeating: 0, count: environment.stateCount)
  var episodes = 0
  func begin() {
    starts[episode.environment.state] += 1
    episodes += 1
  }
  begin()
  // What is told apart: where from, by what action, where to and what it gave. The key is a transition
  // whose probability holds the first two.
  for _ in 0..<steps {
    let state = episode.environment.state
    let action = random.integers(0..<actions)
    let result = episode.step(action)
    let index = state * actions + action
    tries[index] += 1
    let ended = result.ending == .terminated
    // After an ending the next state counts for nothing, and tables may leave it.
    let key = Transition(
      probability: Double(index), nextState: ended ? -1 : episode.environment.state,
      reward: result.reward, terminated: ended)
    seen[key, default: 0] += 1
    origin[key] = index
    if ended {
      episode.reset()
      begin()
    }
  }
  for (key, index) in origin {
    let outcomes = environment.transitions(from: index / actions, taking: index % actions)
    let probability = outcomes.reduce(0) { sum, outcome in
      let matches =
        outcome.terminated == key.terminated && outcome.reward == key.reward
        && (outcome.terminated || outcome.nextState == key.nextState)
      return sum + (matches ? outcome.probability : 0)
    }
    checkOdds(seen[key]!, of: tries[index], probability, "\(E.self) \(index) \(key)")
  }
  for start in environment.starts {
    checkOdds(
      starts[start.state], of: episodes, start.probability, "\(E.self) start \(start.state)")
  }
  let possible = Set(environment.starts.map(\.state))
  #expect(starts.indices.allSatisfy { starts[$0] == 0 || possible.contains($0) })
}

/// Whether a count is within six standard deviations of what a probability makes likely.
private func checkOdds(_ count: Int, of tries: Int, _ probability: Double, _ what: String) {
  let expected = Double(tries) * probability
  let deviation = (expected * (1 - probability)).squareRoot()
  // A rare outcome may come up once or twice; an impossible one never.
  let isPossible = probability > 0 && (Double(count) - expected).magnitude < 6 * deviation + 3
  if !isPossible {
    Issue.record("\(what): \(count) of \(tries) with probability \(probability)")
  }
}
