import Tensors

/// A picture as an observation row holds it.
public struct Picture: Sendable, Equatable, Codable {
  public let height: Int
  public let width: Int
  public let channels: Int
  /// Whether a channel's numbers lie side by side, rather than a pixel's.
  public let channelsFirst: Bool

  public init(height: Int, width: Int, channels: Int, channelsFirst: Bool = false) {
    self.height = height
    self.width = width
    self.channels = channels
    self.channelsFirst = channelsFirst
  }

  var count: Int { height * width * channels }
}

/// What stands before the layers of a policy or a value function, and may serve both: convolutions over a
/// picture, then fully connected layers, an activation after each.
public struct FeatureExtractor: Module {
  public var convolutions: [Conv2D]
  public var dense: MultilayerPerceptron
  /// What the convolutions read.
  public let picture: Picture?

  /// One convolution's sizes.
  public struct Convolution: Sendable, Equatable, Codable {
    public let channels: Int
    public let kernel: Int
    public let stride: Int

    public init(channels: Int, kernel: Int, stride: Int) {
      self.channels = channels
      self.kernel = kernel
      self.stride = stride
    }
  }

  /// How a feature extractor is built.
  public struct Form: Sendable, Equatable, Codable {
    public var picture: Picture?
    public var convolutions: [Convolution]
    /// Widths of the fully connected layers.
    public var widths: [Int]
    public var activation: Activation

    public init(
      picture: Picture? = nil, convolutions: [Convolution] = [], widths: [Int],
      activation: Activation = .relu
    ) {
      self.picture = picture
      self.convolutions = convolutions
      self.widths = widths
      self.activation = activation
    }

    /// The network of Mnih et al. (2015, https://doi.org/10.1038/nature14236), for pictures of at least
    /// 36 × 36.
    public static func nature(_ picture: Picture) -> Form {
      Form(
        picture: picture,
        convolutions: [
          Convolution(channels: 32, kernel: 8, stride: 4),
          Convolution(channels: 64, kernel: 4, stride: 2),
          Convolution(channels: 64, kernel: 3, stride: 1),
        ], widths: [512])
    }

    /// The network of Young and Tian (2019, https://arxiv.org/abs/1903.03176) for MinAtar's games.
    public static func minAtar(_ picture: Picture) -> Form {
      Form(
        picture: picture, convolutions: [Convolution(channels: 16, kernel: 3, stride: 1)],
        widths: [128])
    }

    /// Height, width and channels of what the last convolution gives, or nil where one has no room.
    var convolved: (height: Int, width: Int, channels: Int)? {
      guard let picture else { return convolutions.isEmpty ? (1, 1, 0) : nil }
      var (height, width, channels) = (picture.height, picture.width, picture.channels)
      for layer in convolutions {
        guard layer.kernel >= 1, layer.stride >= 1, layer.channels >= 1, height >= layer.kernel,
          width >= layer.kernel
        else { return nil }
        height = (height - layer.kernel) / layer.stride + 1
        width = (width - layer.kernel) / layer.stride + 1
        channels = layer.channels
      }
      return (height, width, channels)
    }

    /// Whether its pictures are large enough for its convolutions.
    public var fits: Bool { convolved != nil }

    /// Numbers of the features of rows of `inputs` numbers.
    func outputs(inputs: Int) -> Int {
      if let width = widths.last { return width }
      guard picture != nil, let convolved else { return inputs }
      return convolved.height * convolved.width * convolved.channels
    }
  }

  /// Layers whose parameters are what `make` gives for their names and shapes.
  init(_ form: Form, inputs: Int, make: ParameterSource) {
    picture = form.picture
    var channels = form.picture?.channels ?? 0
    convolutions = form.convolutions.enumerated().map { i, layer in
      let shape = Shape([layer.channels, channels, layer.kernel, layer.kernel])
      let fanIn = channels * layer.kernel * layer.kernel
      channels = layer.channels
      return Conv2D(
        weight: make(
          "convolutions.\(i).weight", shape, .weight(gain: Float(2).squareRoot(), fanIn: fanIn)),
        bias: make("convolutions.\(i).bias", Shape(layer.channels), .bias(fanIn: fanIn)),
        stride: Sides(layer.stride, layer.stride), activation: .relu)
    }
    var convolved = form
    convolved.widths = []
    let flat = convolved.outputs(inputs: inputs)
    dense = MultilayerPerceptron(
      sizes: [flat] + form.widths, activation: form.activation, lastActivation: form.activation,
      lastGain: Float(2).squareRoot()
    ) { make("dense.\($0)", $1, $2) }
  }

  /// Encoded rows `[R, encodedSize]` to features `[R, F]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    guard let picture, !convolutions.isEmpty else { return dense(x) }
    let rows = x.shape[0]
    let images =
      picture.channelsFirst
      ? x.reshaped([rows, picture.channels, picture.height, picture.width])
      : x.reshaped([rows, picture.height, picture.width, picture.channels]).permuted([0, 3, 1, 2])
    let y = convolutions.reduce(images) { $1($0) }
    // A pixel's channels side by side, as they lie.
    return dense(y.permuted([0, 2, 3, 1]).reshaped([rows, -1]))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in convolutions.indices {
      convolutions[i].visitParameters { body("convolutions.\(i).\($0)", &$1) }
    }
    dense.visitParameters { body("dense.\($0)", &$1) }
  }
}

/// Gives the parameter of a name and a shape: drawn, or read from a file.
typealias ParameterSource = (String, Shape, ParameterStart) -> Tensor

/// What a parameter starts as.
enum ParameterStart {
  /// Orthogonal with a gain, or uniform by the number of inputs.
  case weight(gain: Float, fanIn: Int)
  /// Zero, or uniform by the number of inputs.
  case bias(fanIn: Int)
  /// Uniform on ±1/√units, as PyTorch's recurrent layers start.
  case recurrent(units: Int)
}

extension MultilayerPerceptron {
  /// Layers of the given sizes whose parameters are what `make` gives.
  init(
    sizes: [Int], activation: Activation, lastActivation: Activation = .identity, lastGain: Float,
    make: ParameterSource
  ) {
    self.init(
      layers: (1..<max(sizes.count, 1)).map { i in
        let isLast = i == sizes.count - 1
        return Linear(
          weight: make(
            "layers.\(i - 1).weight", Shape(sizes[i - 1], sizes[i]),
            .weight(gain: isLast ? lastGain : Float(2).squareRoot(), fanIn: sizes[i - 1])),
          bias: make(
            "layers.\(i - 1).bias", Shape(sizes[i]), .bias(fanIn: sizes[i - 1])),
          activation: isLast ? lastActivation : activation)
      })
  }
}
