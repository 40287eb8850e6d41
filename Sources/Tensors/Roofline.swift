import CKernels
import Runtime

/// What this machine's multiply-add units and memory reach, as the limits that readings are a share of.
package enum Roofline {
  /// Runs `rounds` rounds of multiply-adds on every thread of the pool at the SIMD level in use and
  /// returns how many floating-point operations those were, two for each multiply-add.
  package static func multiplyAdds(rounds: Int, on pool: WorkerPool) -> Double {
    let sink = Tensor(uninitialized: Shape(pool.threads * 16))
    pool.parallelFor(pool.threads) { part in
      // A line of its own a thread; the result is kept so that it has to be computed.
      sink.pointer[part * 16] = kernels.multiply_adds(rounds)
    }
    return Double(pool.threads * rounds * 12 * Int(kernels.width) * 2)
  }

  /// Copies one tensor's numbers into another, shared among the threads of the pool, and returns how
  /// many bytes were read and written.
  package static func copy(_ source: Tensor, into target: Tensor, on pool: WorkerPool) -> Double {
    let count = source.count
    pool.parallelFor(pool.threads) { part in
      let first = count * part / pool.threads
      let last = count * (part + 1) / pool.threads
      (target.pointer + first).update(from: source.pointer + first, count: last - first)
    }
    return Double(count * 2 * MemoryLayout<Float>.stride)
  }
}
