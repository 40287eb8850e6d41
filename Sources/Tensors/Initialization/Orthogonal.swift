import COpenBLAS
import Runtime

extension Tensor {
  /// A matrix with orthonormal rows or columns, whichever are fewer, times `gain`: the Q of a normal
  /// matrix with the signs of R's diagonal (Saxe et al., 2014), as PyTorch's `orthogonal_`.
  public static func orthogonal(_ shape: Shape, gain: Float = 1, using random: inout PCG64)
    -> Tensor
  {
    if shape.count != 2 { fail("orthogonal", "needs two axes, not shape \(shape)") }
    let (long, short) = (Swift.max(shape[0], shape[1]), Swift.min(shape[0], shape[1]))
    if short == 0 { return Tensor(uninitialized: shape) }
    // Column-major for LAPACK: `short` columns of `long` numbers.
    var columns = (0..<long * short).map { _ in Float(random.standardNormal()) }
    var reflectors = [Float](repeating: 0, count: short)
    var work = [Float](repeating: 0, count: 64 * short)
    var (m, n, k) = (Int32(long), Int32(short), Int32(short))
    var workCount = Int32(work.count)
    var status: Int32 = 0
    var leading = m
    // Its threads would spin beside the workers; and one thread keeps the result the same everywhere.
    openblas_set_num_threads(1)
    sgeqrf_(&m, &n, &columns, &leading, &reflectors, &work, &workCount, &status)
    let signs = (0..<short).map { columns[$0 * long + $0] < 0 ? Float(-1) : 1 }
    sorgqr_(&m, &n, &k, &columns, &leading, &reflectors, &work, &workCount, &status)
    if status != 0 { fail("orthogonal", "the QR factorisation failed with status \(status)") }
    return Tensor(shape: shape) { out in
      for row in 0..<shape[0] {
        for column in 0..<shape[1] {
          let (i, j) = shape[0] >= shape[1] ? (row, column) : (column, row)
          out[row * shape[1] + column] = gain * signs[j] * columns[j * long + i]
        }
      }
    }
  }
}
