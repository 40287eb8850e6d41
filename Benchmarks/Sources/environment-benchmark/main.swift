import Foundation
import Swirl

// Steps a second of 1,024 environments of each kind, 64 of those in a physics engine, with random actions,
// observations written and automatic resets included, on the given number of threads (2 unless told); then what
// not waiting for the slowest is worth. Actions are drawn before the clock starts, and every step is a call of its own, as in the peers'
// script, Benchmarks/peers/environment_speed.py. Further arguments choose environments by id.

let threads = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2
let chosen = Set(CommandLine.arguments.dropFirst(2))
let pool = WorkerPool(threads: threads)

for spec in registeredEnvironments() where chosen.isEmpty || chosen.contains(spec.id) {
  // MuJoCo's ids are Gymnasium's fifth versions; a step in an engine takes a thousand times as long.
  let isSlow =
    spec.id.hasSuffix("-v5")
    || ["LunarLander", "BipedalWalker", "CarRacing"].contains(where: spec.id.hasPrefix)
  let count = isSlow ? 64 : 1024
  let rate = try stepsPerSecond(spec.id, count: count, on: pool)
  print("\(key(spec.id))_\(count): \(Int(rate)) steps/s on \(threads) threads")
}
if chosen.isEmpty || chosen.contains("uneven") {
  let (inStep, firstReady) = uneven(UnevenTask(), rounds: 1500, threads: threads)
  print("uneven_in_step: \(Int(inStep)) steps/s on \(threads) threads")
  print("uneven_first_ready: \(Int(firstReady)) steps/s on \(threads) threads and one that waits")
}
if chosen.isEmpty || chosen.contains("sleeping") {
  let (inStep, firstReady) = uneven(SleepingTask(), rounds: 60, threads: 16)
  print("sleeping_in_step: \(Int(inStep)) steps/s on 16 threads")
  print("sleeping_first_ready: \(Int(firstReady)) steps/s on 16 threads and one that waits")
}

func key(_ id: String) -> String {
  String(id.map { $0.isLetter || $0.isNumber ? $0 : "_" })
}

func stepsPerSecond(_ id: String, count: Int, on pool: WorkerPool) throws -> Double {
  var environments = try make(id, count: count, seed: 0)
  let width = environments.actionSize
  let actions = UnsafeMutablePointer<Float>.allocate(capacity: 16 * count * width)
  let size = count * environments.observationSize * (environments.observesBytes ? 1 : 4)
  let rows = StepRows(
    actions: actions, observations: .allocate(byteCount: size, alignment: 64),
    finalObservations: .allocate(byteCount: size, alignment: 64),
    rewards: .allocate(capacity: count), endings: .allocate(capacity: count),
    episodeReturns: .allocate(capacity: count), episodeLengths: .allocate(capacity: count))
  defer {
    actions.deallocate()
    rows.observations.deallocate()
    rows.finalObservations?.deallocate()
    rows.rewards.deallocate()
    rows.endings.deallocate()
    rows.episodeReturns?.deallocate()
    rows.episodeLengths?.deallocate()
  }
  let threads = pool.threads
  return environments.withStepper { stepper in
    for set in 0..<16 { stepper.sampleActions(0..<count, into: actions + set * count * width) }
    func run(_ steps: Int) -> Double {
      let start = ContinuousClock.now
      for step in 0..<steps {
        var rows = rows
        rows.actions = UnsafePointer(actions + step % 16 * count * width)
        pool.parallelFor(threads) { worker in
          stepper.step(count * worker / threads..<count * (worker + 1) / threads, rows)
        }
      }
      return (ContinuousClock.now - start) / .seconds(1)
    }
    // A reading takes a twentieth of a second; the median of eleven.
    let steps = max(20, Int(0.05 / (run(40) / 40)))
    return (0..<11).map { _ in Double(count * steps) / run(steps) }.sorted()[5]
  }
}
