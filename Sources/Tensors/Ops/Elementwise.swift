import CKernels

// One-operand elementwise ops. Each line holds the forward kernel and, in the closure beside it, the
// derivative: dy is what the result receives, record.x the operand, record.y the result.
extension Tensor {
  /// −x
  public static prefix func - (x: Tensor) -> Tensor {
    x.unary(SWIRL_NEGATE) { record, dy, gradients in gradients.add(-dy, to: record.a) }
  }

  /// eˣ
  public func exp() -> Tensor {
    unary(SWIRL_EXP) { record, dy, gradients in gradients.add(dy * record.y, to: record.a) }
  }

  /// The natural logarithm; −∞ at 0 and NaN below.
  public func log() -> Tensor {
    unary(SWIRL_LOG) { record, dy, gradients in
      gradients.add(dy / record.x, to: record.a)
    }
  }

  public func squareRoot() -> Tensor {
    unary(SWIRL_SQRT) { record, dy, gradients in
      gradients.add(dy * 0.5 / record.y, to: record.a)
    }
  }

  /// x²
  public func squared() -> Tensor {
    unary(SWIRL_SQUARE) { record, dy, gradients in
      gradients.add(dy * (record.x * 2), to: record.a)
    }
  }

  /// |x|, with derivative 0 at 0.
  public func magnitude() -> Tensor {
    unary(SWIRL_ABS) { record, dy, gradients in
      gradients.add(dy * record.x.sign(), to: record.a)
    }
  }

  /// −1, 0 or 1; its derivative is 0 everywhere.
  public func sign() -> Tensor { unary(SWIRL_SIGN) { _, _, _ in } }

  /// 1 / x
  public func reciprocal() -> Tensor {
    unary(SWIRL_RECIPROCAL) { record, dy, gradients in
      gradients.add(-(dy * record.y.squared()), to: record.a)
    }
  }

  public func tanh() -> Tensor {
    unary(SWIRL_UNARY_TANH) { record, dy, gradients in
      gradients.add(dy.combined(SWIRL_TANH_GRADIENT, record.y), to: record.a)
    }
  }

  /// max(x, 0), with derivative 0 at 0.
  public func relu() -> Tensor {
    unary(SWIRL_UNARY_RELU) { record, dy, gradients in
      gradients.add(dy.combined(SWIRL_RELU_GRADIENT, record.y), to: record.a)
    }
  }

  /// 1 / (1 + e⁻ˣ)
  public func sigmoid() -> Tensor {
    unary(SWIRL_UNARY_SIGMOID) { record, dy, gradients in
      gradients.add(dy.combined(SWIRL_SIGMOID_GRADIENT, record.y), to: record.a)
    }
  }

  /// x · sigmoid(x)
  public func silu() -> Tensor {
    unary(SWIRL_UNARY_SILU) { record, dy, gradients in
      gradients.add(dy.combined(SWIRL_SILU_GRADIENT, record.x), to: record.a)
    }
  }

  /// log(1 + eˣ)
  public func softplus() -> Tensor {
    unary(SWIRL_SOFTPLUS) { record, dy, gradients in
      gradients.add(dy.combined(SWIRL_SOFTPLUS_GRADIENT, record.x), to: record.a)
    }
  }

  /// x limited to `low...high`, with derivative 0 outside and 1 inside and on the bounds.
  public func clamped(to range: ClosedRange<Float>) -> Tensor {
    let x = contiguous()
    let y = Tensor(uninitialized: shape)
    kernels.clamp(count, x.pointer, range.lowerBound, range.upperBound, y.pointer)
    guard let tape = Tape.tracking(mark) else { return y }
    let record = Record(
      derivative: { record, dy, gradients in
        let x = record.x
        let inside = Tensor(record.low) .<= x
        gradients.add(dy * inside * (x .<= Tensor(record.high)), to: record.a)
      }, a: Operand(self), x: x.detached(), low: range.lowerBound, high: range.upperBound)
    return y.recorded(on: tape, record)
  }

  private func unary(_ op: swirl_unary, _ derivative: @escaping Derivative) -> Tensor {
    let x = contiguous()
    let y = Tensor(uninitialized: shape)
    kernels.unary(Int32(op.rawValue), count, x.pointer, y.pointer)
    guard let tape = Tape.tracking(mark) else { return y }
    return y.recorded(
      on: tape, Record(derivative: derivative, a: Operand(self), x: x.detached(), y: y))
  }
}
