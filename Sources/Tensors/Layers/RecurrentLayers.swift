import Runtime

/// The parameters of one recurrent layer, `gates` = 4 for an LSTM and 3 for a GRU: `inputWeight`
/// `[in, gates · H]`, `hiddenWeight` `[H, gates · H]` and two biases `[gates · H]`, transposes of PyTorch's
/// and visited under its names: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`.
public struct RecurrentWeights: Module {
  public var inputWeight: Tensor
  public var hiddenWeight: Tensor
  public var inputBias: Tensor?
  public var hiddenBias: Tensor?

  public init(
    inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil
  ) {
    self.inputWeight = inputWeight
    self.hiddenWeight = hiddenWeight
    self.inputBias = inputBias
    self.hiddenBias = hiddenBias
  }

  /// Uniform on ±1/√H, as PyTorch's start.
  init(inputs: Int, hidden: Int, gates: Int, bias: Bool, using random: inout PCG64) {
    func uniform(_ shape: Shape, _ random: inout PCG64) -> Tensor {
      .uniformFanIn(shape, fanIn: hidden, using: &random)
    }
    inputWeight = uniform([inputs, gates * hidden], &random)
    hiddenWeight = uniform([hidden, gates * hidden], &random)
    inputBias = bias ? uniform([gates * hidden], &random) : nil
    hiddenBias = bias ? uniform([gates * hidden], &random) : nil
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    body("weight_ih", &inputWeight)
    body("weight_hh", &hiddenWeight)
    visit("bias_ih", &inputBias, body)
    visit("bias_hh", &hiddenBias, body)
  }
}

/// Layers of long short-term memory over sequences, each on the output of the one before.
///
/// Owns the weights and calls `lstm`. The state is a value: pass the one returned to go on, or `nil` to
/// begin. A rollout calls `step` and gets the bits training on the sequence gets.
///
/// ```swift
/// let memory = LSTM(inputs: 8, hidden: 64, using: &random)
/// let (output, state) = memory(observations, starts: episodeStarts)   // [T, B, 64], state of [1, B, 64]
/// ```
public struct LSTM: Module {
  public var layers: [RecurrentWeights]
  /// Whether inputs, outputs and starts are `[B, T, …]` instead of `[T, B, …]`.
  public var isBatchFirst: Bool

  public init(layers: [RecurrentWeights], isBatchFirst: Bool = false) {
    self.layers = layers
    self.isBatchFirst = isBatchFirst
  }

  public init(
    inputs: Int, hidden: Int, layers count: Int = 1, bias: Bool = true, isBatchFirst: Bool = false,
    using random: inout PCG64
  ) {
    layers = (0..<count).map { layer in
      RecurrentWeights(
        inputs: layer == 0 ? inputs : hidden, hidden: hidden, gates: 4, bias: bias, using: &random)
    }
    self.isBatchFirst = isBatchFirst
  }

  /// - Parameters:
  ///   - x: `[T, B, in]`.
  ///   - state: `[layers, B, H]` each; zeros where nil.
  ///   - starts: `[T, B]`, not 0 where the state is zeroed before the step.
  /// - Returns: The last layer's h after every step, `[T, B, H]`, and every layer's state after the last.
  public func callAsFunction(_ x: Tensor, state: LSTMState? = nil, starts: Tensor? = nil) -> (
    output: Tensor, state: LSTMState
  ) {
    let hiddens = slices(state?.hidden, count: layers.count, "LSTM")
    let cells = slices(state?.cell, count: layers.count, "LSTM")
    var output = exchanged(x, isBatchFirst)
    let starts = starts.map { exchanged($0, isBatchFirst) }
    var last: [LSTMState] = []
    for (i, layer) in layers.enumerated() {
      let before = state.map { _ in LSTMState(hidden: hiddens[i], cell: cells[i]) }
      let (y, after) = lstm(
        output, state: before, starts: starts, inputWeight: layer.inputWeight,
        hiddenWeight: layer.hiddenWeight, inputBias: layer.inputBias, hiddenBias: layer.hiddenBias)
      output = y
      last.append(after)
    }
    return (
      exchanged(output, isBatchFirst),
      LSTMState(hidden: stacked(last.map(\.hidden)), cell: stacked(last.map(\.cell)))
    )
  }

  /// One step, with the bits it has within a sequence: `x` is `[B, in]`, `starts` `[B]`.
  public func step(_ x: Tensor, state: LSTMState? = nil, starts: Tensor? = nil) -> (
    output: Tensor, state: LSTMState
  ) {
    var plain = self
    plain.isBatchFirst = false
    let (output, state) = plain(
      x.reshaped([1] + Array(x.shape)), state: state, starts: starts?.reshaped([1, -1]))
    return (output.reshaped(Array(output.shape.dropFirst())), state)
  }

  /// `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l1`, …
  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visitParameters { body("\($0)_l\(i)", &$1) } }
  }
}

/// Layers of gated recurrent units over sequences, each on the output of the one before.
///
/// Owns the weights and calls `gru`; as `LSTM` in all else, but its state is one tensor.
public struct GRU: Module {
  public var layers: [RecurrentWeights]
  /// Whether inputs, outputs and starts are `[B, T, …]` instead of `[T, B, …]`.
  public var isBatchFirst: Bool

