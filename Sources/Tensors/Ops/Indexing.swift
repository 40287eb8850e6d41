import CKernels

// Numbers picked and put by index along an axis. Where an index stands twice, what is added there is
// added in the order of the indices, so that the sum has the same bits every time.
extension Tensor {
  /// Position `indices[i]` of `axis` for each i, in that order; a position may be taken more than once.
  public func selecting(_ indices: Indices, axis: Int) -> Tensor {
    let axis = shape.axis(axis, in: "selecting")
    check(indices, axis, "selecting")
    let x = contiguous()
    let (outer, inner) = around(axis)
    var sizes = shape
    sizes[axis] = indices.count
    let y = Tensor(uninitialized: sizes)
    if type == .float32 {
      swirl_select_axis(
        outer, shape[axis], inner, indices.count, x.pointer, indices.pointer, y.pointer)
    } else {
      // Only what is taken is widened.
      for part in 0..<outer * indices.count {
        let (o, i) = (part / indices.count, part % indices.count)
        let from = (o * shape[axis] + Int(indices.pointer[i])) * inner
        kernels.widen(
          Int32(type.rawValue), inner, x.bytes + from * type.byteCount, y.pointer + part * inner)
      }
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "selecting",
        derivative: { record, dy, gradients in
          gradients.add(
            dy.added(to: record.indices, record.integer, of: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.selecting(record.indices, axis: record.integer)
        },
        a: self, indices: indices, integer: axis))
  }

  /// Rows `indices` of a tensor `[R, …]`, in that order; a row may be taken more than once.
  public func selectingRows(_ indices: Indices) -> Tensor {
    if rank == 0 { fail("selectingRows", "a scalar has no rows") }
    return selecting(indices, axis: 0)
  }

  /// The transpose of `selecting`: position i is added to position `indices[i]` of zeros.
  func added(to indices: Indices, _ axis: Int, of target: Shape) -> Tensor {
    let y = Tensor(repeating: 0, shape: target)
    let x = float32.contiguous()
    let (outer, inner) = y.around(axis)
    // Threads share the columns, so that each sum keeps its order.
    let block = 64
    if inner > 0 {
      parallelRows((inner + block - 1) / block, work: 2 * count) { range in
        swirl_add_axis(
          outer, target[axis], inner, range.lowerBound * block,
          Swift.min(range.upperBound * block, inner), indices.count, x.pointer, indices.pointer,
          y.pointer)
      }
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "added",
        derivative: { record, dy, gradients in
          gradients.add(dy.selecting(record.indices, axis: record.integer), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.added(to: record.indices, record.integer, of: record.shape)
        }, a: self, indices: indices, shape: target, integer: axis))
  }

  /// Element `indices[i]` of row i: `[R, C]` gives `[R]`.
  public func gather(_ indices: Indices) -> Tensor {
    if rank != 2 || indices.count != shape[0] {
      fail("gather", "\(indices.count) indices do not pick from the rows of shape \(shape)")
    }
    return gather(indices, axis: 1, count: 1).squeezed(1)
  }

  /// For every line along `axis` the elements at its own indices: y[i, k, j] = x[i, indices[i, k, j], j]
  /// for the axis in the middle. `indices` stand in row-major order of the result's shape, which is this
  /// tensor's but for the size of `axis`.
  public func gather(_ indices: Indices, axis: Int) -> Tensor {
    let axis = shape.axis(axis, in: "gather")
    let (outer, inner) = around(axis)
    if outer * inner == 0 || indices.count % (outer * inner) != 0 {
      fail(
        "gather", "\(indices.count) indices do not pick along axis \(axis) of shape \(shape)")
    }
    return gather(indices, axis: axis, count: indices.count / (outer * inner))
  }

  func gather(_ indices: Indices, axis: Int, count size: Int) -> Tensor {
    check(indices, axis, "gather")
    let x = float32.contiguous()
    let (outer, inner) = around(axis)
    var sizes = shape
    sizes[axis] = size
    let y = Tensor(uninitialized: sizes)
    swirl_gather_axis(outer, shape[axis], inner, size, x.pointer, indices.pointer, y.pointer)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "gather",
        derivative: { record, dy, gradients in
          gradients.add(
            dy.scattered(to: record.indices, record.integer, of: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.gather(record.indices, axis: record.integer, count: record.shape[0])
        }, a: self, indices: indices, shape: Shape(size), integer: axis))
  }

  /// This tensor with every number of `source` added at its own index along `axis`: the transpose of
  /// `gather`. `indices` stand in row-major order of `source`, whose other axes are this tensor's.
  public func scatterAdding(_ source: Tensor, at indices: Indices, axis: Int) -> Tensor {
    let axis = shape.axis(axis, in: "scatterAdding")
    check(indices, axis, "scatterAdding")
    var sizes = shape
    if source.rank == rank { sizes[axis] = source.shape[axis] }
    if source.shape != sizes || indices.count != source.count {
      fail(
        "scatterAdding",
        "\(indices.count) indices and a source of shape \(source.shape) do not fit along axis "
          + "\(axis) of shape \(shape)")
    }
    return self + source.scattered(to: indices, axis, of: shape)
  }

  /// The transpose of `gather`: every number added at its index to zeros.
  private func scattered(to indices: Indices, _ axis: Int, of target: Shape) -> Tensor {
    let y = Tensor(repeating: 0, shape: target)
    let x = float32.contiguous()
    let (outer, inner) = y.around(axis)
    swirl_scatter_axis(
      outer, target[axis], inner, shape[axis], x.pointer, indices.pointer, y.pointer)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "scattered",
        derivative: { record, dy, gradients in
          let (axis, size) = (record.integer, record.a.shape[record.integer])
          gradients.add(dy.gather(record.indices, axis: axis, count: size), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.scattered(to: record.indices, record.integer, of: record.shape)
        }, a: self, indices: indices, shape: target, integer: axis))
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

  /// How many elements the axes before `axis` have together, and those after it.
  func around(_ axis: Int) -> (outer: Int, inner: Int) {
    var (outer, inner) = (1, 1)
    for other in 0..<axis { outer *= shape[other] }
    for other in axis + 1..<Swift.max(rank, axis + 1) { inner *= shape[other] }
    return (outer, inner)
  }

  /// Ends the process where an index is not a position of `axis`.
  func check(_ indices: Indices, _ axis: Int, _ name: StaticString) {
    let (least, largest) = indices.range
    if least < 0 || largest >= shape[axis] {
      fail(
        "\(name)",
        "index \(least < 0 ? least : largest) is outside axis \(axis) of a tensor of shape \(shape)"
      )
    }
  }
}

extension Indices {
  /// The least and the largest index; 0 and −1 where there are none.
  var range: (least: Int, largest: Int) {
    var (least, largest): (Int32, Int32) = (0, 0)
    swirl_index_range(count, pointer, &least, &largest)
    return (Int(least), Int(largest))
  }
}

/// The rows of `weight`, `[count, dim]`, that `tokens` name: `[tokens, dim]`.
///
/// The layer `Embedding` owns the table; use the function where it lives elsewhere, as with weights that
/// an output layer shares.
///
/// - Parameter paddingIndex: A row that is looked up as any other but receives no gradient.
public func embedding(_ tokens: Indices, weight: Tensor, paddingIndex: Int? = nil) -> Tensor {
  if weight.rank != 2 { fail("embedding", "a table of shape \(weight.shape) is not [count, dim]") }
  guard let paddingIndex, weight.mark | weight.tangentMark != 0 else {
    return weight.selectingRows(tokens)
  }
  let isToken = Tensor(shape: Shape(tokens.count, 1)) { mask in
    for i in mask.indices { mask[i] = Int(tokens.pointer[i]) == paddingIndex ? 0 : 1 }
  }
  return .where(isToken, weight.selectingRows(tokens), weight.detached().selectingRows(tokens))
}
