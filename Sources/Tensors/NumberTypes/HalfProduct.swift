import CKernels

extension Tensor {
  /// Whether this is a matrix of Float16 or bfloat16, which products read without a Float32 copy.
  var isHalfMatrix: Bool { rank == 2 && (type == .float16 || type == .bfloat16) }

  /// x · self + bias for a matrix `[in, out]` of halves in any layout and `rows` rows of Float32 at `x`.
  ///
  /// An output is the same chain of multiply-adds as with the widened matrix. Threads share columns, so
  /// that each number is widened once.
  func halfProduct(
    rows: Int, _ x: UnsafePointer<Float>, row: Int, column: Int,
    bias: UnsafePointer<Float>? = nil, to y: UnsafeMutablePointer<Float>
  ) {
    let (inputs, outputs) = (shape[0], shape[1])
    if rows == 0 { return }
    let columns = 64
    parallelRows((outputs + columns - 1) / columns, work: rows * inputs * outputs) { part in
      let first = part.lowerBound * columns
      let last = Swift.min(part.upperBound * columns, outputs)
      let needsBlock = rows > 4 || (strides[0] != 1 && strides[1] != 1)
      let block = needsBlock ? Storage(byteCount: 65_536 * 4) : nil
      kernels.half_product(
        Int32(type.rawValue), rows, last - first, inputs, x, row, column,
        bytes + first * strides[1] * 2, strides[0], strides[1], y + first, outputs,
        bias.map { $0 + first }, block?.pointer.assumingMemoryBound(to: Float.self))
    }
  }
}
