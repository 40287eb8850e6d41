import Foundation
import Tensors
import Testing

/// One op at one point as PyTorch computed it.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Values: Decodable, Sendable {
    let shape: [Int]
    let values: [Number]
    var tensor: Tensor { Tensor(values.map(\.value), shape: Shape(shape)) }
  }

  /// A number, or the word Python prints for one that JSON has no sign for.
  struct Number: Decodable, Sendable {
    let value: Float
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      value =
        try (try? container.decode(Float.self)) ?? Float(try container.decode(String.self)) ?? .nan
    }
  }

  enum Argument: Decodable, Sendable {
    case number(Double)
    case word(String)
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      self =
        try (try? container.decode(Double.self)).map(Argument.number)
        ?? .word(try container.decode(String.self))
    }
    var integer: Int { if case .number(let x) = self { Int(x) } else { 0 } }
    var float: Float { if case .number(let x) = self { Float(x) } else { .nan } }
    var word: String { if case .word(let word) = self { word } else { "" } }
  }

  let op: String
  let arguments: [Argument]
  let inputs: [Values]
  let value: Values
  let cotangent: [Number]
  let gradients: [[Number]]

  var testDescription: String { "\(op) of \(inputs.map(\.shape)) \(arguments.map(\.integer))" }

  static let all: [GoldenCase] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "References/ops.json")
    guard let data = try? Data(contentsOf: file),
      let cases = try? JSONDecoder().decode([GoldenCase].self, from: data)
    else { fatalError("cannot read \(file.path)") }
    return cases
  }()

  /// The op this case is about.
  var function: ([Tensor]) -> Tensor {
    let whole = arguments.map(\.integer)
    let axes = Array(whole.dropFirst())
    let keep = whole.first == 1
    switch op {
    case "negate": return { -$0[0] }
    case "exp": return { $0[0].exp() }
    case "log": return { $0[0].log() }
    case "squareRoot": return { $0[0].squareRoot() }
    case "squared": return { $0[0].squared() }
    case "magnitude": return { $0[0].magnitude() }
    case "sign": return { $0[0].sign() }
    case "reciprocal": return { $0[0].reciprocal() }
    case "tanh": return { $0[0].tanh() }
    case "relu": return { $0[0].relu() }
    case "sigmoid": return { $0[0].sigmoid() }
    case "silu": return { $0[0].silu() }
    case "softplus": return { $0[0].softplus() }
    case "clamped": return { $0[0].clamped(to: -0.5...1.25) }
    case "scaled": return { 1.5 * $0[0] - 0.25 }
    case "add": return { $0[0] + $0[1] }
    case "subtract": return { $0[0] - $0[1] }
    case "multiply": return { $0[0] * $0[1] }
    case "divide": return { $0[0] / $0[1] }
    case "minimum": return { Tensor.minimum($0[0], $0[1]) }
    case "maximum": return { Tensor.maximum($0[0], $0[1]) }
    case "less": return { $0[0] .< $0[1] }
    case "lessOrEqual": return { $0[0] .<= $0[1] }
    case "sum": return { $0[0].sum(axes: axes, keepingDims: keep) }
    case "mean": return { $0[0].mean(axes: axes, keepingDims: keep) }
    case "max": return { $0[0].max(axes: axes, keepingDims: keep) }
    case "min": return { $0[0].min(axes: axes, keepingDims: keep) }
    case "variance": return { $0[0].variance(axes: axes, keepingDims: keep) }
    case "matmul": return { $0[0].matmul($0[1]) }
    case "matmulTransposed": return { $0[0].transposed().matmul($0[1].transposed()) }
    case "matmulBatchTransposed": return { $0[0].matmul($0[1].transposed()) }
    case "linear":
      let activation = Activation(rawValue: arguments[0].word)!
      return { linear($0[0], weight: $0[1], bias: $0[2], activation: activation) }
    case "logSoftmax": return { $0[0].logSoftmax() }
    case "softmax": return { $0[0].softmax() }
    case "gather": return { $0[0].gather(Indices(whole.map(Int32.init))) }
    case "selectingRows": return { $0[0].selectingRows(Indices(whole.map(Int32.init))) }
    case "reshaped":
      if arguments[0].word == "transposed" { return { $0[0].transposed().reshaped(axes) } }
      return { $0[0].reshaped(whole) }
    case "permuted": return { $0[0].permuted(whole) }
    case "broadcast": return { $0[0].broadcast(to: Shape(whole)) }
    case "sliced": return { $0[0].sliced(whole[1]..<whole[2], axis: whole[0]) }
    case "padded": return { $0[0].padded(axis: whole[0], before: whole[1], after: whole[2]) }
    case "concatenated": return { Tensor.concatenated($0, axis: whole[0]) }
    case "gaussianLogProbability":
      let actions = Tensor(arguments.map(\.float), shape: Shape(inputs[0].shape))
      return { gaussianLogProbability(mean: $0[0], logStd: $0[1], actions: actions) }
    default: fatalError("the golden file has an op \(op) that no test knows")
    }
  }

  /// Whether central differences tell anything: not across the kinks and steps of these.
  var isSmooth: Bool {
    ![
      "relu", "clamped", "sign", "less", "lessOrEqual", "magnitude", "minimum", "maximum", "max",
      "min",
    ]
    .contains(op) && arguments.first?.word != "relu"
      && !value.values.contains { $0.value.magnitude > 50 }
  }
}

