import Foundation
import Swirl

// Does PPO with its preset solve CartPole-v1? Ten seeds, each judged by the deterministic policy over 100 fresh
// episodes. Prints one line a seed and how many reach 475.
let steps = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 100_000
let pool = WorkerPool(threads: 2)
var solved = 0
for seed in 0..<10 {
  let configuration = PPOConfiguration.preset("CartPole-v1")
  var environments = try make(
    "CartPole-v1", count: configuration.environmentCount, seed: UInt64(seed))
  var agent = try PPO(for: environments, configuration, seed: UInt64(seed), totalSteps: steps)
  let start = ContinuousClock.now
  while agent.stepCount < steps { _ = try agent.iterate(on: &environments, pool: pool) }
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  let result = try evaluate(
    agent.policy, in: make("CartPole-v1", count: 100, seed: 1000 + UInt64(seed)),
    seed: 1000 + UInt64(seed))
  if result.mean >= 475 { solved += 1 }
  print(
    "seed \(seed): mean return \(result.mean) ± \(result.standardError) after \(agent.stepCount) steps in \(String(format: "%.2f", seconds)) s"
  )
}
print("\(solved) of 10 seeds reach 475 in \(steps) steps")
