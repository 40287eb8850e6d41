import Foundation
import Swirl

// The whole PPO loop on CartPole-v1: 8 environments × 128 steps, minibatches of 256, 4 epochs, two networks of
// 64-64 tanh. Prints steps a second, the median of several windows; the peers are
// Benchmarks/peers/sb3_ppo_fast.py and rejax_speed.py.
let threads = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 2 : 2
let steps = 40_960
let pool = WorkerPool(threads: threads)
var rates: [Double] = []
var phases: [String: Double] = [:]
var misses = 0
for window in 0..<11 {
  var environments = try make("CartPole-v1", count: 8, seed: UInt64(window))
  var configuration = PPOConfiguration()
  configuration.stepsPerRollout = 128
  configuration.batchSize = 256
  configuration.epochs = 4
  var agent = try PPO(for: environments, configuration, seed: UInt64(window), totalSteps: steps)
  if window == 1 { misses = BufferPool.misses }
  let start = ContinuousClock.now
  while agent.stepCount < steps {
    let report = try agent.iterate(on: &environments, pool: pool)
    for phase in report.phases { phases[phase.name, default: 0] += phase.seconds }
  }
  rates.append(Double(steps) / ((ContinuousClock.now - start) / .seconds(1)))
}
print("ppo_cartpole_8x128: \(Int(rates.sorted()[rates.count / 2])) steps/s on \(threads) threads")
let total = phases.values.reduce(0, +)
for name in ["rollout", "advantages", "update"] {
  print("  \(name): \(String(format: "%.1f", 100 * (phases[name] ?? 0) / total)) % of the time")
}
print("  buffers not served by the pool after the first run: \(BufferPool.misses - misses)")
