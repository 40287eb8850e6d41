// Losses against numbers that nothing moves: returns, advantages. Each is one op where the same loss in
// small ops is five or more, which is what a minibatch of a few hundred rows spends its time on.

/// −min(r A, clamp(r) A) of each element of `ratio` and of the constant `advantages`: the clipped surrogate of
/// proximal policy optimisation (Schulman et al., 2017, https://arxiv.org/abs/1707.06347, equation 7), to be
/// minimised.
///
/// - Parameters:
///   - ratio: r, any shape
///   - advantages: A, of the same shape; no gradient flows into it
///   - range: What r is clamped to.
public func clippedSurrogate(
  _ ratio: Tensor, advantages: Tensor, range: ClosedRange<Float>
) -> Tensor {
  let constant = advantages.detached()
  if Tensor.carryTangents(ratio) {
    return -Tensor.minimum(ratio * constant, ratio.clamped(to: range) * constant)
  }
  return againstConstant("clippedSurrogate", ratio, constant) { r, advantage in
    let (free, clipped) = (
      r * advantage, Swift.min(Swift.max(r, range.lowerBound), range.upperBound) * advantage
    )
    return free <= clipped ? (-free, -advantage) : (-clipped, free.isNaN ? free : 0)
  }
}

/// (x − t)² of each element of `x` and of the constant `targets`.
///
/// - Parameters:
///   - x: Any shape.
///   - targets: t, of the same shape; no gradient flows into it.
public func squaredError(_ x: Tensor, targets: Tensor) -> Tensor {
  let constant = targets.detached()
  if Tensor.carryTangents(x) { return (x - constant).squared() }
  return againstConstant("squaredError", x, constant) { x, target in
    let error = x - target
    return (error * error, 2 * error)
  }
}

/// f(x, c) of each element, whose derivative with respect to x is worked out with its value.
@inline(__always)
private func againstConstant(
  _ name: StaticString, _ x: Tensor, _ constant: Tensor,
  _ valueAndSlope: (Float, Float) -> (value: Float, slope: Float)
) -> Tensor {
  if x.shape != constant.shape {
    fail("\(name)", "shapes \(x.shape) and \(constant.shape) differ")
  }
  let (a, c) = (x.float32.contiguous(), constant.float32.contiguous())
  let y = Tensor(uninitialized: x.shape)
  let slope = Tensor(uninitialized: x.shape)
  let (from, with, values, slopes) = (a.pointer, c.pointer, y.pointer, slope.pointer)
  for i in 0..<y.count { (values[i], slopes[i]) = valueAndSlope(from[i], with[i]) }
  guard let trace = Trace(x) else { return y }
  return y.recorded(
    on: trace,
    Record(
      name,
      derivative: { record, dy, gradients in gradients.add(dy * record.x, to: record.a) },
      a: x, x: slope, fused: true))
}
