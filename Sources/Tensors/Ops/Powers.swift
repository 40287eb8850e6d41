import CKernels

// Powers and roots.
extension Tensor {
  /// x²
  public func squared() -> Tensor {
    unary(SWIRL_SQUARE, "squared", keeps: .operand) { record, d in d * (record.x * 2) }
  }

  public func squareRoot() -> Tensor {
    unary(SWIRL_SQRT, "squareRoot", keeps: .result) { record, d in d * 0.5 / record.result }
  }

  /// 1 / √x
  public func reciprocalSquareRoot() -> Tensor {
    unary(SWIRL_RSQRT, "reciprocalSquareRoot", keeps: .result) { record, d in
      d * (record.result.squared() * record.result) * -0.5
    }
  }

  /// 1 / x
  public func reciprocal() -> Tensor {
    unary(SWIRL_RECIPROCAL, "reciprocal", keeps: .result) { record, d in
      -(d * record.result.squared())
    }
  }

  /// x to the power of `exponent`: NaN for a negative number unless the exponent is whole.
  public func pow(_ exponent: Float) -> Tensor {
    switch exponent {
    case 0: return scaled(by: 0, plus: 1)
    case 1: return self
    case 2: return squared()
    case 3: return squared() * self
    case 0.5: return squareRoot()
    case -0.5: return reciprocalSquareRoot()
    case -1: return reciprocal()
    default:
      let y = combined(SWIRL_POWER, "pow", Tensor(exponent))
      guard let trace = Trace(self) else { return y }
      return y.recorded(
        on: trace,
        Record(
          "pow", pointwise: { record, d in d * (record.x.pow(record.low - 1) * record.low) },
          a: self, x: self, low: exponent))
    }
  }

  /// x to the power of `exponent`, element by element; shapes broadcast. The exponent's derivative at
  /// x = 0 is taken as 0, as is x's where the exponent is 0.
  public func pow(_ exponent: Tensor) -> Tensor {
    let y = combined(SWIRL_POWER, "pow", exponent)
    guard let trace = Trace(self, exponent) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "pow",
        derivative: { record, dy, gradients in
          gradients.add((dy * Self.baseSlope(record)).summed(to: record.a.shape), to: record.a)
          gradients.add((dy * Self.exponentSlope(record)).summed(to: record.b.shape), to: record.b)
        },
        tangent: { record, tangents in
          tangents.sum(
            a: { $0 * Self.baseSlope(record) }, b: { $0 * Self.exponentSlope(record) })
        }, a: self, b: exponent, x: self, y: exponent, keepsResult: true))
  }

  private static func baseSlope(_ record: Saved) -> Tensor {
    .where(record.y .== 0, Tensor(0), record.y * record.x.pow(record.y - 1))
  }

  private static func exponentSlope(_ record: Saved) -> Tensor {
    let isZero = record.x .== 0
    return .where(
      isZero, Tensor(0), record.result * Tensor.where(isZero, Tensor(1), record.x).log())
  }
}
