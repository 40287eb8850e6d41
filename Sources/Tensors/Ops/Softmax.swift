import CKernels

extension Tensor {
  /// x − log Σ eˣ over the last axis, without overflow.
  public func logSoftmax() -> Tensor {
    let x = contiguous()
    let y = Tensor(uninitialized: shape)
    let (rows, width) = rowsAndWidth("logSoftmax")
    kernels.log_softmax(rows, width, x.pointer, y.pointer)
    guard let tape = Tape.tracking(mark) else { return y }
    let record = Record(
      derivative: { record, dy, gradients in
        let y = record.y
        let dx = Tensor(uninitialized: y.shape)
        let (rows, width) = y.rowsAndWidth("logSoftmax")
        kernels.log_softmax_gradient(rows, width, dy.contiguous().pointer, y.pointer, dx.pointer)
        gradients.add(dx, to: record.a)
      }, a: Operand(self), y: y)
    return y.recorded(on: tape, record)
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
