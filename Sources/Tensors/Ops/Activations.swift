import CKernels

// Activation functions. As in Elementwise.swift, record.x is the operand, record.result the result, and
// d the result's gradient or the operand's tangent.
extension Tensor {
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

  /// x where x > 0, else slope · x.
  public func leakyRelu(slope: Float = 0.01) -> Tensor {
    let y = combined(SWIRL_LEAKY_RELU, "leakyRelu", Tensor(slope))
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "leakyRelu",
        pointwise: { record, d in
          d * record.x.combined(SWIRL_LEAKY_RELU_SLOPE, "leakyRelu", Tensor(record.low))
        }, a: self, x: self, low: slope))
  }

  /// x where x > 0, else alpha · (eˣ − 1) (Clevert, Unterthiner and Hochreiter, 2016).
  public func elu(alpha: Float = 1) -> Tensor {
    let y = combined(SWIRL_ELU, "elu", Tensor(alpha))
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "elu",
        pointwise: { record, d in
          d
            * record.result.fused(SWIRL_ELU_SLOPE, Tensor(record.low)) { y, alpha in
              Tensor.where(y .> 0, Tensor(1), y + alpha)
            }
        }, a: self, low: alpha, keepsResult: true))
  }

  /// x Φ(x), Φ the normal distribution's function; with `approximate`, by the tanh formula
  /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) that some checkpoints were trained with (Hendrycks and
  /// Gimpel, 2016).
  public func gelu(approximate: Bool = false) -> Tensor {
    if approximate {
      return unary(SWIRL_GELU_TANH, "gelu", keeps: .operand) { record, d in
        d.fused(SWIRL_GELU_TANH_GRADIENT, record.x) { d, x in
          let root: Float = 1.5957691216057308
          let square = x.squared()
          let s = (x * square.scaled(by: 0.044715 * root, plus: root)).sigmoid()
          return d * (s + x * square.scaled(by: 3 * 0.044715 * root, plus: root) * s * (1 - s))
        }
      }
    }
    return unary(SWIRL_GELU, "gelu", keeps: .operand) { record, d in
      d.fused(SWIRL_GELU_GRADIENT, record.x) { d, x in
        let cumulative = (x * 0.7071067811865476).erf().scaled(by: 0.5, plus: 0.5)
        return d * (cumulative + x * (x.squared() * -0.5).exp() * 0.3989422804014327)
      }
    }
  }

  /// 1 / (1 + e⁻ˣ)
  public func sigmoid() -> Tensor {
    unary(SWIRL_UNARY_SIGMOID, "sigmoid", keeps: .result) { record, d in
      d.fused(SWIRL_SIGMOID_GRADIENT, record.result) { d, y in d * y * (1 - y) }
    }
  }

  /// log(sigmoid(x)), without overflow.
  public func logSigmoid() -> Tensor {
    unary(SWIRL_LOG_SIGMOID, "logSigmoid", keeps: .operand) { record, d in
      d * (-record.x).sigmoid()
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

  /// log(1 + eˣ), without overflow.
  public func softplus() -> Tensor {
    unary(SWIRL_SOFTPLUS, "softplus", keeps: .operand) { record, d in
      d.fused(SWIRL_SOFTPLUS_GRADIENT, record.x) { d, x in d * x.sigmoid() }
    }
  }
}
