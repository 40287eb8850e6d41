import Foundation
import Swirl

// Whole training loops with the settings Benchmarks/peers/sb3_training.py gives the same agents: steps a second, the
// median of several runs, and where the time goes. `ppo_cartpole_8x128` is also what peers/rejax_ppo.py times.
//
//     training-benchmark [--threads 2] [row ...]
struct Row {
  let name: String
  let agent: any TrainableAgent.Type
  let environment: String
  let steps: Int
  let settings: [String]
}

let rows = [
  Row(
    name: "ppo_cartpole_8x128", agent: PPO.self, environment: "CartPole-v1", steps: 40_960,
    settings: ["n_envs=8", "n_steps=128", "batch_size=256", "n_epochs=4"]),
  // The defaults of Stable-Baselines3, which are the defaults here.
  Row(
    name: "ppo_cartpole_default", agent: PPO.self, environment: "CartPole-v1", steps: 40_960,
    settings: ["n_envs=1"]),
  Row(
    name: "ppo_cartpole_zoo", agent: PPO.self, environment: "CartPole-v1", steps: 102_400,
    settings: [
      "n_envs=8", "n_steps=32", "batch_size=256", "n_epochs=20", "gae_lambda=0.8", "gamma=0.98",
      "learning_rate=1e-3",
    ]),
  Row(
    name: "a2c_cartpole", agent: A2C.self, environment: "CartPole-v1", steps: 200_000,
    settings: ["n_envs=8"]),
  Row(
    name: "trpo_cartpole", agent: TRPO.self, environment: "CartPole-v1", steps: 102_400,
    settings: ["n_envs=2", "n_steps=512", "batch_size=512"]),
  Row(
    name: "ppo_halfcheetah", agent: PPO.self, environment: "HalfCheetah-v5", steps: 49_152,
    settings: ["n_envs=8"]),
]

var names = Array(CommandLine.arguments.dropFirst())
var threads = 2
if names.first == "--threads", names.count > 1, let count = Int(names[1]), count > 0 {
  threads = count
  names.removeFirst(2)
}
guard names.allSatisfy({ name in rows.contains { $0.name == name } }) else {
  print(
    "training-benchmark [--threads 2] [row ...]; rows: \(rows.map(\.name).joined(separator: ", "))")
  exit(64)
}
let pool = WorkerPool(threads: threads)
for row in rows where names.isEmpty || names.contains(row.name) { try time(row, row.agent) }

func time<A: TrainableAgent>(_ row: Row, _ type: A.Type) throws {
  let configuration = try row.settings.reduce(A.Configuration()) { try $0.applying($1) }
  var rates: [Double] = []
  var phases: [String: Double] = [:]
  var misses = 0
  for run in 0..<6 {
    var environments = try make(
      row.environment, count: configuration.environmentCount, seed: UInt64(run))
    var agent = try A(
      for: environments, configuration, seed: UInt64(run), totalSteps: row.steps)
    let clock = StepClock()
    environments.clock = clock
    // The first run fills the pool of buffers.
    if run == 1 { misses = BufferPool.misses }
    let start = ContinuousClock.now
    while agent.stepCount < row.steps {
      let report = try agent.iterate(on: &environments, pool: pool)
      if run > 0 { for phase in report.phases { phases[phase.name, default: 0] += phase.seconds } }
    }
    if run > 0 {
      phases["environment", default: 0] +=
        clock.takeSeconds() / Double(min(pool.threads, environments.count))
      rates.append(Double(agent.stepCount) / ((ContinuousClock.now - start) / .seconds(1)))
    }
  }
  print("\(row.name): \(Int(rates.sorted()[rates.count / 2])) steps/s on \(pool.threads) threads")
  // The environments' phase is a part of the rollout's.
  let total = ["rollout", "advantages", "update"].reduce(0) { $0 + (phases[$1] ?? 0) }
  for name in ["rollout", "environment", "advantages", "update"] {
    print("  \(name): \(String(format: "%.1f", 100 * (phases[name] ?? 0) / total)) % of the time")
  }
  print("  buffers not served by the pool after the first run: \(BufferPool.misses - misses)")
}
