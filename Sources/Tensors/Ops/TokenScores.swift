import CKernels

/// What a language model's head does to a few rows of scores at a time; none of it is recorded, since the
/// head is one function with a derivative of its own.
package enum TokenScores {
  /// Log-probabilities of the targets, entropies and log Σ exp of rows of scores `[rows, vocabulary]`:
  /// `[3, rows]`.
  package static func read(_ scores: Tensor, _ targets: Indices) -> Tensor {
    let x = scores.float32.contiguous()
    let (rows, n) = (scores.shape[0], scores.shape[1])
    let y = Tensor(uninitialized: Shape(3, rows))
    parallelRows(rows, work: 24 * x.count) { range in
      let start = range.lowerBound
      kernels.token_scores(
        range.count, n, x.pointer + start * n, targets.pointer + start, y.pointer + start,
        y.pointer + rows + start, y.pointer + 2 * rows + start)
    }
    return y
  }

  /// Overwrites scores by `scale` times what they receive from log-probabilities and entropies.
  ///
  /// - Parameters:
  ///   - readings: What `read` gave for them.
  ///   - received: The gradients of log-probabilities and entropies, `[2, rows]`.
  package static func setToGradient(
    _ scores: inout Tensor, _ targets: Indices, readings: Tensor, received: Tensor, scale: Float
  ) {
    let (rows, n) = (scores.shape[0], scores.shape[1])
    let (readings, received) = (readings.contiguous(), received.float32.contiguous())
    scores.mutate { out in
      nonisolated(unsafe) let x = out.baseAddress!
      parallelRows(rows, work: 24 * rows * n) { range in
        let start = range.lowerBound
        kernels.token_scores_gradient(
          range.count, n, x + start * n, targets.pointer + start,
          readings.pointer + 2 * rows + start, readings.pointer + rows + start,
          received.pointer + start, received.pointer + rows + start, scale)
      }
    }
  }

  /// Adds aᵀ · b to `sum`, `[n, k]`, for `a` `[rows, n]` and `b` `[rows, k]`: rows in order, a chain a sum.
  package static func addProduct(of a: Tensor, _ b: Tensor, to sum: inout Tensor) {
    let (a, b) = (a.contiguous(), b.float32.contiguous())
    let (rows, n, k) = (a.shape[0], a.shape[1], b.shape[1])
    sum.mutate { out in
      nonisolated(unsafe) let c = out.baseAddress!
      let block = 192
      parallelRows((n + block - 1) / block, work: rows * n * k) { range in
        let first = range.lowerBound * block
        kernels.gemm(
          Swift.min(range.upperBound * block, n) - first, k, rows, a.pointer + first, 1, n,
          b.pointer, k, 1, c + first * k, k, nil, 1, 0)
      }
    }
  }
}

extension Tensor {
  /// Whether an open region follows this tensor.
  package var isFollowed: Bool { mark | tangentMark != 0 }
}
