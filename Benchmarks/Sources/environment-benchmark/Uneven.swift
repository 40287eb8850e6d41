import Foundation
import Swirl

/// A step of 5 µs, but every 32nd one of some 300 µs: what a simulator does that now and then loads a level.
struct UnevenTask: Environment {
  var waste = 0.0
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(2) }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    var rounds = random.integers(0..<32) == 0 ? 60_000 : 1_000
    while rounds > 0 {
      waste = (waste + 1).squareRoot()
      rounds -= 1
    }
    return StepResult(reward: waste > 2 ? 0 : 1)
  }

  func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
}

/// A step that sleeps for 1 ms, but every 16th one for 20 ms: what a simulator in another process does. How many
/// processors there are does not matter to it.
struct SleepingTask: Environment {
  var observationSpace: Box { Box(shape: [1], in: 0...1) }
  var actionSpace: Discrete { Discrete(2) }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepResult {
    Thread.sleep(forTimeInterval: random.integers(0..<16) == 0 ? 0.02 : 0.001)
    return StepResult(reward: 1)
  }

  func observe(into observation: inout MutableSpan<Float>) { observation[0] = 0 }
}

/// Steps a second of sixteen environments, stepped together and as each is ready, eight at a time; the medians of
/// five readings each, taken in turn.
func uneven<E: Environment>(
  _ environment: E, rounds: Int, threads: Int
) -> (inStep: Double, firstReady: Double) where E.Action == Int {
  let count = 16
  var environments = VectorEnvironment(count: count, seed: 1) { environment }
  environments.reset()
  let actions = [Int](repeating: 0, count: count)
  let pool = WorkerPool(threads: threads)
  // The thread that sends and receives sleeps while the others step.
  let waiting = WorkerPool(threads: threads + 1)
  func time(_ body: () -> Void) -> Double {
    let start = ContinuousClock.now
    body()
    return Double(count * rounds) / ((ContinuousClock.now - start) / .seconds(1))
  }
  var (inStep, firstReady) = ([Double](), [Double]())
  for _ in 0..<5 {
    inStep.append(
      time { for _ in 0..<rounds { environments.step(actions, on: pool, sliceSize: 1) } })
    firstReady.append(
      time {
        environments.withAsyncEnvironments(on: waiting) { environments in
          environments.send(actions, to: Array(0..<count))
          var ready = [Int](repeating: 0, count: count / 2)
          let half = Array(actions.prefix(count / 2))
          for _ in 0..<2 * rounds - 2 {
            environments.receive(&ready)
            environments.send(half, to: ready)
          }
        }
      })
  }
  return (inStep.sorted()[2], firstReady.sorted()[2])
}
