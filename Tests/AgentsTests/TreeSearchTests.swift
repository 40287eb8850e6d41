import Agents
import Envs
import Runtime
import Testing

/// Plays an episode by planning each step.
private func played<E: Environment>(
  _ environment: E, seed: UInt64, timeLimit: Int, _ search: TreeSearch
) -> Episode<E> where E.Action == Int, E.ActionSpace == Discrete {
  var episode = Episode(environment, seed: seed, timeLimit: timeLimit)
  var random = PCG64(seed: seed + 100)
  while episode.ending == .none {
    episode.step(search.plan(episode, using: &random).action)
  }
  return episode
}

@Suite struct TreeSearchTests {
  /// Six steps lead over ice that does not slip, and every plan knows that there is a way.
  @Test func theWayOverTheIceIsFound() {
    let lake = FrozenLake(isSlippery: false)
    for seed in 0..<3 {
      let episode = played(
        lake, seed: UInt64(seed), timeLimit: 100, TreeSearch(simulations: 3000, gamma: 0.9))
      #expect(episode.returnSoFar == 1)
      #expect(episode.elapsedSteps == 6, "seed \(seed)")
    }
  }

  /// What a plan says of each action of slippery ice is what value iteration knows of it.
  @Test func estimatesApproachTheValuesOfTheOptimum() throws {
    let lake = FrozenLake()
    let gamma = 0.9
    let optimum = valueIteration(lake, gamma: gamma)
    var random = PCG64(seed: 5)
    // Wanders until the goal is near, where estimates of a few thousand forks mean something.
    var episode = Episode(lake, seed: 1)
    while episode.environment.state != 14 {
      episode.step(Int(random.random() * 4))
      if episode.ending != .none { episode.reset() }
    }
    let search = TreeSearch(simulations: 20_000, exploration: 0.5, gamma: gamma)
    let plan = search.plan(episode, using: &random)
    #expect(plan.visits.reduce(0, +) == 20_000)
    #expect(plan.action == optimum.policy[14])
    let expected = lake.transitions(from: 14, taking: plan.action).reduce(0) {
      $0 + $1.probability
        * ($1.reward + ($1.terminated ? 0 : gamma * optimum.values[$1.nextState]))
    }
    let estimate = try #require(plan.values[plan.action])
    #expect((estimate - expected).magnitude < 0.1)
  }

  @Test func aPoleIsBalanced() {
    let episode = played(
      CartPole(), seed: 3, timeLimit: 200, TreeSearch(simulations: 50, gamma: 0.99, depth: 40))
    #expect(episode.returnSoFar == 200)
  }

  /// No way is shorter than the one that value iteration knows; further ones than these take more than
  /// playing at random to see.
  @Test func aTaxiGoesTheShortestWay() {
    let optimum = valueIteration(Taxi(), gamma: 1)
    for seed in 2..<4 {
      let start = Episode(Taxi(), seed: UInt64(seed)).environment.state
      let episode = played(
        Taxi(), seed: UInt64(seed), timeLimit: 200,
        TreeSearch(simulations: 3000, exploration: 1, depth: 50))
      #expect(episode.returnSoFar == optimum.values[start], "seed \(seed)")
    }
  }

  /// A plan knows the odds and not the future: of a coin that pays 3 or −3 and a sure 1 it takes the sure one.
  @Test func whatChanceBringsIsNotForeseen() {
    struct Coin: Environment {
      var flips = 0
      var observationSpace: Discrete { Discrete(2) }
      var actionSpace: Discrete { Discrete(2, start: 4) }
      mutating func reset(using random: inout PCG64) { flips = 0 }
      mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
        flips = 1
        return StepResult(
          reward: action == 5 ? 1 : random.random() < 0.5 ? 3 : -3, ending: .terminated)
      }
      func observe(into observation: inout MutableSpan<Float>) { observation[0] = Float(flips) }
    }
    var random = PCG64(seed: 0)
    for seed in 0..<20 {
      let episode = Episode(Coin(), seed: UInt64(seed))
      let plan = TreeSearch(simulations: 100).plan(episode, using: &random)
      #expect(plan.action == 5)
      #expect(plan.values[1] == 1 && (plan.values[0] ?? 9).magnitude < 2)
      #expect(episode.elapsedSteps == 0)
    }
  }

  @Test func equalStreamsGiveEqualPlans() {
    let episode = Episode(Taxi(), seed: 4)
    var (a, b) = (PCG64(seed: 1), PCG64(seed: 1))
    let search = TreeSearch(simulations: 300)
    #expect(search.plan(episode, using: &a) == search.plan(episode, using: &b))
  }

  /// A leaf that is worth what the optimum says needs no play at random.
  @Test func leavesMayBeJudged() {
    let optimum = valueIteration(Taxi(), gamma: 0.99)
    var episode = Episode(Taxi(), seed: 11, timeLimit: 200)
    let best = valueIteration(Taxi(), gamma: 1).values[episode.environment.state]
    var random = PCG64(seed: 2)
    let search = TreeSearch(simulations: 40, exploration: 0.2, gamma: 0.99)
    while episode.ending == .none {
      let plan = search.plan(episode, using: &random) { optimum.values[$0.environment.state] }
      episode.step(plan.action)
    }
    #expect(episode.returnSoFar == best)
  }
}
