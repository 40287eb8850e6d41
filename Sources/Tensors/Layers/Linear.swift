import Runtime

/// A fully connected layer, act(x · weight + bias), fused.
///
/// Owns the parameters and calls the function `linear`; use the function where the parameters live
/// elsewhere. `weight` is `[in, out]`: the transpose of PyTorch's, so that the product reads it in order.
public struct Linear: Module {
  public var weight: Tensor
  public var bias: Tensor?
  public var activation: Activation

  public init(weight: Tensor, bias: Tensor?, activation: Activation = .identity) {
    self.weight = weight
    self.bias = bias
    self.activation = activation
  }

  /// Parameters uniform on ±1/√inputs, as PyTorch's start.
  public init(
    inputs: Int, outputs: Int, bias: Bool = true, activation: Activation = .identity,
    using random: inout PCG64
  ) {
    weight = .uniformFanIn([inputs, outputs], fanIn: inputs, using: &random)
    self.bias = bias ? .uniformFanIn([outputs], fanIn: inputs, using: &random) : nil
    self.activation = activation
  }

  /// `x`: `[…, in]`; the result: `[…, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    linear(x, weight: weight, bias: bias, activation: activation)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    visit("bias", &bias, body)
  }
}
