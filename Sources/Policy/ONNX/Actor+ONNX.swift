import Foundation
import Tensors

extension Actor {
  /// The deterministic policy as an ONNX file, from raw observations to the actions an environment takes: one-hot
  /// encoding, normalisation, the network, the choice or the limits of actions.
  ///
  /// The input `observation` is Float32 `[rows, n]`, UInt8 where environments give bytes: a discrete value is
  /// one number, the parts of a tuple or dictionary stand one after another in their declared order. The
  /// output `action` is Int64 `[rows]` for one choice, Int64 `[rows, choices]` for several, Float32
  /// `[rows, numbers]` for numbers. Beside it stand what sampling needs: `logits`, or `mean` before it is
  /// limited and, where it is the same for every state, `log_std`.
  ///
  /// A policy that remembers takes one step: a second input `state`, Float32 `[rows, memorySize]`, zeros at
  /// the start of an episode, and an output `next_state` to pass at the next step.
  ///
  /// - Parameters:
  ///   - version: Of the program that writes it.
  ///   - metadata: Entries for whoever reads the file, such as what the policy was trained on.
  public func onnx(version: String, metadata: [(String, String)] = []) -> Data {
    var graph = ONNXGraph()
    let observation = graph.input(
      "observation", encoder.readsBytes ? .uint8 : .float, width: encoder.rawSize)
    var x = encoded(observation, in: &graph)
    if let features = policy.features { x = features.appended(to: &graph, x) }
    if let memory = policy.memory { x = memory.appended(to: &graph, x) }
    appendAction(policy.perceptron.appended(to: &graph, x), to: &graph)
    return Data(graph.encoded(name: "policy", producerVersion: version, metadata: metadata))
  }

  /// What `ObservationEncoder.encode` does.
  private func encoded(_ raw: ONNXGraph.Value, in graph: inout ONNXGraph) -> ONNXGraph.Value {
    if encoder.isIdentity && normalizer == nil { return raw }
    var raw = raw
    if encoder.readsBytes {
      raw = graph.apply("Cast", [raw], [("to", .integer(ONNXGraph.Element.float.rawValue))])
    }
    var parts: [ONNXGraph.Value] = []
    var position = 0
    for part in encoder.parts {
      switch part {
      case .numbers(let count):
        let range = position..<position + count
        parts.append(normalized(graph.columns(range, of: raw), range, in: &graph))
        position += count
      case .shares(let count, let scale):
        let numbers = graph.columns(position..<position + count, of: raw)
        parts.append(
          graph.apply("Mul", [numbers, graph.constant("scale", [scale], shape: [])]))
        position += count
      case .oneHot(let classes, let start):
        // Int64 as `Int(_:)` makes it, and no class where none is equal.
        let number = graph.apply(
          "Cast", [graph.columns(position..<position + 1, of: raw)],
          [("to", .integer(ONNXGraph.Element.int64.rawValue))])
        let options = graph.constant(
          "classes", Array(start..<start + classes), shape: [1, classes])
        parts.append(
          graph.apply(
            "Cast", [graph.apply("Equal", [number, options])],
            [("to", .integer(ONNXGraph.Element.float.rawValue))]))
        position += 1
      }
    }
    return graph.joined(parts)
  }

  private func normalized(
    _ value: ONNXGraph.Value, _ range: Range<Int>, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    guard let normalizer else { return value }
    let shape = [1, range.count]
    let shift = graph.constant("shift", Array(normalizer.shift[range]), shape: shape)
    let scale = graph.constant("scale", Array(normalizer.scale[range]), shape: shape)
    let clip = normalizer.clip
    let scaled = graph.apply("Mul", [graph.apply("Sub", [value, shift]), scale])
    return graph.apply(
      "Clip",
      [
        scaled, graph.constant("low", [-clip], shape: []),
        graph.constant("high", [clip], shape: []),
      ])
  }

