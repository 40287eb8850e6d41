import Runtime
import Tensors

/// Splits a minibatch's gradient over threads: chunks of a fixed number of rows, never one a thread,
/// summed by a fixed tree, so that the sum does not depend on how many threads there are.
struct GradientReducer {
  /// Rows of a chunk. Large enough that the matrix products dwarf the ops around them, small enough
  /// that a minibatch of 256 keeps two threads busy.
  static let chunkRows = 128

  let pool: WorkerPool

  /// Sums `body`'s gradients and statistics over the chunks of `count` rows.
  ///
  /// - Parameter chunkRows: Rows of a chunk, from the sizes alone.
  func sum<M: Module>(
    at model: M, rows count: Int, chunkRows: Int = Self.chunkRows,
    _ body: @Sendable (M, Range<Int>) -> (loss: Tensor, statistics: InlineArray<5, Double>)
  ) -> (gradients: [Tensor], statistics: InlineArray<5, Double>) {
    let chunks = max((count + chunkRows - 1) / chunkRows, 1)
    var parts = [([Tensor], InlineArray<5, Double>)](
      repeating: ([], .init(repeating: 0)), count: chunks)
    model.withReplicas(count: min(pool.threads, chunks)) { replicas in
      parts.withUnsafeMutableBufferPointer { parts in
        nonisolated(unsafe) let parts = parts
        let stride = replicas.count
        pool.parallelFor(stride) { worker in
          for chunk in Swift.stride(from: worker, to: chunks, by: stride) {
            let rows = chunk * chunkRows..<min((chunk + 1) * chunkRows, count)
            let (_, statistics, gradients) = valueWithGradient(at: replicas[worker]) { model in
              let (loss, statistics) = body(model, rows)
              return (loss, statistics)
            }
            parts[chunk] = (gradients, statistics)
          }
        }
      }
    }
    var distance = 1
    while distance < chunks {
      for left in stride(from: 0, to: chunks - distance, by: 2 * distance) {
        for i in parts[left].0.indices { parts[left].0[i].add(parts[left + distance].0[i]) }
        for i in 0..<5 { parts[left].1[i] += parts[left + distance].1[i] }
      }
      distance *= 2
    }
    return (parts[0].0, parts[0].1)
  }
}

/// What is differentiated where only the values are wanted.
struct NoParameters: Module {
  mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}
