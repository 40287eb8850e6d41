import Envs
import Foundation
import Policy
import Runtime
import Tensors
import Testing

/// A policy that a test makes up, and rows for it.
private struct Example: Sendable {
  let name: String
  let model: Actor
  let rows: [Float]

  var rowSize: Int { model.encoder.rawSize }
  var rowCount: Int { rows.count / rowSize }

  init(
    _ name: String, _ space: any Space, _ head: ActionHead, _ activation: Activation,
    normalized: Bool, rows: [Float]
  ) throws {
    self.name = name
    self.rows = rows
    var random = PCG64(seed: 7)
    var model = ActorCritic(
      encoder: try ObservationEncoder(space), head: head,
      architecture: .init(
        hidden: [9, 6], activation: activation, orthogonal: false, logStdInit: -0.5,
        normalizationClip: normalized ? 2 : nil), using: &random
    ).actor
    let count = rows.count / model.encoder.rawSize
    rows.withUnsafeBufferPointer {
      model.normalizer?.update(steps: count, environments: 1, $0.baseAddress!)
    }
    self.model = model
  }

  /// A network of any form for rows of numbers, unless an encoder says otherwise.
  init(
    _ name: String, _ head: ActionHead, _ form: Network.Form, rowSize: Int,
    encoder: ObservationEncoder? = nil, rows: [Float]
  ) {
    let encoder = encoder ?? .numbers(rowSize)
    self.name = name
    self.rows = rows
    var random = PCG64(seed: 11)
    model = Actor(
      encoder: encoder, head: head,
      policy: Network(
        form, inputs: encoder.encodedSize, outputs: head.outputSize, orthogonal: false,
        using: &random))
  }

  /// The rows as an environment gives them.
  var bytes: [UInt8] {
    model.encoder.readsBytes ? rows.map { UInt8($0) } : rows.withUnsafeBytes { Array($0) }
  }
}

private func examples() throws -> [Example] {
  var random = PCG64(seed: 3)
  func numbers(_ count: Int, _ scale: Float) -> [Float] {
    (0..<count).map { _ in Float(random.standardNormal()) * scale }
  }
  // Discrete values in every place, one out of range, and numbers far enough out to be clipped.
  var mixed: [Float] = []
  for row in 0..<12 {
    mixed += numbers(2, 3)
    mixed += [Float(row % 5 + 1), Float(row % 3)]
    mixed += numbers(1, row == 4 ? 100 : 1)
  }
  return [
    try Example(
      "categorical",
      Dict([
        "place": Box(shape: [2], in: -9...9), "kind": Discrete(4, start: 1),
        "rest": Tuple([Discrete(3), Box(shape: [1], in: -99...99)]),
      ]), .categorical(count: 3, start: 2), .tanh, normalized: true, rows: mixed),
    try Example(
      "multicategorical", Box(shape: [4], in: -1...1),
      .multiCategorical(counts: [2, 4, 3], start: [0, -1, 5]), .relu, normalized: false,
      rows: numbers(40, 1)),
    try Example(
      "gaussian", Box(shape: [3], in: -1...1),
      .gaussian(low: [-0.05, -.infinity], high: [0.4, 0.1]), .sigmoid, normalized: true,
      rows: numbers(30, 2)),
    Example(
      "deterministic", .deterministic(low: [-2, 0], high: [2, 5]), .init(hidden: [7]), rowSize: 3,
      rows: numbers(30, 2)),
    Example(
      "squashed", .squashedGaussian(low: [-2, 0], high: [2, 5]),
      .init(hidden: [7], activation: .relu), rowSize: 3, rows: numbers(30, 2)),
    Example(
      "values", .values(count: 4, start: 1, atoms: 1, low: 0, high: 0), .init(hidden: [7]),
      rowSize: 3, rows: numbers(30, 2)),
    Example(
      "atoms", .values(count: 3, start: 0, atoms: 5, low: -2, high: 6), .init(hidden: [7]),
      rowSize: 3, rows: numbers(30, 20)),
    Example(
      "pixels", .categorical(count: 5, start: 0), convolutional(channelsFirst: false),
      rowSize: 7 * 6 * 3, encoder: .bytes(7 * 6 * 3),
      rows: (0..<4 * 126).map { _ in Float(random.integers(0..<256)) }),
    Example(
      "planes", .categorical(count: 5, start: 0), convolutional(channelsFirst: true),
      rowSize: 7 * 6 * 3, encoder: .bytes(7 * 6 * 3),
      rows: (0..<4 * 126).map { _ in Float(random.integers(0..<256)) }),
    Example(
      "lstm", .gaussian(low: [-0.05, -1], high: [0.1, 1]),
      .init(memory: .init(units: 6, layers: 2), hidden: [5]), rowSize: 3, rows: numbers(30, 2)),
    Example(
      "gru", .categorical(count: 3, start: 0),
      .init(memory: .init(kind: .gru, units: 6, layers: 2), hidden: [5]), rowSize: 3,
      rows: numbers(30, 2)),
    Example(
      "dictionary", .categorical(count: 5, start: 0), bothPictures, rowSize: pictures.flatSize,
      encoder: try ObservationEncoder(pictures),
      rows: (0..<6).flatMap { _ in pictures.row(of: pictures.sample(using: &random)) }),
  ]
}