  /// What `PolicyRunner.best` and `limited` do.
  private func appendAction(_ output: ONNXGraph.Value, to graph: inout ONNXGraph) {
    switch head {
    case .categorical(let count, let start):
      let pick = graph.apply(
        "ArgMax", [output], [("axis", .integer(1)), ("keepdims", .integer(0))])
      let action = graph.apply("Add", [pick, graph.constant("first", [start])])
      graph.output("action", action, .int64, width: nil)
      graph.output("logits", output, .float, width: count)
    case .multiCategorical(let counts, let start):
      var first = 0
      let picks = counts.map { count in
        let logits = graph.columns(first..<first + count, of: output)
        first += count
        return graph.apply(
          "ArgMax", [logits], [("axis", .integer(1)), ("keepdims", .integer(1))])
      }
      let firsts = graph.constant("first", start, shape: [1, start.count])
      let action = graph.apply("Add", [graph.joined(picks), firsts])
      graph.output("action", action, .int64, width: counts.count)
      graph.output("logits", output, .float, width: first)
    case .gaussian(let low, let high):
      let lowest = graph.constant("low", low, shape: [1, low.count])
      let highest = graph.constant("high", high, shape: [1, high.count])
      let action = graph.apply("Min", [graph.apply("Max", [output, lowest]), highest])
      graph.output("action", action, .float, width: low.count)
      graph.output("mean", output, .float, width: low.count)
      if let logStd, !exploresByState {
        let deviations = graph.constant("log_std", logStd.scalars, shape: [low.count])
        graph.output("log_std", deviations, .float, width: low.count, hasRows: false)
      }
    case .deterministic(let low, let high), .squashedGaussian(let low, let high):
      let (size, bounds) = (low.count, zip(low, high))
      func row(_ name: String, _ numbers: [Float]) -> ONNXGraph.Value {
        graph.constant(name, numbers, shape: [1, size])
      }
      let squashed = graph.apply("Tanh", [graph.columns(0..<size, of: output)])
      let half = row("half", bounds.map { 0.5 * ($1 - $0) })
      let middle = row("middle", bounds.map { 0.5 * ($1 + $0) })
      let scaled = graph.apply("Add", [graph.apply("Mul", [squashed, half]), middle])
      let atLeast = graph.apply("Max", [scaled, row("low", low)])
      let action = graph.apply("Min", [atLeast, row("high", high)])
      graph.output("action", action, .float, width: size)
    case .values(let count, let start, let atoms, let low, let high):
      var values = output
      if atoms > 1 {
        let step = (high - low) / Float(atoms - 1)
        let support = graph.constant(
          "support", (0..<atoms).map { low + Float($0) * step }, shape: [atoms, 1])
        values = graph.joined(
          (0..<count).map { action in
            let logits = graph.columns(action * atoms..<(action + 1) * atoms, of: output)
            let shares = graph.apply("Softmax", [logits], [("axis", .integer(1))])
            return graph.apply("MatMul", [shares, support])
          })
      }
      let pick = graph.apply(
        "ArgMax", [values], [("axis", .integer(1)), ("keepdims", .integer(0))])
      let action = graph.apply("Add", [pick, graph.constant("first", [start])])
      graph.output("action", action, .int64, width: nil)
      graph.output("values", values, .float, width: count)
    }
  }
}

extension MultilayerPerceptron {
  /// The layers as operators that follow `input`.
  fileprivate func appended(
    to graph: inout ONNXGraph, _ input: ONNXGraph.Value
  ) -> ONNXGraph.Value {
    layers.reduce(input) { x, layer in
      let shape = [layer.weight.shape[0], layer.weight.shape[1]]
      var operands = [x, graph.constant("weight", layer.weight.scalars, shape: shape)]
      if let bias = layer.bias {
        operands.append(graph.constant("bias", bias.scalars, shape: [bias.count]))
      }
      return layer.activation.appended(to: &graph, graph.apply("Gemm", operands))
    }
  }
}

extension FeatureExtractor {
  /// The convolutions and layers as operators that follow `input`, `[rows, n]`.
  fileprivate func appended(
    to graph: inout ONNXGraph, _ input: ONNXGraph.Value
  ) -> ONNXGraph.Value {
    if pictures.isEmpty { return dense.appended(to: &graph, input) }
    let parts = pieces.map { columns, picture in
      let part = columns.count == inputs ? input : graph.columns(columns, of: input)
      return picture?.appended(to: &graph, part) ?? part
    }
    return dense.appended(to: &graph, graph.joined(parts))
  }
}

