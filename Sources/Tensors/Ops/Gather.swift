import CKernels

extension Tensor {
  /// Element `indices[i]` of row i: `[R, C]` gives `[R]`.
  public func gather(_ indices: Indices) -> Tensor {
    if rank != 2 || indices.count != shape[0] {
      fail("gather", "\(indices.count) indices do not pick from the rows of shape \(shape)")
    }
    let x = float32.contiguous()
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
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "gather",
        derivative: { record, dy, gradients in
          gradients.add(dy.scattered(to: record.indices, record.a.shape), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.gather(record.indices) }, a: self,
        indices: indices))
  }

  /// The transpose of `gather`: `[R]` gives `[R, C]` with element i at `indices[i]` of row i.
  private func scattered(to indices: Indices, _ target: Shape) -> Tensor {
    let y = Tensor(repeating: 0, shape: target)
    let x = contiguous()
    let picks = indices.pointer
    for row in 0..<target[0] {
      y.pointer[row * target[1] + Int(picks[row])] = x.pointer[row]
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "scattered",
        derivative: { record, dy, gradients in
          gradients.add(dy.gather(record.indices), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.scattered(to: record.indices, record.shape) },
        a: self, indices: indices, shape: target))
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
    if type == .float32 {
      swirl_gather_rows(indices.count, width, x.pointer, picks, y.pointer)
    } else {
      // Only the rows that are taken are widened.
      for i in 0..<indices.count {
        kernels.widen(
          Int32(type.rawValue), width, x.bytes + Int(picks[i]) * width * type.byteCount,
          y.pointer + i * width)
      }
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "selectingRows",
        derivative: { record, dy, gradients in
          gradients.add(dy.addedToRows(record.indices, of: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.selectingRows(record.indices) }, a: self,
        indices: indices))
  }

  /// The transpose of `selectingRows`: row i is added to row `indices[i]` of a tensor of zeros, in order
  /// of i, so that repeated rows add up the same way every time.
  private func addedToRows(_ indices: Indices, of target: Shape) -> Tensor {
    let y = Tensor(repeating: 0, shape: target)
    let x = contiguous()
    let width = target[0] == 0 ? 0 : y.count / target[0]
    for i in 0..<indices.count {
      kernels.accumulate(
        width, x.pointer + i * width, 1, y.pointer + Int(indices.pointer[i]) * width)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "addedToRows",
        derivative: { record, dy, gradients in
          gradients.add(dy.selectingRows(record.indices), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.addedToRows(record.indices, of: record.shape) },
        a: self, indices: indices, shape: target))
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
