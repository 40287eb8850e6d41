// Trains PPO on CartPole-v1 and evaluates it: `swift run -c release TrainPPO [steps]`.

import Swirl

let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000

// Eight CartPoles with the 500-step limit of CartPole-v1, every random stream made from the seed.
var environments = VectorEnvironment(count: 8, seed: 1, timeLimit: 500) { CartPole() }
var agent = try PPO(for: environments, .preset("CartPole-v1"), seed: 1)

try agent.train(on: &environments, steps: steps) { report in
  if report.iteration.isMultiple(of: 50) {
    print(report)  // steps, return, loss, KL, steps/s
  }
}

// A hundred fresh episodes: each has a stream of its own, and each counts.
let result = try evaluate(
  agent.policy, in: CartPole(), episodes: 100, seed: 2, timeLimit: 500)
print("mean return \(result.mean) ± \(result.standardError)")
