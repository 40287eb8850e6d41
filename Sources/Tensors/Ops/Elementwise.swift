import CKernels

// One-operand elementwise ops. Each holds the forward kernel and, beside it, the derivative, where dy is
// what the result receives, and the tangent, which for an elementwise op is the same factor times the
// operand's. record.x is the operand, record.result the result.
extension Tensor {
  /// −x
  public static prefix func - (x: Tensor) -> Tensor {
    x.unary(SWIRL_NEGATE, "negate", keeps: .nothing) { -$1 }
  }

  /// eˣ
  public func exp() -> Tensor {
    unary(SWIRL_EXP, "exp", keeps: .result) { record, d in d * record.result }
  }

  /// The natural logarithm; −∞ at 0 and NaN below.
  public func log() -> Tensor {
    unary(SWIRL_LOG, "log", keeps: .operand) { record, d in d / record.x }
  }

  public func squareRoot() -> Tensor {
    unary(SWIRL_SQRT, "squareRoot", keeps: .result) { record, d in d * 0.5 / record.result }
  }

  /// x²
  public func squared() -> Tensor {
    unary(SWIRL_SQUARE, "squared", keeps: .operand) { record, d in d * (record.x * 2) }
  }

  /// |x|, with derivative 0 at 0.
  public func magnitude() -> Tensor {
    unary(SWIRL_ABS, "magnitude", keeps: .operand) { record, d in d * record.x.sign() }
  }

  /// −1, 0 or 1; its derivative is 0 everywhere.
  public func sign() -> Tensor { mapped(SWIRL_SIGN) }

  /// 1 / x
  public func reciprocal() -> Tensor {
    unary(SWIRL_RECIPROCAL, "reciprocal", keeps: .result) { record, d in
      -(d * record.result.squared())
    }
  }

  public func tanh() -> Tensor {
    unary(SWIRL_UNARY_TANH, "tanh", keeps: .result) { record, d in
      d.fused(SWIRL_TANH_GRADIENT, record.result) { d, y in d * (1 - y.squared()) }
    }
  }

  /// max(x, 0), with derivative 0 at 0.
  public func relu() -> Tensor {
    unary(SWIRL_UNARY_RELU, "relu", keeps: .result) { record, d in
      d.fused(SWIRL_RELU_GRADIENT, record.result) { d, y in d * (Tensor(0) .< y) }
    }
  }

  /// 1 / (1 + e⁻ˣ)
  public func sigmoid() -> Tensor {
    unary(SWIRL_UNARY_SIGMOID, "sigmoid", keeps: .result) { record, d in
      d.fused(SWIRL_SIGMOID_GRADIENT, record.result) { d, y in d * y * (1 - y) }
    }
  }

  /// x · sigmoid(x)
  public func silu() -> Tensor {
    unary(SWIRL_UNARY_SILU, "silu", keeps: .operand) { record, d in
      d.fused(SWIRL_SILU_GRADIENT, record.x) { d, x in
        let s = x.sigmoid()
        return d * s * (1 + x * (1 - s))
      }
    }
  }

  /// log(1 + eˣ)
  public func softplus() -> Tensor {
    unary(SWIRL_SOFTPLUS, "softplus", keeps: .operand) { record, d in
      d.fused(SWIRL_SOFTPLUS_GRADIENT, record.x) { d, x in d * x.sigmoid() }
    }
  }

  /// x limited to `low...high`, with derivative 0 outside and 1 inside and on the bounds.
  public func clamped(to range: ClosedRange<Float>) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    kernels.clamp(count, x.pointer, range.lowerBound, range.upperBound, y.pointer)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "clamped",
        pointwise: { record, d in
          d * (Tensor(record.low) .<= record.x) * (record.x .<= Tensor(record.high))
        }, a: self, x: self, low: range.lowerBound, high: range.upperBound))
  }

  /// What the derivative of a one-operand op reads.
  enum Kept { case nothing, operand, result }

  /// An elementwise op whose derivative is `factor`, recorded.
  @inline(__always)
  func unary(
    _ op: swirl_unary, _ name: StaticString, keeps: Kept, _ factor: @escaping Pointwise
  ) -> Tensor {
    let y = mapped(op)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        name, pointwise: factor, a: self, x: keeps == .operand ? self : nil,
        keepsResult: keeps == .result))
  }

  /// The kernel alone, unrecorded.
  func mapped(_ op: swirl_unary) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    kernels.unary(Int32(op.rawValue), count, x.pointer, y.pointer)
    return y
  }
}
