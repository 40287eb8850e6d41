import Runtime
import Tensors

/// A graph of ONNX operators under construction, and the file of it (https://onnx.ai/onnx/repo-docs/IR.html).
///
/// The field numbers are those of `onnx.proto` (ONNX 1.23, Apache-2.0). A dozen of its messages are enough to
/// write, so a writer of a few lines takes the place of a protobuf library and five thousand generated ones.
struct ONNXGraph {
  /// A value in the graph, by the name it has in the file.
  struct Value: Equatable {
    fileprivate let name: String
  }

  /// The element types of `TensorProto.DataType`.
  enum Element: Int {
    case float = 1
    case uint8 = 2
    case int64 = 7
  }

  /// What an operator is told beside its operands.
  enum Attribute {
    case integer(Int)
    case number(Float)
    case integers([Int])
  }

  /// Operators as of ONNX 1.12, which every runtime of the last years knows.
  static let operatorSet = 17
  private static let formatVersion = 8

  private var nodes: [[UInt8]] = []
  private var initializers: [[UInt8]] = []
  private var inputs: [[UInt8]] = []
  private var outputs: [[UInt8]] = []
  private var count = 0

  private mutating func fresh(_ hint: String) -> Value {
    count += 1
    return Value(name: "\(hint.lowercased())_\(count)")
  }

  // MARK: - Building

  /// A value that whoever runs the graph gives: rows of `width` numbers.
  mutating func input(_ name: String, _ element: Element, width: Int) -> Value {
    inputs.append(Self.described(name, element, width: width))
    return Value(name: name)
  }

  /// A value that whoever runs the graph gets: rows of `width` numbers, or one number a row where nil.
  ///
  /// - Parameter hasRows: False for `width` numbers that are the same for every row.
  mutating func output(
    _ name: String, _ value: Value, _ element: Element, width: Int?, hasRows: Bool = true
  ) {
    append("Identity", [value.name], to: name, [])
    outputs.append(Self.described(name, element, width: width, hasRows: hasRows))
  }

  mutating func constant(_ name: String, _ numbers: [Float], shape: [Int]) -> Value {
    initializer(name, .float, shape, numbers.flatMap { Self.littleEndian($0.bitPattern) })
  }

  mutating func constant(_ name: String, _ numbers: [Int], shape: [Int]? = nil) -> Value {
    initializer(
      name, .int64, shape ?? [numbers.count], numbers.flatMap { Self.littleEndian(Int64($0)) })
  }

  /// The result of an operator.
  mutating func apply(
    _ op: String, _ operands: [Value], _ attributes: [(name: String, value: Attribute)] = []
  ) -> Value {
    let result = fresh(op)
    append(op, operands.map(\.name), to: result.name, attributes)
    return result
  }

  /// Columns of rows.
  mutating func columns(_ range: Range<Int>, of value: Value) -> Value {
    apply(
      "Slice",
      [
        value, constant("start", [range.lowerBound]), constant("end", [range.upperBound]),
        constant("axis", [1]),
      ])
  }

  /// Values side by side.
  mutating func joined(_ values: [Value]) -> Value {
    values.count == 1 ? values[0] : apply("Concat", values, [("axis", .integer(1))])
  }

  // MARK: - Encoding

  /// The bytes of an ONNX file.
  func encoded(name: String, producerVersion: String, metadata: [(String, String)]) -> [UInt8] {
    var model = ProtobufMessage()
    model.integer(1, Self.formatVersion)
    model.text(2, "swirl")
    model.text(3, producerVersion)
    model.message(7) { graph in
      for node in nodes { graph.data(1, node) }
      graph.text(2, name)
      for initializer in initializers { graph.data(5, initializer) }
      for input in inputs { graph.data(11, input) }
      for output in outputs { graph.data(12, output) }
    }
    model.message(8) { operators in
      operators.text(1, "")
      operators.integer(2, Self.operatorSet)
    }
    for (key, value) in metadata {
      model.message(14) { entry in
        entry.text(1, key)
        entry.text(2, value)
      }
    }
    return model.bytes
  }

  private mutating func append(
    _ op: String, _ operands: [String], to result: String,
    _ attributes: [(name: String, value: Attribute)]
  ) {
    var node = ProtobufMessage()
    for operand in operands { node.text(1, operand) }
    node.text(2, result)
    node.text(3, result)
    node.text(4, op)
    for (name, value) in attributes {
      node.message(5) { attribute in
        attribute.text(1, name)
        switch value {
        case .number(let number):
          attribute.float(2, number)
          attribute.integer(20, 1)
        case .integer(let number):
          attribute.integer(3, number)
          attribute.integer(20, 2)
        case .integers(let numbers):
          for number in numbers { attribute.integer(8, number) }
          attribute.integer(20, 7)
        }
      }
    }
    nodes.append(node.bytes)
  }

  private mutating func initializer(
    _ name: String, _ element: Element, _ shape: [Int], _ data: [UInt8]
  ) -> Value {
    let value = fresh(name)
    var tensor = ProtobufMessage()
    for size in shape { tensor.integer(1, size) }
    tensor.integer(2, element.rawValue)
    tensor.text(8, value.name)
    tensor.data(9, data)
    initializers.append(tensor.bytes)
    return value
  }

  private static func described(
    _ name: String, _ element: Element, width: Int?, hasRows: Bool = true
  ) -> [UInt8] {
    var value = ProtobufMessage()
    value.text(1, name)
    value.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, element.rawValue)
        tensor.message(2) { shape in
          // The number of rows is whatever the caller gives.
          if hasRows { shape.message(1) { $0.text(2, "rows") } }
          if let width { shape.message(1) { $0.integer(1, width) } }
        }
      }
    }
    return value.bytes
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