private func convolutional(channelsFirst: Bool) -> Network.Form {
  .init(
    features: .init(
      pictures: [
        .init(
          Picture(height: 7, width: 6, channels: 3, channelsFirst: channelsFirst),
          convolutions: [
            .init(channels: 4, kernel: 3, stride: 2), .init(channels: 5, kernel: 2, stride: 1),
          ])
      ], widths: [8]), hidden: [])
}

/// Pictures of both orders among numbers and a choice.
private let pictures = Dict([
  "a": Box(shape: [2], in: -9...9), "b": Box(shape: [7, 6, 3], in: 0...255, of: .uint8),
  "c": Discrete(3), "d": Box(shape: [2, 5, 6], in: 0...255, of: .uint8),
])

private let bothPictures = Network.Form(
  features: .init(
    pictures: [
      .init(
        Picture(height: 7, width: 6, channels: 3), at: 2,
        convolutions: [
          .init(channels: 4, kernel: 3, stride: 2), .init(channels: 5, kernel: 2, stride: 1),
        ]),
      .init(
        Picture(height: 5, width: 6, channels: 2, channelsFirst: true), at: 2 + 126 + 3,
        convolutions: [.init(channels: 4, kernel: 2, stride: 2)]),
    ], widths: [8]), hidden: [6])

private let references = URL(filePath: #filePath).deletingLastPathComponent()
  .appending(path: "References")

/// What onnxruntime gave for the rows (References/run_onnx.py), for a policy that remembers step after step
/// with the same rows.
private struct Outputs: Decodable {
  var action: [Float]
  /// Logits, means or values; none of a policy that gives only actions.
  var output: [Float]
}

@Suite struct ONNXTests {
  /// The bytes are those that onnxruntime ran; `SWIRL_WRITE_REFERENCES=1` writes new ones for it.
  @Test func filesAreThoseThatONNXRuntimeRan() throws {
    let writes = ProcessInfo.processInfo.environment["SWIRL_WRITE_REFERENCES"] == "1"
    var rows: [String: [Float]] = [:]
    for example in try examples() {
      let file = references.appending(path: "\(example.name).onnx")
      let data = example.model.onnx(version: "test", metadata: [("example", example.name)])
      if writes { try data.write(to: file) }
      #expect(data == (try Data(contentsOf: file)), "\(example.name)")
      rows[example.name] = example.rows
    }
    if writes {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      try encoder.encode(rows).write(to: references.appending(path: "onnx_rows.json"))
    }
  }

  /// The policy acts as its file did in onnxruntime: the same choices, and numbers to 1e-5.
  @Test func policiesActAsTheirFilesDo() throws {
    let outputs = try JSONDecoder().decode(
      [String: Outputs].self,
      from: Data(contentsOf: references.appending(path: "onnx_outputs.json")))
    for example in try examples() {
      let expected = try #require(outputs[example.name])
      let (count, model) = (example.rowCount, example.model)
      let runner = PolicyRunner(model, capacity: count)
      var memory = [Float](repeating: 0, count: count * model.memorySize)
      var limited: [Float] = []
      let width = model.head.bounds?.low.count ?? model.head.choices.counts.count
      for _ in 0..<(model.memorySize > 0 ? 3 : 1) {
        var actions = [Float](repeating: 0, count: count * width)
        var step = actions
        memory.withUnsafeMutableBufferPointer {
          runner.best(
            rows: count, example.bytes, masks: nil, actions: &actions,
            memory: $0.isEmpty ? nil : $0.baseAddress)
        }
        runner.limited(rows: count, actions, into: &step)
        limited += step
      }
      #expect(limited.count == expected.action.count, "\(example.name)")
      for (a, b) in zip(limited, expected.action) {
        #expect((a - b).magnitude < 1e-5, "\(example.name)")
      }
      guard model.memorySize == 0, !expected.output.isEmpty else { continue }
      let encoded = example.bytes.withUnsafeBytes {
        model.encoded(rows: count, $0.baseAddress!)
      }
      var output = model.policy(encoded)
      if case .values(_, _, let atoms, let low, let high) = model.head, atoms > 1 {
        let support = Tensor((0..<atoms).map { low + Float($0) * (high - low) / Float(atoms - 1) })
        output = (output.reshaped([count, -1, atoms]).softmax() * support).sum(axes: [-1])
      }
      #expect(output.count == expected.output.count, "\(example.name)")
      for (a, b) in zip(output.scalars, expected.output) {
        #expect((a - b).magnitude < 1e-5, "\(example.name)")
      }
    }
  }
}
