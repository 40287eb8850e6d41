import Foundation
import Swirl

// The whole PPO loop on CartPole-v1: 8 environments × 128 steps, minibatches of 256, 4 epochs, two networks of
// 64-64 tanh. Prints steps a second, the median of several windows; the peers are
// Benchmarks/peers/sb3_ppo_fast.py and rejax_speed.py.
let threads = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 2
let steps = 40_960
let pool = WorkerPool(threads: threads)
var rates: [Double] = []
var last = 0.0
var phases: [(String, Double)] = []
for window in 0..<9 {
  var environments = try make("CartPole-v1", count: 8, seed: UInt64(window))
  var configuration = PPOConfiguration()
  configuration.stepsPerRollout = 128
  configuration.batchSize = 256
  configuration.epochs = 4
  var agent = try PPO(for: environments, configuration, seed: UInt64(window), totalSteps: steps)
  let start = ContinuousClock.now
  phases = []
  while agent.stepCount < steps {
    let report = try agent.iterate(on: &environments, pool: pool)
    last = report.meanReturn
    phases += report.phases
  }
  rates.append(Double(steps) / ((ContinuousClock.now - start) / .seconds(1)))
}
for name in ["rollout", "advantages", "update"] {
  print(name, phases.filter { $0.0 == name }.map(\.1).reduce(0, +))
}
print(
  "ppo_cartpole_8x128: \(Int(rates.sorted()[rates.count / 2])) steps/s on \(threads) threads; mean return of the last hundred episodes \(last)"
)
