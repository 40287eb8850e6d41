import Swirl

/// The whole loop of PPO on CartPole-v1: rollout, advantages, update. 8 environments × 128 steps,
/// minibatches of 256, 4 epochs, two networks of 64-64.
func trainingReadings(_ stopwatch: Stopwatch, threads: [Int]) throws -> [Reading] {
  var configuration = PPOConfiguration()
  configuration.environmentCount = 8
  configuration.stepsPerRollout = 128
  configuration.batchSize = 256
  configuration.epochs = 4
  return try threads.map { threads in
    var environments = try make("CartPole-v1", count: configuration.environmentCount, seed: 0)
    var agent = try PPO(for: environments, configuration, seed: 0)
    agent.totalSteps = Int.max
    let pool = WorkerPool(threads: threads)
    let rate = try stopwatch.rate { _ = try agent.iterate(on: &environments, pool: pool) }
    return Reading(
      name: "PPO on CartPole-v1, 8 environments × 128 steps, 4 epochs",
      value: rate * Double(configuration.environmentCount * configuration.stepsPerRollout),
      unit: "steps/s", threads: threads, roofline: nil)
  }
}
