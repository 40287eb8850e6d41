import CKernels
import Foundation

/// log N(action; mean, e^logStd) of independent components, summed over each row: `[R]`.
///
/// `mean` and `actions` are `[R, A]`, `logStd` `[A]` or `[R, A]`. One op, so that a rollout, which runs the kernel
/// `gaussianLogProbabilityRow` without tensors, and the update agree to the last bit.
public func gaussianLogProbability(mean: Tensor, logStd: Tensor, actions: Tensor) -> Tensor {
  guard mean.rank == 2, mean.shape == actions.shape,
    logStd.shape == Shape(mean.shape[1]) || logStd.shape == mean.shape
  else {
    fail(
      "gaussianLogProbability",
      "a mean of shape \(mean.shape), actions of \(actions.shape) and log σ of \(logStd.shape) do not fit"
    )
  }
  if Tensor.carryTangents(mean, logStd) {
    let z = (actions - mean) * (-logStd).exp()
    let halfLogTwoPi: Float = 0.918_938_533_204_672_8
    return (-0.5 * z.squared() - logStd - halfLogTwoPi).sum(axes: [1])
  }
  let (m, a, s) = (
    mean.float32.contiguous(), actions.float32.contiguous(), logStd.float32.contiguous()
  )
  let (rows, width) = (mean.shape[0], mean.shape[1])
  let inverse = (-s.detached()).exp()
  let y = Tensor(uninitialized: Shape(rows))
  let step = logStd.rank == 2 ? width : 0
  for row in 0..<rows {
    y.pointer[row] = gaussianLogProbabilityRow(
      width, mean: m.pointer + row * width, logStd: s.pointer + row * step,
      inverse: inverse.pointer + row * step, action: a.pointer + row * width)
  }
  guard let trace = Trace(mean, logStd) else { return y }
  return y.recorded(
    on: trace,
    Record(
      "gaussianLogProbability",
      derivative: { record, dy, gradients in
        let (mean, logStd, actions) = (record.x, record.y, record.z)
        let inverse = (-logStd).exp()
        let z = (actions - mean) * inverse
        let received = dy.reshaped(to: Shape(dy.count, 1))
        gradients.add(received * z * inverse, to: record.a)
        let spread = received * (z.squared() - 1)
        gradients.add(logStd.rank == 2 ? spread : spread.sum(axes: [0]), to: record.b)
      }, a: mean, b: logStd, x: m, y: s, z: a, fused: true, exact: true))
}

/// One row of `gaussianLogProbability`; `inverse` holds e^−logStd.
package func gaussianLogProbabilityRow(
  _ width: Int, mean: UnsafePointer<Float>, logStd: UnsafePointer<Float>,
  inverse: UnsafePointer<Float>, action: UnsafePointer<Float>
) -> Float {
  let halfLogTwoPi: Float = 0.918_938_533_204_672_8
  var sum: Float = 0
  for i in 0..<width {
    let z = (action[i] - mean[i]) * inverse[i]
    sum += -0.5 * z * z - logStd[i] - halfLogTwoPi
  }
  return sum
}