/// The largest distance between two lists, relative to 1 + the expected magnitude; equal infinities and
/// NaNs are at distance 0.
func distance(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).map { x, y in
    if x == y || (x.isNaN && y.isNaN) { return 0 }
    let d = (x - y).magnitude / (1 + y.magnitude)
    return d.isNaN ? .infinity : d
  }.max() ?? 0
}

@Test(arguments: GoldenCase.all)
func opAgreesWithPyTorchAndDifferences(_ golden: GoldenCase) {
  let inputs = golden.inputs.map(\.tensor)
  let (value, gradients) = vectorJacobianProduct(
    at: inputs, cotangent: { Tensor(golden.cotangent.map(\.value), shape: $0.shape) },
    golden.function)
  #expect(Array(value.shape) == golden.value.shape)
  #expect(distance(value.scalars, golden.value.values.map(\.value)) < 2e-6)
  for (found, expected) in zip(gradients, golden.gradients) {
    #expect(distance(found.scalars, expected.map(\.value)) < 4e-6)
  }
  if golden.isSmooth && inputs.allSatisfy({ $0.count <= 128 }) {
    #expect(checkGradient(at: inputs, golden.function).isEmpty)
    #expect(checkTangent(at: inputs, golden.function).isEmpty)
  }
}

@Test func checkGradientFindsAWrongDerivative() {
  // detached() hides a factor from the tape, which makes the derivative of x · x come out as x.
  let findings = checkGradient(at: [Tensor([1, 2, 3])]) { $0[0] * $0[0].detached() }
  #expect(findings.count == 3)
}

@Test func nonContiguousInputsGiveTheSameValues() {
  let x = Tensor((0..<24).map { Float($0) / 7 - 1 }, shape: [4, 6])
  let view = x.transposed()
  let dense = Tensor(view.scalars, shape: [6, 4])
  #expect((view.exp() - dense.exp()).magnitude().max().item == 0)
  #expect((view + dense).scalars == (dense + dense).scalars)
  #expect(view.sum(axes: [0]).scalars == dense.sum(axes: [0]).scalars)
  #expect(view.matmul(x).scalars == dense.matmul(x).scalars)
  #expect(view.logSoftmax().scalars == dense.logSoftmax().scalars)
  #expect(
    x.sliced(1..<3, axis: 1).scalars == [1, 2, 7, 8, 13, 14, 19, 20].map { Float($0) / 7 - 1 })
}
