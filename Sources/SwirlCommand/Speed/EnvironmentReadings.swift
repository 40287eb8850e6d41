import Swirl

/// CartPole-v1 with random actions, observations written and resets included, for one environment
/// and for many.
func environmentReadings(_ stopwatch: Stopwatch, threads: [Int]) throws -> [Reading] {
  var readings: [Reading] = []
  for (count, threads) in [(1, 1)] + threads.map({ (1024, $0) }) {
    var environments = try make("CartPole-v1", count: count, seed: 0)
    let rows = ColumnMemory(environments)
    let pool = WorkerPool(threads: threads)
    let stepsPerCall = 64
    let rate = environments.withStepper { stepper in
      stopwatch.rate {
        // A worker keeps its slice for many steps, as a rollout does: no barrier a step.
        pool.parallelFor(threads) { worker in
          let slice = count * worker / threads..<count * (worker + 1) / threads
          for _ in 0..<stepsPerCall {
            stepper.sampleActions(slice, into: rows.actions)
            stepper.step(slice, rows.step)
          }
        }
      }
    }
    readings.append(
      Reading(
        name: "CartPole-v1, \(count) \(count == 1 ? "environment" : "environments")",
        value: rate * Double(count * stepsPerCall), unit: "steps/s", threads: threads, roofline: nil
      ))
  }
  return readings
}

/// The rows that a vector of environments reads and writes; freed with the object.
private final class ColumnMemory: @unchecked Sendable {
  let actions: UnsafeMutablePointer<Float>
  let step: StepRows

  init(_ environments: AnyVectorEnvironment) {
    let count = environments.count
    actions = .allocate(capacity: count * environments.actionSize)
    actions.initialize(repeating: 0, count: count * environments.actionSize)
    step = StepRows(
      actions: actions,
      observations: .allocate(byteCount: count * environments.observationSize * 4, alignment: 64),
      rewards: .allocate(capacity: count), endings: .allocate(capacity: count))
  }

  deinit {
    actions.deallocate()
    step.observations.deallocate()
    step.rewards.deallocate()
    step.endings.deallocate()
  }
}
