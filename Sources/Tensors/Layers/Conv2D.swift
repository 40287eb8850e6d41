import Runtime

/// A convolution of images, act(x ⋆ weight + bias); owns the parameters and calls `conv2d`. `weight` is
/// `[out, in / groups, kernel height, kernel width]`.
public struct Conv2D: Module {
  public var weight: Tensor
  public var bias: Tensor?
  public var stride: Sides
  public var padding: Padding
  public var dilation: Sides
  public var groups: Int
  public var activation: Activation

  public init(
    weight: Tensor, bias: Tensor?, stride: Sides = 1, padding: Padding = 0, dilation: Sides = 1,
    groups: Int = 1, activation: Activation = .identity
  ) {
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.activation = activation
  }

  /// Weights and biases start uniform on ±1/√fan in, as PyTorch's.
  public init(
    inputs: Int, outputs: Int, kernel: Sides, stride: Sides = 1, padding: Padding = 0,
    dilation: Sides = 1, groups: Int = 1, hasBias: Bool = true, activation: Activation = .identity,
    using random: inout PCG64
  ) {
    let fan = inputs / Swift.max(groups, 1) * kernel.height * kernel.width
    weight = .uniformFanIn(
      Shape([outputs, inputs / Swift.max(groups, 1), kernel.height, kernel.width]), fanIn: fan,
      using: &random)
    bias = hasBias ? .uniformFanIn(Shape(outputs), fanIn: fan, using: &random) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.activation = activation
  }

  /// `x`: `[N, in, H, W]`; the result: `[N, out, H', W']`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    conv2d(
      x, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation,
      groups: groups, activation: activation)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    visit("bias", &bias, body)
  }
}

/// A convolution of signals; owns the parameters and calls `conv1d`. `weight` is
/// `[out, in / groups, kernel]`.
public struct Conv1D: Module {
  public var weight: Tensor
  public var bias: Tensor?
  public var stride: Int
  /// Zeros before and after a signal: unequal ones make a causal convolution.
  public var padding: (before: Int, after: Int)
  public var dilation: Int
  public var groups: Int
  public var activation: Activation

  /// Weights and biases start uniform on ±1/√fan in, as PyTorch's.
  public init(
    inputs: Int, outputs: Int, kernel: Int, stride: Int = 1,
    padding: (before: Int, after: Int) = (0, 0), dilation: Int = 1, groups: Int = 1,
    hasBias: Bool = true, activation: Activation = .identity, using random: inout PCG64
  ) {
    let fan = inputs / Swift.max(groups, 1) * kernel
    weight = .uniformFanIn(
      Shape(outputs, inputs / Swift.max(groups, 1), kernel), fanIn: fan, using: &random)
    bias = hasBias ? .uniformFanIn(Shape(outputs), fanIn: fan, using: &random) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.activation = activation
  }

  /// `x`: `[N, in, L]`; the result: `[N, out, L']`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    conv1d(
      x, weight: weight, bias: bias, stride: stride, padding: padding, dilation: dilation,
      groups: groups, activation: activation)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight", &weight)
    visit("bias", &bias, body)
  }
}

/// Max pooling of images as a layer without parameters; calls `maxPool2d`.
public struct MaxPool2D: Module {
  public var kernel, stride: Sides
  public var padding: Padding

  public init(kernel: Sides, stride: Sides? = nil, padding: Padding = 0) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    maxPool2d(x, kernel: kernel, stride: stride, padding: padding)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}

/// Average pooling of images as a layer without parameters; calls `averagePool2d`.
public struct AveragePool2D: Module {
  public var kernel, stride: Sides
  public var padding: Padding
  public var countsPadding: Bool

  public init(
    kernel: Sides, stride: Sides? = nil, padding: Padding = 0, countsPadding: Bool = true
  ) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
    self.countsPadding = countsPadding
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    averagePool2d(
      x, kernel: kernel, stride: stride, padding: padding, countsPadding: countsPadding)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {}
}
