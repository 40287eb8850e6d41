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

/// Convolutions over one of the pictures that a row holds, a ReLU after each.
public struct PictureExtractor: Module {
  public var convolutions: [Conv2D]
  public let picture: Picture
  /// Where the picture begins in an encoded row.
  public let first: Int

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

  /// How a picture is read.
  public struct Form: Sendable, Equatable, Codable {
    public var picture: Picture
    /// Where the picture begins in an encoded row.
    public var first: Int
    /// At least one.
    public var convolutions: [Convolution]

    public init(_ picture: Picture, at first: Int = 0, convolutions: [Convolution]) {
      self.picture = picture
      self.first = first
      self.convolutions = convolutions
    }

    /// The convolutions of Mnih et al. (2015, https://doi.org/10.1038/nature14236), for pictures of at least
    /// 36 × 36; 512 numbers follow them there.
    public static func nature(_ picture: Picture, at first: Int = 0) -> Form {
      Form(
        picture, at: first,
        convolutions: [
          Convolution(channels: 32, kernel: 8, stride: 4),
          Convolution(channels: 64, kernel: 4, stride: 2),
          Convolution(channels: 64, kernel: 3, stride: 1),
        ])
    }

    /// The convolution of Young and Tian (2019, https://arxiv.org/abs/1903.03176) for MinAtar's games; 128
    /// numbers follow it there.
    public static func minAtar(_ picture: Picture, at first: Int = 0) -> Form {
      Form(
        picture, at: first, convolutions: [Convolution(channels: 16, kernel: 3, stride: 1)])
    }

    /// What the last convolution gives, or nil where one has no room.
    var convolved: Picture? {
      var (height, width, channels) = (picture.height, picture.width, picture.channels)
      for layer in convolutions {
        guard layer.kernel >= 1, layer.stride >= 1, layer.channels >= 1, height >= layer.kernel,
          width >= layer.kernel
        else { return nil }
        height = (height - layer.kernel) / layer.stride + 1
        width = (width - layer.kernel) / layer.stride + 1
        channels = layer.channels
      }
      return Picture(height: height, width: width, channels: channels)
    }
  }

  /// Layers whose parameters are what `make` gives for a layer's number, its parameter's name and the shape.
  init(_ form: Form, make: (Int, String, Shape, ParameterStart) -> Tensor) {
    (picture, first) = (form.picture, form.first)
    var channels = form.picture.channels
    convolutions = form.convolutions.enumerated().map { i, layer in
      let shape = Shape([layer.channels, channels, layer.kernel, layer.kernel])
      let fanIn = channels * layer.kernel * layer.kernel
      channels = layer.channels
      return Conv2D(
        weight: make(i, "weight", shape, .weight(gain: Float(2).squareRoot(), fanIn: fanIn)),
        bias: make(i, "bias", Shape(layer.channels), .bias(fanIn: fanIn)),
        stride: Sides(layer.stride, layer.stride), activation: .relu)
    }
  }

  var form: Form {
    Form(
      picture, at: first,
      convolutions: convolutions.map {
        .init(channels: $0.weight.shape[0], kernel: $0.weight.shape[2], stride: $0.stride.height)
      })
  }

  /// Pictures `[R, count]` to features `[R, F]`, a pixel's channels side by side as they lie.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let rows = x.shape[0]
    let images =
      picture.channelsFirst
      ? x.reshaped([rows, picture.channels, picture.height, picture.width])
      : x.reshaped([rows, picture.height, picture.width, picture.channels]).permuted([0, 3, 1, 2])
    let y = convolutions.reduce(images) { $1($0) }
    return y.permuted([0, 2, 3, 1]).reshaped([rows, -1])
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in convolutions.indices {
      convolutions[i].visitParameters { body("convolutions.\(i).\($0)", &$1) }
    }
  }
}
