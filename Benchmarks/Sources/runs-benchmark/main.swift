import Foundation
import Swirl

// Eight runs of PPO on CartPole-v1 in one process, each on one thread: two at a time against one after
// another, as `swirl bench` trains them but without files. Rounds take turns, so that a machine that slows down
// slows both; the figure is the ratio of the medians. It means something on free cores only: where others use the
// processors, the system may give two threads of a process no more than one. The processor time tells whether runs
// side by side cost each other anything, which is needed for a gain and does not show one. Arguments: steps a
// run, rounds.
let numbers = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
let steps = numbers.first ?? 40_960
let rounds = numbers.count > 1 ? numbers[1] : 7
guard steps > 0, rounds > 0 else {
  print("runs-benchmark [steps] [rounds]")
  exit(64)
}

func seconds(sideBySide jobs: Int) throws -> (wall: Double, processor: Double) {
  let pool = WorkerPool(threads: jobs)
  let agents = try (0..<8).map { seed in
    let configuration = PPOConfiguration.preset("CartPole-v1")
    let environments = try make(
      "CartPole-v1", count: configuration.environmentCount, seed: UInt64(seed))
    return (
      try PPO(for: environments, configuration, seed: UInt64(seed), totalSteps: steps), environments
    )
  }
  let (start, processor) = (ContinuousClock.now, clock())
  pool.parallelFor(agents.count) { run in
    var (agent, environments) = agents[run]
    do { try agent.train(on: &environments, steps: steps, workers: 1) } catch {
      print("run \(run): \(error)")
      exit(1)
    }
  }
  return (
    (ContinuousClock.now - start) / .seconds(1),
    Double(clock() - processor) / Double(CLOCKS_PER_SEC)
  )
}

_ = try seconds(sideBySide: 2)  // warms the pools
var (one, two): ([(wall: Double, processor: Double)], [(wall: Double, processor: Double)]) = (
  [], []
)
for _ in 0..<rounds {
  one.append(try seconds(sideBySide: 1))
  two.append(try seconds(sideBySide: 2))
}
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func text(_ value: Double) -> String { String(format: "%.2f", value) }
for (name, rounds) in [("one_after_another", one), ("two_at_a_time", two)] {
  print(
    "eight_runs_\(name): \(text(median(rounds.map(\.wall)))) s, "
      + "\(text(median(rounds.map(\.processor)))) s of processor time")
}
print("eight_runs_gain: \(text(median(one.map(\.wall)) / median(two.map(\.wall)))) times")
print(
  "eight_runs_processor_time: "
    + "\(text(median(two.map(\.processor)) / median(one.map(\.processor)))) times, two at a time over one"
)
