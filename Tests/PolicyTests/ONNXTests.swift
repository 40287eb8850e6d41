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
  ]
}

private let references = URL(filePath: #filePath).deletingLastPathComponent()
  .appending(path: "References")

/// What onnxruntime gave for the rows (References/run_onnx.py).
private struct Outputs: Decodable {
  var action: [Float]
  var output: [Float]
}

@Suite struct ONNXTests {
  /// The bytes are those that onnxruntime ran; `SWIRL_WRITE_REFERENCES=1` writes new ones for it.
  @Test func filesAreThoseThatONNXRuntimeRan() throws {
    let writes = ProcessInfo.processInfo.environment["SWIRL_WRITE_REFERENCES"] == "1"
    var rows: [String: [Float]] = [:]
    for example in try examples() {
      let file = references.appending(path: "\(example.name).onnx")
      let data = try example.model.onnx(version: "test", metadata: [("example", example.name)])
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
      let runner = PolicyRunner(example.model, capacity: example.rowCount)
      let width = expected.action.count / example.rowCount
      var actions = [Float](repeating: 0, count: expected.action.count)
      var limited = actions
      #expect(width * example.rowCount == actions.count)
      runner.best(rows: example.rowCount, example.rows, masks: nil, actions: &actions)
      runner.limited(rows: example.rowCount, actions, into: &limited)
      for (a, b) in zip(limited, expected.action) {
        #expect((a - b).magnitude < 1e-5, "\(example.name)")
      }
      let encoded = example.rows.withUnsafeBufferPointer {
        example.model.encoded(rows: example.rowCount, $0.baseAddress!)
      }
      let output = example.model.policy(encoded).scalars
      #expect(output.count == expected.output.count)
      for (a, b) in zip(output, expected.output) {
        #expect((a - b).magnitude < 1e-5, "\(example.name)")
      }
    }
  }
}
