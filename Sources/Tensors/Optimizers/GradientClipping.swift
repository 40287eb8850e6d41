import CKernels

/// √ Σ g² over all gradients, summed in double precision in visit order.
public func globalNorm(_ gradients: [Tensor]) -> Double {
  var sum = 0.0
  for gradient in gradients {
    let dense = gradient.contiguous()
    sum += kernels.sum_of_squares(dense.count, dense.pointer)
  }
  return sum.squareRoot()
}

/// What gradients must be multiplied by so that their global norm is at most `maximum`:
/// min(1, maximum / (norm + 10⁻⁶)), as PyTorch's `clip_grad_norm_`.
public func clipScale(norm: Double, maximum: Double) -> Float {
  Float(min(1, maximum / (norm + 1e-6)))
}

/// The gradients with every number limited to ±`limit`, as PyTorch's `clip_grad_value_`.
public func clippedValues(_ gradients: [Tensor], to limit: Float) -> [Tensor] {
  if !(limit >= 0) { fail("clippedValues", "the limit is \(limit); it must be 0 or more") }
  return withoutGradient { gradients.map { $0.clamped(to: -limit...limit) } }
}
