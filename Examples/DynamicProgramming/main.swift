// Solves the environments whose odds are known, without a step, then plays what was found.
//
//   swift run -c release DynamicProgramming

import Swirl

/// Value iteration and policy iteration find the same; the policy then earns what they say.
func solve<E: TabularEnvironment>(_ name: String, _ environment: E, gamma: Double) {
  let byValues = valueIteration(environment, gamma: gamma)
  let byPolicies = policyIteration(environment, gamma: gamma)
  let difference = zip(byValues.values, byPolicies.values).map { ($0 - $1).magnitude }.max() ?? 0

  var episode = Episode(environment, seed: 1)
  var discounted = 0.0
  let episodes = 2_000
  for _ in 0..<episodes {
    var weight = 1.0
    while episode.ending == .none {
      let result = episode.step(byValues.policy[episode.environment.state])
      discounted += weight * result.reward
      weight *= gamma
    }
    episode.reset()
  }

  print("\(name): \(environment.stateCount) states, gamma \(gamma)")
  print("  worth at the start  \(byValues.value(atStartOf: environment))")
  print("  earned on average   \(discounted / Double(episodes)) over \(episodes) episodes")
  print("  sweeps              \(byValues.sweeps) by values, \(byPolicies.sweeps) by policies")
  print("  largest difference  \(difference)")
}

solve("FrozenLake-v1", FrozenLake(), gamma: 0.99)
solve("FrozenLake8x8-v1", FrozenLake(.eightByEight), gamma: 0.99)
solve("CliffWalking-v1", CliffWalking(), gamma: 0.99)
solve("CliffWalkingSlippery-v1", CliffWalking(isSlippery: true), gamma: 0.99)
solve("Taxi-v4", Taxi(), gamma: 0.99)
solve("Taxi-v4 in rain, with fickle passengers", Taxi(rain: 0.8, fickleness: 0.3), gamma: 0.99)
solve("Blackjack-v1", Blackjack(), gamma: 0.99)

// The way over the ice that slips least into holes: the best direction in each cell.
let lake = FrozenLake()
let policy = valueIteration(lake, gamma: 0.99).policy
for (row, cells) in FrozenLake.Size.fourByFour.map.enumerated() {
  let arrows = cells.enumerated().map { column, cell in
    cell == "H" || cell == "G" ? cell : ["←", "↓", "→", "↑"][policy[row * lake.columns + column]]
  }
  print(String(arrows))
}
