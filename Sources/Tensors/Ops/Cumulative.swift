import CKernels

extension Tensor {
  /// The running sum along `axis`: y[i] = x[0] + … + x[i].
  public func cumulativeSum(axis: Int) -> Tensor {
    runningSum(axis: shape.axis(axis, in: "cumulativeSum"), backwards: false)
  }

  private func runningSum(axis: Int, backwards: Bool) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    let (outer, inner) = around(axis)
    let slab = shape[axis] * inner
    parallelRows(outer, work: 2 * count) { range in
      kernels.cumulative_sum(
        range.count, shape[axis], inner, backwards ? 1 : 0, x.pointer + range.lowerBound * slab,
        y.pointer + range.lowerBound * slab)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "cumulativeSum",
        derivative: { record, dy, gradients in
          gradients.add(
            dy.runningSum(axis: record.integer, backwards: record.low == 0), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.runningSum(axis: record.integer, backwards: record.low == 1)
        }, a: self, integer: axis, low: backwards ? 1 : 0))
  }

  /// The product over `axes` (all of them by default); 1 over no numbers. Zeros among the factors do no
  /// harm to the gradient.
  public func product(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let (rows, kept, dropped) = reducedLast("product", axes)
    var factors = rows
    // Halves are multiplied until one number is left: a tree that depends on the length alone.
    if factors.shape[1] == 0 { factors = .ones(Shape(factors.shape[0], 1)) }
    while factors.shape[1] > 1 {
      let length = factors.shape[1]
      let half = length / 2
      let product =
        factors.sliced(0..<half, axis: 1) * factors.sliced(half..<2 * half, axis: 1)
      factors =
        length % 2 == 0
        ? product
        : .concatenated([product, factors.sliced(length - 1..<length, axis: 1)], axis: 1)
    }
    return factors.reshaped(to: keepingDims ? kept : dropped)
  }

  /// log Σ eˣ over `axes` (all of them by default), without overflow.
  public func logSumExp(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let (rows, kept, dropped) = detached().reducedLast("logSumExp", axes)
    let (count, length) = (rows.shape[0], rows.shape[1])
    if length == 0 && count > 0 {
      fail("logSumExp", "has no value over the empty axes of a tensor of shape \(shape)")
    }
    let x = rows.float32.contiguous()
    let y = Tensor(uninitialized: keepingDims ? kept : dropped)
    parallelRows(count, work: 16 * x.count) { range in
      kernels.log_sum_exp(
        range.count, length, x.pointer + range.lowerBound * length, y.pointer + range.lowerBound)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "logSumExp",
        derivative: { record, dy, gradients in
          let weights = (record.x - record.result.reshaped(to: record.shape)).exp()
          gradients.add(weights * dy.reshaped(to: record.shape), to: record.a)
        },
        tangent: { record, tangents in
          let weights = (record.x - record.result.reshaped(to: record.shape)).exp()
          return (weights * tangents.a!).summed(to: record.shape)
            .reshaped(to: record.result.shape)
        }, a: self, x: self, shape: kept, keepsResult: true))
  }

  /// This tensor as [rows, length] with the axes to be reduced last, and the shapes of a result that keeps
  /// and that drops them.
  private func reducedLast(
    _ name: StaticString, _ axes: [Int]?
  ) -> (rows: Tensor, kept: Shape, dropped: Shape) {
    var isReduced = [Bool](repeating: axes == nil, count: rank)
    for axis in axes ?? [] { isReduced[shape.axis(axis, in: "\(name)")] = true }
    let outer = (0..<rank).filter { !isReduced[$0] }
    let inner = (0..<rank).filter { isReduced[$0] }
    let kept = Shape((0..<rank).map { isReduced[$0] ? 1 : shape[$0] })
    let dropped = Shape(outer.map { shape[$0] })
    let order = outer + inner
    let moved = order == Array(0..<rank) ? self : permuted(order)
    let length = inner.map { shape[$0] }.reduce(1, *)
    return (moved.reshaped(to: Shape(dropped.elementCount, length)), kept, dropped)
  }
}
