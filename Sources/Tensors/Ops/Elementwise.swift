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

  /// log(1 + x), precise near 0; −∞ at −1 and NaN below.
  public func logOnePlus() -> Tensor {
    unary(SWIRL_LOG_ONE_PLUS, "logOnePlus", keeps: .operand) { record, d in d / (record.x + 1) }
  }

  /// eˣ − 1, precise near 0.
  public func expMinusOne() -> Tensor {
    unary(SWIRL_EXP_MINUS_ONE, "expMinusOne", keeps: .result) { record, d in
      d * (record.result + 1)
    }
  }

  /// The error function, 2/√π ∫₀ˣ exp(−t²) dt.
  public func erf() -> Tensor {
    unary(SWIRL_ERF, "erf", keeps: .operand) { record, d in
      d * ((-record.x.squared()).exp() * 1.1283791670955126)
    }
  }

  public func sin() -> Tensor {
    unary(SWIRL_SIN, "sin", keeps: .operand) { record, d in d * record.x.cos() }
  }

  public func cos() -> Tensor {
    unary(SWIRL_COS, "cos", keeps: .operand) { record, d in -(d * record.x.sin()) }
  }

  /// The angle of the point (x, y), in (−π, π]; shapes broadcast.
  public static func atan2(_ y: Tensor, _ x: Tensor) -> Tensor {
    let angle = y.combined(SWIRL_ANGLE, "atan2", x)
    guard let trace = Trace(y, x) else { return angle }
    return angle.recorded(
      on: trace,
      Record(
        "atan2",
        derivative: { record, dy, gradients in
          let scaled = dy / (record.x.squared() + record.y.squared())
          gradients.add((scaled * record.y).summed(to: record.a.shape), to: record.a)
          gradients.add((-(scaled * record.x)).summed(to: record.b.shape), to: record.b)
        },
        tangent: { record, tangents in
          let square = record.x.squared() + record.y.squared()
          return tangents.sum(a: { $0 * record.y / square }, b: { -($0 * record.x / square) })
        }, a: y, b: x, x: y, y: x))
  }

  /// The largest whole number not above x; its derivative, as that of the next two, is 0 everywhere.
  public func floor() -> Tensor { mapped(SWIRL_FLOOR) }
  /// The smallest whole number not below x.
  public func ceiling() -> Tensor { mapped(SWIRL_CEILING) }
  /// The nearest whole number, the even one of two.
  public func rounded() -> Tensor { mapped(SWIRL_ROUND) }

  /// |x|, with derivative 0 at 0.
  public func magnitude() -> Tensor {
    unary(SWIRL_ABS, "magnitude", keeps: .operand) { record, d in d * record.x.sign() }
  }

  /// −1, 0 or 1; its derivative is 0 everywhere.
  public func sign() -> Tensor { mapped(SWIRL_SIGN) }

  /// x limited to `low...high`, with derivative 0 outside and 1 inside and on the bounds.
  public func clamped(to range: ClosedRange<Float>) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    elementwise(count) { part in
      kernels.clamp(
        part.count, x.pointer + part.lowerBound, range.lowerBound, range.upperBound,
        y.pointer + part.lowerBound)
    }
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
    let code = Int32(op.rawValue)
    elementwise(count, cost: 16) { part in
      kernels.unary(code, part.count, x.pointer + part.lowerBound, y.pointer + part.lowerBound)
    }
    return y
  }
}

/// Runs `body` over 0..<count at once, or, where there is much of it, in blocks shared among the threads
/// of the open `withWorkers` scope. `cost`: about how many multiply-adds an element is worth.
@inline(__always)
func elementwise(_ count: Int, cost: Int = 8, _ body: (Range<Int>) -> Void) {
  if count < 32_768 { return body(0..<count) }
  elementwiseInBlocks(count, cost, body)
}

@inline(never)
private func elementwiseInBlocks(_ count: Int, _ cost: Int, _ body: (Range<Int>) -> Void) {
  let block = 8192
  parallelRows((count + block - 1) / block, work: cost * count) { rows in
    body(rows.lowerBound * block..<Swift.min(rows.upperBound * block, count))
  }
}
