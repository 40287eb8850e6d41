import Foundation
import Swirl

// The whole DDPG loop on Pendulum-v1: networks of 400-300, minibatches of 256, one update a step. Prints steps a
// second, the median of several windows, and the share of what a large matrix product reaches on as many threads that
// the updates' products come to. The peer is Benchmarks/peers/sb3_ddpg.py.
let threads = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 2 : 2
let pool = WorkerPool(threads: threads)
let batch = 256

/// Operations of a perceptron's products over a minibatch: forward, and backward for its weights and its input.
func operations(_ sizes: [Int]) -> (forward: Double, weights: Double, inputs: Double) {
  let products = zip(sizes, sizes.dropFirst()).map { Double(2 * batch * $0 * $1) }
  let all = products.reduce(0, +)
  return (all, all, all - products[0])
}
let actor = operations([3, 400, 300, 1])
let critic = operations([4, 400, 300, 1])
// Both targets; the critic's step; the actor's, which goes back through the critic to its action.
let update =
  actor.forward + critic.forward
  + critic.forward + critic.weights + critic.inputs
  + actor.forward + critic.forward + critic.inputs + actor.weights + actor.inputs

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return (ContinuousClock.now - start) / .seconds(1)
}

var environments = try make("Pendulum-v1", seed: 0)
var configuration = DDPGConfiguration()
configuration.bufferSize = 100_000
var agent = try DDPG(for: environments, configuration, seed: 0, totalSteps: 1_000_000)
for _ in 0..<3 { _ = try agent.iterate(on: &environments, pool: pool) }

var random = PCG64(seed: 0)
let a = Tensor.normal([1024, 1024], using: &random)
let b = Tensor.normal([1024, 1024], using: &random)
var c = Tensor.zeros([1024, 1024])
let misses = BufferPool.misses
var (rates, peaks): ([Double], [Double]) = ([], [])
for _ in 0..<9 {
  // In turn, since a shared machine changes its pace.
  peaks.append(
    10 * 2 * 1024 * 1024 * 1024
      / seconds { withWorkers(pool) { for _ in 0..<10 { c.setToProduct(of: a, b) } } })
  let before = agent.stepCount
  let time = try seconds { _ = try agent.iterate(on: &environments, pool: pool) }
  rates.append(Double(agent.stepCount - before) / time)
}
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
let shares = zip(rates, peaks).map { $0 * update / $1 }
print(
  "ddpg_pendulum_400_300: \(String(format: "%.1f", median(rates))) steps/s on \(threads) threads")
print("  sgemm_1024: \(String(format: "%.1f", median(peaks) / 1e9)) GFLOP/s")
print("  the updates' products: \(String(format: "%.0f", 100 * median(shares))) % of that")
print("  buffers not served by the pool once warm: \(BufferPool.misses - misses)")
