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
    var integer: Int { if case .number(let x) = self, x.magnitude < 1e9 { Int(x) } else { 0 } }
    var float: Float { if case .number(let x) = self { Float(x) } else { .nan } }
    var word: String { if case .word(let word) = self { word } else { "" } }
  }

  let op: String
  let arguments: [Argument]
  let inputs: [Values]
  let value: Values
  let cotangent: [Number]
  let gradients: [[Number]]
  /// False where central differences say nothing: at kinks, steps and extreme values.
  let smooth: Bool?

  var testDescription: String { "\(op) of \(inputs.map(\.shape)) \(arguments.map(\.integer))" }

  /// The cases of the script `make_<file>.py`.
  static func cases(_ file: String) -> [GoldenCase] {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "References/\(file).json")
    guard let data = try? Data(contentsOf: path) else { fatalError("cannot read \(path.path)") }
    do {
      return try JSONDecoder().decode([GoldenCase].self, from: data)
    } catch {
      fatalError("cannot read \(path.path): \(error)")
    }
  }

  static let all: [GoldenCase] = [
    "ops", "elementwise", "reductions", "shapes", "indexing", "losses",
  ]
  .flatMap(cases)

  /// How to call each op, by the name the golden files give it.
  static let functions: [String: GoldenOp] = [
    arithmeticOps, elementwiseOps, reductionOps, productOps, shapeOps, indexingOps, lossOps,
  ].reduce(into: [:]) { all, family in
    all.merge(family) { _, _ in fatalError("two golden ops have one name") }
  }

  /// The op this case is about.
  var function: ([Tensor]) -> Tensor {
    guard let op = Self.functions[op] else {
      fatalError("the golden file has an op \(op) that no test knows")
    }
    return op(self)
  }

  /// The arguments as whole numbers.
  var whole: [Int] { arguments.map(\.integer) }

  /// Whether central differences tell anything: not across the kinks and steps of these.
  var isSmooth: Bool {
    smooth ?? !kinkedOps.contains(op) && arguments.first?.word != "relu"
      && !value.values.contains { !($0.value.magnitude <= 50) }
  }

  /// Whether every number of the inputs and the value is finite.
  var isFinite: Bool {
    (inputs.flatMap(\.values) + value.values).allSatisfy(\.value.isFinite)
      && gradients.joined().allSatisfy(\.value.isFinite)
  }
}

/// Makes the function of the inputs that a case is about, from its arguments.
typealias GoldenOp = @Sendable (GoldenCase) -> ([Tensor]) -> Tensor

private let kinkedOps: Set = [
  "relu", "clamped", "sign", "less", "lessOrEqual", "magnitude", "minimum", "maximum", "max", "min",
]
