import CKernels

extension Tensor {
  /// x − log Σ eˣ over the last axis, without overflow.
  public func logSoftmax() -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    let (rows, width) = rowsAndWidth("logSoftmax")
    kernels.log_softmax(rows, width, x.pointer, y.pointer)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "logSoftmax",
        derivative: { record, dy, gradients in
          let y = record.result
          if Tensor.carryTangents(dy, y) {
            gradients.add(dy - y.exp() * dy.sum(axes: [-1], keepingDims: true), to: record.a)
            return
          }
          let dx = Tensor(uninitialized: y.shape)
          let (rows, width) = y.rowsAndWidth("logSoftmax")
          kernels.log_softmax_gradient(rows, width, dy.contiguous().pointer, y.pointer, dx.pointer)
          gradients.add(dx, to: record.a)
        },
        tangent: { record, tangents in
          let move = tangents.a!
          return move - (record.result.exp() * move).sum(axes: [-1], keepingDims: true)
        }, a: self, keepsResult: true, exact: true))
  }

  /// eˣ / Σ eˣ over the last axis.
  public func softmax() -> Tensor { logSoftmax().exp() }

  /// The last axis as rows: how many, and how wide.
  func rowsAndWidth(_ operation: StaticString) -> (rows: Int, width: Int) {
    if rank == 0 || shape[rank - 1] == 0 {
      fail("\(operation)", "needs a last axis of at least one element, not shape \(shape)")
    }
    return (count / shape[rank - 1], shape[rank - 1])
  }
}
