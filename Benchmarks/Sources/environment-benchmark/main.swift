import Foundation
import Swirl

// CartPole-v1 with random actions, observations written and automatic resets included: 1024 environments on
// the given number of threads (2 unless told). Actions are drawn before the clock starts, as the peers'
// script does; the peer is Benchmarks/peers/environment_speed.py.

let threads = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 2 : 2
let count = 1024
let steps = 2000
let pool = WorkerPool(threads: threads)
var environments = try make("CartPole-v1", count: count, seed: 0)
let rows = RolloutBuffer(
  stepCount: 1, environmentCount: count, observationSize: environments.observationSize,
  actionSize: 1)
let actions = UnsafeMutablePointer<Float>.allocate(capacity: 16 * count)
var random = PCG64(seed: 1)
for i in 0..<16 * count { actions[i] = Float(random.integers(0..<2)) }

let rates = environments.withStepper { stepper in
  (0..<11).map { _ in
    let start = ContinuousClock.now
    for step in 0..<steps {
      pool.parallelFor(threads) { worker in
        stepper.step(
          count * worker / threads..<count * (worker + 1) / threads,
          StepRows(
            actions: actions + step % 16 * count, observations: rows.observations,
            finalObservations: rows.finalObservations, rewards: rows.rewards,
            endings: UnsafeMutableRawPointer(rows.endings).assumingMemoryBound(to: Ending.self),
            episodeReturns: rows.episodeReturns, episodeLengths: rows.episodeLengths))
      }
    }
    return Double(count * steps) / ((ContinuousClock.now - start) / .seconds(1))
  }
}
print("cartpole_1024: \(Int(rates.sorted()[5])) steps/s on \(threads) threads")
