import CKernels
import Runtime

/// Runs `body` with the large ops of the calling thread shared among the pool's threads.
///
/// Results do not depend on it: rows are dealt out, and a row is computed the same way anywhere.
public func withWorkers<R>(_ pool: WorkerPool, _ body: () throws -> R) rethrows -> R {
  let outer = swirl_engine_workers()
  swirl_set_engine_workers(Unmanaged.passUnretained(pool).toOpaque())
  defer { swirl_set_engine_workers(outer) }
  return try withExtendedLifetime(pool) { try body() }
}

/// The pool of the innermost `withWorkers` scope on this thread.
var engineWorkers: WorkerPool? {
  swirl_engine_workers().map { Unmanaged<WorkerPool>.fromOpaque($0).takeUnretainedValue() }
}

/// Multiply-adds below which handing work to another thread costs more than it saves.
let parallelWork = 250_000

/// Runs `body` over disjoint ranges that cover `0..<count`: one range where `work` (about the number of
/// multiply-adds in all) is small or no `withWorkers` scope is open, else shared among its threads.
///
/// A row must come out the same in any range: sums over rows are taken in chunks of a fixed size.
///
/// - Parameter partsPerThread: How finely to deal out; more where rows are few and large.
func parallelRows(
  _ count: Int, work: Int, partsPerThread: Int = 4, _ body: (Range<Int>) -> Void
) {
  guard work >= parallelWork, count > 1, let pool = engineWorkers, pool.threads > 1 else {
    if count > 0 { body(0..<count) }
    return
  }
  // More parts than threads, so that a thread the system interrupts does not hold up the rest.
  let parts = min(count, pool.threads * partsPerThread)
  pool.parallelFor(parts) { part in
    let range = count * part / parts..<count * (part + 1) / parts
    if !range.isEmpty { body(range) }
  }
}
