import Foundation

// The op that docs/engine.md adds step by step; a test holds the page against this file.
extension Tensor {
  /// sign(x) · log(1 + |x|): shrinks targets and observations of any scale without a statistic of them
  /// (Hafner et al., 2023, DreamerV3). `symexp` undoes it.
  public func symlog() -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(shape: shape) { out in
      for i in out.indices { out[i] = copysign(log1p(x.pointer[i].magnitude), x.pointer[i]) }
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "symlog",
        derivative: { record, dy, gradients in
          gradients.add(dy / (record.x.magnitude() + 1), to: record.a)
        },
        tangent: { record, tangents in tangents.a! / (record.x.magnitude() + 1) },
        a: self, x: self))
  }

  /// sign(x) · (e^|x| − 1), the inverse of `symlog`.
  public func symexp() -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(shape: shape) { out in
      for i in out.indices { out[i] = copysign(expm1(x.pointer[i].magnitude), x.pointer[i]) }
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record("symexp", pointwise: { record, d in d * record.x.magnitude().exp() }, a: self, x: self)
    )
  }
}
