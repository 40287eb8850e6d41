/// Layer normalisation over the last axis; owns the parameters and calls `layerNorm`.
public struct LayerNorm: Module {
  public var weight: Tensor?
  public var bias: Tensor?
  public var epsilon: Float

  /// - Parameter hasBias: Whether there is a bias; without `hasWeight` there is neither.
  public init(
    size: Int, epsilon: Float = 1e-5, hasWeight: Bool = true, hasBias: Bool = true
  ) {
    weight = hasWeight ? .ones(Shape(size)) : nil
    bias = hasWeight && hasBias ? .zeros(Shape(size)) : nil
    self.epsilon = epsilon
  }

  /// `x`: `[…, size]`; the result has its shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    visit("weight", &weight, body)
    visit("bias", &bias, body)
  }
}

/// Root-mean-square normalisation over the last axis; owns the weight and calls `rmsNorm`.
public struct RMSNorm: Module {
  public var weight: Tensor
  public var epsilon: Float

  public init(size: Int, epsilon: Float = 1e-6) {
    weight = .ones(Shape(size))
    self.epsilon = epsilon
  }

  /// `x`: `[…, size]`; the result has its shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    rmsNorm(x, weight: weight, epsilon: epsilon)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
  }
}

/// Group normalisation of `[N, channels, …]`; owns the parameters and calls `groupNorm`.
public struct GroupNorm: Module {
  public var weight: Tensor
  public var bias: Tensor
  public var groups: Int
  public var epsilon: Float

  public init(groups: Int, channels: Int, epsilon: Float = 1e-5) {
    weight = .ones(Shape(channels))
    bias = .zeros(Shape(channels))
    self.groups = groups
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    groupNorm(x, groups: groups, weight: weight, bias: bias, epsilon: epsilon)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    body("bias", &bias)
  }
}
