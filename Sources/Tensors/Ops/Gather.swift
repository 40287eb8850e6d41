import CKernels

extension Tensor {
  /// Element `indices[i]` of row i: `[R, C]` gives `[R]`.
  public func gather(_ indices: Indices) -> Tensor {
    if rank != 2 || indices.count != shape[0] {
      fail("gather", "\(indices.count) indices do not pick from the rows of shape \(shape)")
    }
    let x = contiguous()
    let width = shape[1]
    let y = Tensor(uninitialized: Shape(shape[0]))
    let picks = indices.pointer
    for row in 0..<shape[0] {
      let column = Int(picks[row])
      if column < 0 || column >= width {
        fail("gather", "index \(column) of row \(row) is outside shape \(shape)")
      }
      y.pointer[row] = x.pointer[row * width + column]
    }
    guard let tape = Tape.tracking(mark) else { return y }
    let record = Record(
      derivative: { record, dy, gradients in
        let shape = record.a.shape
        let dx = Tensor(repeating: 0, shape: shape)
        let received = dy.contiguous()
        let picks = record.indices.pointer
        for row in 0..<shape[0] {
          dx.pointer[row * shape[1] + Int(picks[row])] = received.pointer[row]
        }
        gradients.add(dx, to: record.a)
      }, a: Operand(self), indices: indices)
    return y.recorded(on: tape, record)
  }

  /// Rows `indices` of a tensor `[R, …]`, in that order; a row may be taken more than once.
  public func selectingRows(_ indices: Indices) -> Tensor {
    if rank == 0 { fail("selectingRows", "a scalar has no rows") }
    let x = contiguous()
    let width = shape[0] == 0 ? 0 : count / shape[0]
    let picks = indices.pointer
    for i in 0..<indices.count where picks[i] < 0 || Int(picks[i]) >= shape[0] {
      fail("selectingRows", "row \(picks[i]) is outside shape \(shape)")
    }
    var sizes = shape
    sizes[0] = indices.count
    let y = Tensor(uninitialized: sizes)
    swirl_gather_rows(indices.count, width, x.pointer, picks, y.pointer)
    guard let tape = Tape.tracking(mark) else { return y }
    let record = Record(
      derivative: { record, dy, gradients in
        let shape = record.a.shape
        let dx = Tensor(repeating: 0, shape: shape)
        let received = dy.contiguous()
        let picks = record.indices
        let width = shape[0] == 0 ? 0 : dx.count / shape[0]
        // In order of position, so that repeated rows add up the same way every time.
        for i in 0..<picks.count {
          kernels.accumulate(
            width, received.pointer + i * width, 1, dx.pointer + Int(picks[i]) * width)
        }
        gradients.add(dx, to: record.a)
      }, a: Operand(self), indices: indices)
    return y.recorded(on: tape, record)
  }

  /// Rows of `classes` numbers with a 1 at each index and 0 elsewhere: `[R, classes]`.
  public static func oneHot(_ indices: Indices, classes: Int) -> Tensor {
    let y = Tensor(repeating: 0, shape: Shape(indices.count, classes))
    for row in 0..<indices.count {
      let column = Int(indices.pointer[row])
      if column < 0 || column >= classes {
        fail("oneHot", "index \(column) is not one of \(classes) classes")
      }
      y.pointer[row * classes + column] = 1
    }
    return y
  }
}