  public init(layers: [RecurrentWeights], isBatchFirst: Bool = false) {
    self.layers = layers
    self.isBatchFirst = isBatchFirst
  }

  public init(
    inputs: Int, hidden: Int, layers count: Int = 1, bias: Bool = true, isBatchFirst: Bool = false,
    using random: inout PCG64
  ) {
    layers = (0..<count).map { layer in
      RecurrentWeights(
        inputs: layer == 0 ? inputs : hidden, hidden: hidden, gates: 3, bias: bias, using: &random)
    }
    self.isBatchFirst = isBatchFirst
  }

  /// - Parameters:
  ///   - x: `[T, B, in]`.
  ///   - state: `[layers, B, H]`; zeros where nil.
  ///   - starts: `[T, B]`, not 0 where the state is zeroed before the step.
  /// - Returns: The last layer's h after every step, `[T, B, H]`, and every layer's after the last.
  public func callAsFunction(_ x: Tensor, state: Tensor? = nil, starts: Tensor? = nil) -> (
    output: Tensor, state: Tensor
  ) {
    let states = slices(state, count: layers.count, "GRU")
    var output = exchanged(x, isBatchFirst)
    let starts = starts.map { exchanged($0, isBatchFirst) }
    var last: [Tensor] = []
    for (i, layer) in layers.enumerated() {
      let (y, after) = gru(
        output, state: state.map { _ in states[i] }, starts: starts,
        inputWeight: layer.inputWeight, hiddenWeight: layer.hiddenWeight,
        inputBias: layer.inputBias, hiddenBias: layer.hiddenBias)
      output = y
      last.append(after)
    }
    return (exchanged(output, isBatchFirst), stacked(last))
  }

  /// One step, with the bits it has within a sequence: `x` is `[B, in]`, `starts` `[B]`.
  public func step(_ x: Tensor, state: Tensor? = nil, starts: Tensor? = nil) -> (
    output: Tensor, state: Tensor
  ) {
    var plain = self
    plain.isBatchFirst = false
    let (output, state) = plain(
      x.reshaped([1] + Array(x.shape)), state: state, starts: starts?.reshaped([1, -1]))
    return (output.reshaped(Array(output.shape.dropFirst())), state)
  }

  /// `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l1`, …
  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visitParameters { body("\($0)_l\(i)", &$1) } }
  }
}

/// One step of an LSTM with weights of its own: a loop of the caller's own making over steps.
///
/// Owns the weights and calls `lstmCell`; `LSTM` runs whole sequences many times faster.
public struct LSTMCell: Module {
  public var weights: RecurrentWeights

  public init(weights: RecurrentWeights) { self.weights = weights }

  public init(inputs: Int, hidden: Int, bias: Bool = true, using random: inout PCG64) {
    weights = RecurrentWeights(
      inputs: inputs, hidden: hidden, gates: 4, bias: bias, using: &random)
  }

  /// `x`: `[B, in]`; `starts`: `[B]`; the state's parts: `[B, H]`.
  public func callAsFunction(_ x: Tensor, state: LSTMState? = nil, starts: Tensor? = nil)
    -> LSTMState
  {
    lstmCell(
      x, state: state, starts: starts, inputWeight: weights.inputWeight,
      hiddenWeight: weights.hiddenWeight, inputBias: weights.inputBias,
      hiddenBias: weights.hiddenBias)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    weights.visitParameters(body)
  }
}

/// One step of a GRU with weights of its own; as `LSTMCell`.
public struct GRUCell: Module {
  public var weights: RecurrentWeights

  public init(weights: RecurrentWeights) { self.weights = weights }

  public init(inputs: Int, hidden: Int, bias: Bool = true, using random: inout PCG64) {
    weights = RecurrentWeights(
      inputs: inputs, hidden: hidden, gates: 3, bias: bias, using: &random)
  }

  /// `x`: `[B, in]`; `starts`: `[B]`; the state: `[B, H]`.
  public func callAsFunction(_ x: Tensor, state: Tensor? = nil, starts: Tensor? = nil) -> Tensor {
    gruCell(
      x, state: state, starts: starts, inputWeight: weights.inputWeight,
      hiddenWeight: weights.hiddenWeight, inputBias: weights.inputBias,
      hiddenBias: weights.hiddenBias)
  }

  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    weights.visitParameters(body)
  }
}

/// `x` with its first two axes exchanged where `isWanted`.
private func exchanged(_ x: Tensor, _ isWanted: Bool) -> Tensor {
  if !isWanted { return x }
  if x.rank < 2 { fail("recurrent layer", "an input of shape \(x.shape) is not [B, T, …]") }
  return x.permuted([1, 0] + Array(2..<x.rank))
}

/// `[layers, B, H]` as one tensor a layer; none where there is no state.
private func slices(_ state: Tensor?, count: Int, _ layer: String) -> [Tensor] {
  guard let state else { return [] }
  if state.rank != 3 || state.shape[0] != count {
    fail(layer, "a state of shape \(state.shape) is not [\(count), B, H]")
  }
  return (0..<count).map { state.sliced($0..<$0 + 1).reshaped(Array(state.shape.dropFirst())) }
}

private func stacked(_ states: [Tensor]) -> Tensor {
  .concatenated(states.map { $0.reshaped([1] + Array($0.shape)) })
}
