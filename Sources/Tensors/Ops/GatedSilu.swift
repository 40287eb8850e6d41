import CKernels

/// silu(gate) · up in one pass: the activation of SwiGLU (Shazeer, 2020). Shapes must be equal.
public func gatedSilu(_ gate: Tensor, _ up: Tensor) -> Tensor {
  if gate.shape != up.shape {
    fail("gatedSilu", "shapes \(gate.shape) and \(up.shape) differ")
  }
  if Tensor.carryTangents(gate, up) { return gate.silu() * up }
  let (a, b) = (gate.float32.contiguous(), up.float32.contiguous())
  let y = Tensor(uninitialized: gate.shape)
  parallelRows((y.count + block - 1) / block, work: 16 * y.count) { range in
    let start = range.lowerBound * block
    kernels.gated_silu(
      Swift.min(range.upperBound * block, y.count) - start, a.pointer + start, b.pointer + start,
      y.pointer + start)
  }
  guard let trace = Trace(gate, up) else { return y }
  return y.recorded(
    on: trace,
    Record(
      "gatedSilu",
      derivative: { record, dy, gradients in
        let (a, b, dy) = (record.x, record.y, dy.float32.contiguous())
        let (da, db) = (Tensor(uninitialized: a.shape), Tensor(uninitialized: a.shape))
        parallelRows((a.count + block - 1) / block, work: 24 * a.count) { range in
          let start = range.lowerBound * block
          kernels.gated_silu_gradient(
            Swift.min(range.upperBound * block, a.count) - start, dy.pointer + start,
            a.pointer + start, b.pointer + start, da.pointer + start, db.pointer + start)
        }
        gradients.add(da, to: record.a)
        gradients.add(db, to: record.b)
      }, a: gate, b: up, x: a, y: b, fused: true))
}

/// Numbers of one row of work.
private let block = 4096
