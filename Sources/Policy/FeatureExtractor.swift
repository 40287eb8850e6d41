import Runtime
import Tensors

/// What stands before the layers of a policy or a value function, and may serve both: convolutions over each
/// picture of a row, beside them the row's other numbers, then fully connected layers over all of it, an
/// activation after each.
public struct FeatureExtractor: Module {
  /// In the order of the pictures in a row.
  public var pictures: [PictureExtractor]
  public var dense: MultilayerPerceptron
  /// Numbers of an encoded row.
  let inputs: Int

  /// How a feature extractor is built.
  public struct Form: Sendable, Equatable, Codable {
    /// In the order of the pictures in a row; the rest of a row is read as it is.
    public var pictures: [PictureExtractor.Form]
    /// Widths of the fully connected layers.
    public var widths: [Int]
    public var activation: Activation

    public init(
      pictures: [PictureExtractor.Form] = [], widths: [Int], activation: Activation = .relu
    ) {
      self.pictures = pictures
      self.widths = widths
      self.activation = activation
    }

    /// Keys of files from before a row could hold more than one picture, which was all of it.
    private enum FormerKeys: String, CodingKey { case picture, convolutions }

    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      widths = try values.decode([Int].self, forKey: .widths)
      activation = try values.decode(Activation.self, forKey: .activation)
      pictures = try values.decodeIfPresent([PictureExtractor.Form].self, forKey: .pictures) ?? []
      let former = try decoder.container(keyedBy: FormerKeys.self)
      if let picture = try former.decodeIfPresent(Picture.self, forKey: .picture) {
        pictures = [
          .init(
            picture,
            convolutions: try former.decode(
              [PictureExtractor.Convolution].self, forKey: .convolutions))
        ]
      }
    }

    /// Whether the pictures are large enough for their convolutions.
    public var fits: Bool { pictures.allSatisfy { $0.convolved != nil } }

    /// Numbers that the fully connected layers read of rows of `inputs` numbers.
    func joined(inputs: Int) -> Int {
      pictures.reduce(inputs) { $0 - $1.picture.count + ($1.convolved?.count ?? 0) }
    }

    /// Numbers of the features of rows of `inputs` numbers.
    package func outputs(inputs: Int) -> Int { widths.last ?? joined(inputs: inputs) }
  }

  /// Layers whose parameters are what `make` gives for their names and shapes.
  init(_ form: Form, inputs: Int, make: ParameterSource) {
    self.inputs = inputs
    // Numbered through all pictures.
    var number = 0
    pictures = form.pictures.map { picture in
      let first = number
      number += picture.convolutions.count
      return PictureExtractor(picture) { make("convolutions.\(first + $0).\($1)", $2, $3) }
    }
    dense = MultilayerPerceptron(
      sizes: [form.joined(inputs: inputs)] + form.widths, activation: form.activation,
      lastActivation: form.activation, lastGain: Float(2).squareRoot()
    ) { make("dense.\($0)", $1, $2) }
  }

  /// Layers with initial weights of their own, as `Network` draws them.
  package init(_ form: Form, inputs: Int, orthogonal: Bool, using random: inout PCG64) {
    self.init(form, inputs: inputs) { _, shape, start in
      .started(shape, start, orthogonal: orthogonal, using: &random)
    }
  }

  /// A row in pieces, in their order: pictures, and the numbers between them.
  var pieces: [(columns: Range<Int>, picture: PictureExtractor?)] {
    var pieces: [(columns: Range<Int>, picture: PictureExtractor?)] = []
    var position = 0
    for picture in pictures {
      if position < picture.first { pieces.append((position..<picture.first, nil)) }
      position = picture.first + picture.picture.count
      pieces.append((picture.first..<position, picture))
    }
    if position < inputs { pieces.append((position..<inputs, nil)) }
    return pieces
  }

  /// Encoded rows `[R, encodedSize]` to features `[R, F]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    if pictures.isEmpty { return dense(x) }
    let parts = pieces.map { columns, picture in
      let part = columns.count == inputs ? x : x.sliced(columns, axis: 1)
      return picture?(part) ?? part
    }
    return dense(parts.count == 1 ? parts[0] : .concatenated(parts, axis: 1))
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    var number = 0
    for i in pictures.indices {
      for j in pictures[i].convolutions.indices {
        pictures[i].convolutions[j].visitParameters { body("convolutions.\(number).\($0)", &$1) }
        number += 1
      }
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
