import CKernels

// Reductions over any axes. A row is reduced in an order that depends on its length alone.
extension Tensor {
  /// The sum over `axes` (all of them by default); reduced axes are dropped unless `keepingDims`.
  public func sum(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let (y, kept) = reduced(SWIRL_SUM, "sum", axes, keepingDims)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "sum",
        derivative: { record, dy, gradients in
          gradients.add(dy.reshaped(to: record.shape).broadcast(to: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.summed(to: record.shape).reshaped(to: record.result.shape)
        }, a: self, shape: kept, keepsResult: trace.forward != nil))
  }

  /// The mean over `axes`; NaN over no elements.
  public func mean(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let (y, kept) = reduced(SWIRL_SUM, "mean", axes, keepingDims)
    let length = y.count == 0 ? 1 : Float(count) / Float(y.count)
    // The sum is this op's own until it is returned.
    for i in 0..<y.count { y.pointer[i] /= length }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "mean",
        derivative: { record, dy, gradients in
          let share = (dy / record.low).reshaped(to: record.shape)
          gradients.add(share.broadcast(to: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.summed(to: record.shape).reshaped(to: record.result.shape) / record.low
        }, a: self, shape: kept, low: length, keepsResult: trace.forward != nil))
  }

  /// The largest element over `axes`; equal largest ones share the gradient evenly.
  public func max(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    extremum(SWIRL_MAX, "max", axes, keepingDims)
  }

  /// The smallest element over `axes`; equal smallest ones share the gradient evenly.
  public func min(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    extremum(SWIRL_MIN, "min", axes, keepingDims)
  }

  private func extremum(
    _ op: swirl_reduction, _ name: StaticString, _ axes: [Int]?, _ keepingDims: Bool
  ) -> Tensor {
    let (y, kept) = reduced(op, name, axes, keepingDims)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        name,
        derivative: { record, dy, gradients in
          let share = Self.shares(record)
          gradients.add(share * dy.reshaped(to: record.shape), to: record.a)
        },
        tangent: { record, tangents in
          (Self.shares(record) * tangents.a!).summed(to: record.shape)
            .reshaped(to: record.result.shape)
        }, a: self, x: self, shape: kept, keepsResult: true, exact: true))
  }

  /// 1 at the extremum of each reduced part, split evenly among equal ones; 0 elsewhere.
  private static func shares(_ record: Saved) -> Tensor {
    let chosen = record.x .== record.result.reshaped(to: record.shape)
    return chosen / chosen.summed(to: record.shape)
  }

  /// The mean of squared distances from the mean, divided by n (`correction` 0) or n − 1 (1).
  public func variance(axes: [Int]? = nil, keepingDims: Bool = false, correction: Int = 0) -> Tensor
  {
    let x = detached()
    let centred = x - x.mean(axes: axes, keepingDims: true)
    let (y, kept) = centred.squared().reduced(SWIRL_SUM, "variance", axes, keepingDims)
    let length = y.count == 0 ? 0 : count / y.count
    let divisor = Float(length - correction)
    for i in 0..<y.count { y.pointer[i] /= divisor }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "variance",
        derivative: { record, dy, gradients in
          let share = dy.reshaped(to: record.shape) * (2 / record.low)
          gradients.add(Self.centred(record) * share, to: record.a)
        },
        tangent: { record, tangents in
          (Self.centred(record) * tangents.a!).summed(to: record.shape)
            .reshaped(to: record.result.shape) * (2 / record.low)
        }, a: self, x: self, shape: kept, low: divisor, keepsResult: trace.forward != nil))
  }

  private static func centred(_ record: Saved) -> Tensor {
    let length = Float(record.x.count) / Float(Swift.max(record.shape.elementCount, 1))
    return record.x - record.x.summed(to: record.shape) / length
  }

  /// The root of the variance, divided by n − 1 unless `correction` says otherwise.
  public func standardDeviation(
    axes: [Int]? = nil, keepingDims: Bool = false, correction: Int = 1
  ) -> Tensor {
    variance(axes: axes, keepingDims: keepingDims, correction: correction).squareRoot()
  }

  /// The reduction, unrecorded, and its shape with reduced axes kept.
  func reduced(
    _ op: swirl_reduction, _ name: StaticString, _ axes: [Int]?, _ keepingDims: Bool
  ) -> (result: Tensor, kept: Shape) {
    var isReduced = InlineArray<6, Bool>(repeating: axes == nil)
    for axis in axes ?? [] { isReduced[shape.axis(axis, in: "\(name)")] = true }
    var kept = Shape()
    var dropped = Shape()
    for axis in 0..<rank {
      kept.append(isReduced[axis] ? 1 : shape[axis])
      if !isReduced[axis] { dropped.append(shape[axis]) }
    }
    let y = Tensor(uninitialized: keepingDims ? kept : dropped)
    let (x, outer, length, inner) = splitAround(isReduced)
    if length == 0 && op != SWIRL_SUM {
      fail("\(name)", "has no value over the empty axes of a tensor of shape \(shape)")
    }
    kernels.reduce(Int32(op.rawValue), outer, length, inner, x.pointer, y.pointer)
    return (y, kept)
  }

  /// This tensor dense as [outer, length, inner] with the reduced axes in the middle: as it lies when
  /// they are neighbours, else with them moved to the end.
  func splitAround(
    _ isReduced: InlineArray<6, Bool>
  ) -> (Tensor, outer: Int, length: Int, inner: Int) {
    var outer = 1
    var length = 1
    var inner = 1
    var neighbours = true
    var seen = false
    for axis in 0..<rank {
      if isReduced[axis] {
        if seen && !isReduced[axis - 1] { neighbours = false }
        seen = true
        length *= shape[axis]
        outer *= inner
        inner = 1
      } else {
        inner *= shape[axis]
      }
    }
    let x = float32
    if !seen { return (x.contiguous(), inner, 1, 1) }
    if neighbours { return (x.contiguous(), outer, length, inner) }
    let order = (0..<rank).filter { !isReduced[$0] } + (0..<rank).filter { isReduced[$0] }
    return (x.detached().permuted(order).contiguous(), outer * inner, length, 1)
  }
}