extension PictureExtractor {
  /// The convolutions as operators that follow `input`, `[rows, n]`.
  fileprivate func appended(
    to graph: inout ONNXGraph, _ input: ONNXGraph.Value
  ) -> ONNXGraph.Value {
    let sizes =
      picture.channelsFirst
      ? [picture.channels, picture.height, picture.width]
      : [picture.height, picture.width, picture.channels]
    var images = graph.apply("Reshape", [input, graph.constant("shape", [0] + sizes)])
    if !picture.channelsFirst {
      images = graph.apply("Transpose", [images], [("perm", .integers([0, 3, 1, 2]))])
    }
    for layer in convolutions {
      var operands = [
        images,
        graph.constant(
          "weight", layer.weight.scalars, shape: (0..<4).map { layer.weight.shape[$0] }),
      ]
      if let bias = layer.bias {
        operands.append(graph.constant("bias", bias.scalars, shape: [bias.count]))
      }
      images = layer.activation.appended(
        to: &graph,
        graph.apply(
          "Conv", operands, [("strides", .integers([layer.stride.height, layer.stride.width]))]))
    }
    // A pixel's channels side by side, as the layers read them.
    let pixels = graph.apply("Transpose", [images], [("perm", .integers([0, 2, 3, 1]))])
    return graph.apply("Flatten", [pixels], [("axis", .integer(1))])
  }
}

extension Memory {
  /// One step as operators that follow `input`, with the input `state` and the output `next_state`.
  fileprivate func appended(
    to graph: inout ONNXGraph, _ input: ONNXGraph.Value
  ) -> ONNXGraph.Value {
    let state = graph.input("state", .float, width: stateSize)
    let parts = kind == .lstm ? 2 : 1
    var next: [ONNXGraph.Value] = []
    var x = input
    for (i, layer) in layers.enumerated() {
      func part(_ j: Int) -> ONNXGraph.Value {
        let first = (i * parts + j) * units
        return graph.columns(first..<first + units, of: state)
      }
      let hidden = part(0)
      let given = layer.sums(x, layer.inputWeight, layer.inputBias, in: &graph)
      let remembered = layer.sums(hidden, layer.hiddenWeight, layer.hiddenBias, in: &graph)
      switch kind {
      case .lstm:
        let sums = graph.apply("Add", [given, remembered])
        func gate(_ j: Int, _ activation: String) -> ONNXGraph.Value {
          graph.apply(activation, [graph.columns(j * units..<(j + 1) * units, of: sums)])
        }
        let kept = graph.apply("Mul", [gate(1, "Sigmoid"), part(1)])
        let written = graph.apply("Mul", [gate(0, "Sigmoid"), gate(2, "Tanh")])
        let cell = graph.apply("Add", [kept, written])
        x = graph.apply("Mul", [gate(3, "Sigmoid"), graph.apply("Tanh", [cell])])
        next += [x, cell]
      case .gru:
        func columns(_ j: Int, _ sums: ONNXGraph.Value) -> ONNXGraph.Value {
          graph.columns(j * units..<(j + 1) * units, of: sums)
        }
        func gate(_ j: Int) -> ONNXGraph.Value {
          graph.apply("Sigmoid", [graph.apply("Add", [columns(j, given), columns(j, remembered)])])
        }
        let reset = graph.apply("Mul", [gate(0), columns(2, remembered)])
        let new = graph.apply("Tanh", [graph.apply("Add", [columns(2, given), reset])])
        // (1 − z) · new + z · h
        let step = graph.apply("Mul", [gate(1), graph.apply("Sub", [hidden, new])])
        x = graph.apply("Add", [new, step])
        next.append(x)
      }
    }
    graph.output("next_state", graph.joined(next), .float, width: stateSize)
    return x
  }
}

extension RecurrentWeights {
  /// `x · weight + bias`, all gates of a layer.
  fileprivate func sums(
    _ x: ONNXGraph.Value, _ weight: Tensor, _ bias: Tensor?, in graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    var operands = [
      x, graph.constant("weight", weight.scalars, shape: [weight.shape[0], weight.shape[1]]),
    ]
    if let bias {
      operands.append(graph.constant("bias", bias.scalars, shape: [bias.count]))
    }
    return graph.apply("Gemm", operands)
  }
}

extension Activation {
  fileprivate func appended(
    to graph: inout ONNXGraph, _ x: ONNXGraph.Value
  ) -> ONNXGraph.Value {
    switch self {
    case .identity: x
    case .tanh: graph.apply("Tanh", [x])
    case .relu: graph.apply("Relu", [x])
    case .sigmoid: graph.apply("Sigmoid", [x])
    }
  }
}
