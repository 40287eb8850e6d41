import Runtime

/// Fully connected layers one after another, the last without an activation.
public struct MultilayerPerceptron: Module {
  public var layers: [Linear]

  public init(layers: [Linear]) { self.layers = layers }

  /// Layers of the given sizes, orthogonal with gain √2 but for the last, whose gain is `outputGain`,
  /// and zero biases: the initialisation of Andrychowicz et al. (2021), as the common PPO codes have it.
  public init(
    sizes: [Int], activation: Activation = .tanh, outputGain: Float = 1, orthogonal: Bool = true,
    using random: inout PCG64
  ) {
    layers = (1..<sizes.count).map { i in
      let isLast = i == sizes.count - 1
      let shape = Shape(sizes[i - 1], sizes[i])
      let weight: Tensor =
        orthogonal
        ? .orthogonal(shape, gain: isLast ? outputGain : Float(2).squareRoot(), using: &random)
        : .uniformFanIn(shape, fanIn: sizes[i - 1], using: &random)
      let bias: Tensor =
        orthogonal
        ? .zeros(Shape(sizes[i]))
        : .uniformFanIn(Shape(sizes[i]), fanIn: sizes[i - 1], using: &random)
      return Linear(weight: weight, bias: bias, activation: isLast ? .identity : activation)
    }
  }

  /// `x`: `[…, sizes.first]`; the result: `[…, sizes.last]`.
  public func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visitParameters { body("layers.\(i).\($0)", &$1) } }
  }
}
