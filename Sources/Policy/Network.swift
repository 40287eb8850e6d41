import Runtime
import Tensors

/// A policy's or a value function's network: features, memory, then fully connected layers, the last
/// without an activation. Features and memory are nil where there are none or another network's are read.
public struct Network: Module {
  public var features: FeatureExtractor?
  public var memory: Memory?
  public var perceptron: MultilayerPerceptron

  /// How a network is built.
  public struct Form: Sendable, Equatable, Codable {
    public var features: FeatureExtractor.Form?
    public var memory: Memory.Form?
    /// Widths of the hidden layers.
    public var hidden: [Int]
    public var activation: Activation

    public init(
      features: FeatureExtractor.Form? = nil, memory: Memory.Form? = nil, hidden: [Int] = [64, 64],
      activation: Activation = .tanh
    ) {
      self.features = features
      self.memory = memory
      self.hidden = hidden
      self.activation = activation
    }
  }

  public init(
    features: FeatureExtractor? = nil, memory: Memory? = nil, perceptron: MultilayerPerceptron
  ) {
    self.features = features
    self.memory = memory
    self.perceptron = perceptron
  }

  /// A network whose parameters are what `make` gives.
  ///
  /// - Parameters:
  ///   - ownsFeatures: Whether the features are its own rather than another network's that it reads;
  ///     likewise `ownsMemory`.
  ///   - outputGain: The gain of an orthogonal last layer.
  init(
    _ form: Form, inputs: Int, outputs: Int, ownsFeatures: Bool = true, ownsMemory: Bool = true,
    outputGain: Float = 1, make: ParameterSource
  ) {
    var width = inputs
    if let form = form.features {
      if ownsFeatures {
        features = FeatureExtractor(form, inputs: inputs) { make("features.\($0)", $1, $2) }
      }
      width = form.outputs(inputs: inputs)
    }
    if let form = form.memory {
      if ownsMemory {
        memory = Memory(form, inputs: width) { make("memory.\($0)", $1, $2) }
      }
      width = form.units
    }
    perceptron = MultilayerPerceptron(
      sizes: [width] + form.hidden + [outputs], activation: form.activation, lastGain: outputGain,
      make: make)
  }

  /// A network with initial weights of its own.
  ///
  /// - Parameter orthogonal: Orthogonal weights with gain √2, `outputGain` in the last layer, and zero biases
  ///   (Andrychowicz et al., 2021); else PyTorch's uniform ones.
  public init(
    _ form: Form, inputs: Int, outputs: Int, outputGain: Float = 1, orthogonal: Bool = true,
    using random: inout PCG64
  ) {
    self.init(form, inputs: inputs, outputs: outputs, outputGain: outputGain) {
      _, shape, start in .started(shape, start, orthogonal: orthogonal, using: &random)
    }
  }

  /// Rows `[R, in]` to outputs `[R, out]` of a network without memory.
  public func callAsFunction(_ x: Tensor) -> Tensor { perceptron(features.map { $0(x) } ?? x) }

  /// What the last layer reads, `[R, L]`, and what it gives, of features or what was remembered.
  func split(_ x: Tensor) -> (latent: Tensor, output: Tensor) {
    let latent = perceptron.layers.dropLast().reduce(x) { $1($0) }
    return (latent, perceptron.layers[perceptron.layers.count - 1](latent))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    if var features {
      self.features = nil
      features.visitParameters { body("features.\($0)", &$1) }
      self.features = features
    }
    if var memory {
      self.memory = nil
      memory.visitParameters { body("memory.\($0)", &$1) }
      self.memory = memory
    }
    perceptron.visitParameters(body)
  }
}

extension Tensor {
  static func started(
    _ shape: Shape, _ start: ParameterStart, orthogonal: Bool, using random: inout PCG64
  ) -> Tensor {
    switch start {
    case .weight(let gain, let fanIn):
      if !orthogonal { return .uniformFanIn(shape, fanIn: fanIn, using: &random) }
      // A convolution's weight as one row an output channel.
      let matrix = shape.count == 2 ? shape : Shape(shape[0], shape.elementCount / shape[0])
      return .orthogonal(matrix, gain: gain, using: &random).reshaped(to: shape)
    case .bias(let fanIn):
      return orthogonal ? .zeros(shape) : .uniformFanIn(shape, fanIn: fanIn, using: &random)
    case .recurrent(let units): return .uniformFanIn(shape, fanIn: units, using: &random)
    }
  }
}
