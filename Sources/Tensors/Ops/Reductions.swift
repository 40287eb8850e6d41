import CKernels

// Reductions over any axes. A row is reduced in an order that depends on its length alone.
extension Tensor {
  /// The sum over `axes` (all of them by default); reduced axes are dropped unless `keepingDims`.
  public func sum(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    reduced(SWIRL_SUM, "sum", axes, keepingDims) { record, dy, gradients in
      gradients.add(dy.reshaped(to: record.shape).broadcast(to: record.a.shape), to: record.a)
    }
  }

  /// The mean over `axes`; NaN over no elements.
  public func mean(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let total = sum(axes: axes, keepingDims: keepingDims)
    let length = total.count == 0 ? 1 : Float(count) / Float(total.count)
    return total / length
  }

  /// The largest element over `axes`; equal largest ones share the gradient evenly.
  public func max(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    reduced(SWIRL_MAX, "max", axes, keepingDims, Self.shareGradient)
  }

  /// The smallest element over `axes`; equal smallest ones share the gradient evenly.
  public func min(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    reduced(SWIRL_MIN, "min", axes, keepingDims, Self.shareGradient)
  }

  private static let shareGradient: Derivative = { record, dy, gradients in
    let chosen = record.x .== record.y.reshaped(to: record.shape)
    let ties = chosen.summed(to: record.shape)
    gradients.add(chosen * (dy.reshaped(to: record.shape) / ties), to: record.a)
  }

  /// The mean of squared distances from the mean, divided by n (`correction` 0) or n − 1 (1).
  public func variance(axes: [Int]? = nil, keepingDims: Bool = false, correction: Int = 0) -> Tensor
  {
    let centred = self - mean(axes: axes, keepingDims: true)
    let total = centred.squared().sum(axes: axes, keepingDims: keepingDims)
    let length = total.count == 0 ? 0 : count / total.count
    return total / Float(length - correction)
  }

  private func reduced(
    _ op: swirl_reduction, _ name: StaticString, _ axes: [Int]?, _ keepingDims: Bool,
    _ derivative: @escaping Derivative
  ) -> Tensor {
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
    guard let tape = Tape.tracking(mark) else { return y }
    var record = Record(derivative: derivative, a: Operand(self), shape: kept)
    if op != SWIRL_SUM {
      record.x = detached()
      record.y = y
    }
    return y.recorded(on: tape, record)
  }

  /// This tensor dense as [outer, length, inner] with the reduced axes in the middle: as it lies when
  /// they are neighbours, else with them moved to the end.
  private func splitAround(
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
    if !seen { return (contiguous(), inner, 1, 1) }
    if neighbours { return (contiguous(), outer, length, inner) }
    let order = (0..<rank).filter { !isReduced[$0] } + (0..<rank).filter { isReduced[$0] }
    return (detached().permuted(order).contiguous(), outer * inner, length, 1)
  }
}
