// Plays by tree search on forks of the episode, without learning anything.
//
//   swift run -c release Planning

import Swirl

func play<E: Environment>(
  _ name: String, _ environment: E, timeLimit: Int, episodes: Int, _ search: TreeSearch,
  leafValue: ((Episode<E>) -> Double)? = nil
) where E.Action == Int, E.ActionSpace == Discrete {
  var sum = 0.0
  for seed in 0..<UInt64(episodes) {
    var episode = Episode(environment, seed: seed, timeLimit: timeLimit)
    var random = PCG64(seed: 1000 + seed)
    while episode.ending == .none {
      episode.step(search.plan(episode, using: &random, leafValue: leafValue).action)
    }
    sum += episode.returnSoFar
  }
  print("\(name): mean return \(sum / Double(episodes)) over \(episodes) episodes")
}

play(
  "CartPole-v1, 50 simulations a step", CartPole(), timeLimit: 500, episodes: 5,
  TreeSearch(simulations: 50, depth: 40))
play(
  "FrozenLake-v1 that does not slip, 3000 simulations a step", FrozenLake(isSlippery: false),
  timeLimit: 100, episodes: 5, TreeSearch(simulations: 3000, gamma: 0.9))

// A taxi's errand is too long for play at random to end well; what its places are worth is known.
let values = valueIteration(Taxi(), gamma: 0.99).values
play(
  "Taxi-v4, 40 simulations a step, judged leaves", Taxi(), timeLimit: 200, episodes: 20,
  TreeSearch(simulations: 40, exploration: 0.2)
) { values[$0.environment.state] }
