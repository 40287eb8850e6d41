import Swirl
import Tensors

/// The engine's table: products, training steps, layers and elementwise ops, in microseconds a call.
///
/// A reading is the median of many short windows. The roofline is the share of what the multiply-add
/// units, or memory for elementwise ops, reach on this machine with as many threads at the SIMD level
/// in use, measured just before; op overhead has none.
func engineReadings(_ stopwatch: Stopwatch, threads: [Int], rows: [String]) throws -> [Reading] {
  let workloads = engineWorkloads.filter { rows.isEmpty || rows.contains($0.name) }
  return threads.flatMap { threads in
    let pool = WorkerPool(threads: threads)
    let limits = EngineLimits(Stopwatch(seconds: min(stopwatch.seconds, 0.2)), pool)
    return workloads.map { workload in
      withWorkers(pool) {
        let call = workload.prepare()
        let seconds = stopwatch.median(call) / workload.repetitions
        return Reading(
          name: workload.name, value: seconds * 1e6, unit: "us", threads: threads,
          roofline: limits.share(of: workload.work, in: seconds))
      }
    }
  }
}

/// What a call has to do at the least.
enum EngineWork: Sendable {
  case operations(Double)
  case bytes(Double)
  case overhead
}

/// What this machine does in a second.
private struct EngineLimits {
  let operations: Double
  let bytes: Double

  init(_ stopwatch: Stopwatch, _ pool: WorkerPool) {
    let rounds = 20_000
    var done = 0.0
    let multiplying = stopwatch.median { done = Roofline.multiplyAdds(rounds: rounds, on: pool) }
    operations = done / multiplying
    // As many numbers as the elementwise rows have, so that the same caches hold them.
    let source = Tensor.zeros([1_000_000])
    let target = Tensor.ones([1_000_000])
    let copying = stopwatch.median { done = Roofline.copy(source, into: target, on: pool) }
    bytes = done / copying
  }

  func share(of work: EngineWork, in seconds: Double) -> Double? {
    switch work {
    case .operations(let count): count / seconds / operations
    case .bytes(let count): count / seconds / bytes
    case .overhead: nil
    }
  }
}

/// Keeps the optimiser from leaving out work whose result nobody reads.
@inline(never)
func blackHole(_ value: some Any) {}
