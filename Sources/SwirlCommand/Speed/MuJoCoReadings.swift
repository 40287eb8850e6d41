import Envs
import Swirl

/// HalfCheetah-v5 with random actions, observations written and resets included, and its share of what MuJoCo's
/// steps alone reach with as many simulations on as many threads.
func cheetahReadings(_ stopwatch: Stopwatch, threads: [Int]) throws -> [Reading] {
  let count = 64
  let stepsPerCall = 4
  return try threads.map { threads in
    let pool = WorkerPool(threads: threads)
    var environments = try make("HalfCheetah-v5", count: count, seed: 0)
    let rows = ColumnMemory(environments)
    let plain = HalfCheetah.Options()
    let bare = try BareMuJoCo(plain.xmlFile, count: count, frameSkip: plain.frameSkip)
    func inSlices(_ body: (Range<Int>) -> Void) {
      pool.parallelFor(threads) { worker in
        let slice = count * worker / threads..<count * (worker + 1) / threads
        for _ in 0..<stepsPerCall { body(slice) }
      }
    }
    // In turns, so that both see the same machine.
    let turn = Stopwatch(seconds: stopwatch.seconds / 3)
    var (best, limit) = (0.0, 0.0)
    for _ in 0..<3 {
      let rate = environments.withStepper { stepper in
        turn.rate {
          inSlices {
            stepper.sampleActions($0, into: rows.actions)
            stepper.step($0, rows.step)
          }
        }
      }
      best = max(best, rate)
      limit = max(limit, turn.rate { inSlices { bare.step($0) } })
    }
    return Reading(
      name: "HalfCheetah-v5, \(count) environments",
      value: best * Double(count * stepsPerCall), unit: "steps/s", threads: threads,
      roofline: best / limit)
  }
}
