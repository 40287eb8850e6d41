import Tensors

/// Recurrent layers of a policy or a value function: what it remembers of an episode.
public struct Memory: Module {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case lstm, gru
  }

  /// How a memory is built.
  public struct Form: Sendable, Equatable, Codable {
    public var kind: Kind
    /// Units of each layer.
    public var units: Int
    public var layers: Int

    public init(kind: Kind = .lstm, units: Int = 256, layers: Int = 1) {
      self.kind = kind
      self.units = units
      self.layers = layers
    }
  }

  public let kind: Kind
  public var layers: [RecurrentWeights]

  init(_ form: Form, inputs: Int, make: ParameterSource) {
    kind = form.kind
    let columns = form.units * (form.kind == .lstm ? 4 : 3)
    layers = (0..<form.layers).map { i in
      func part(_ name: String, _ shape: Shape) -> Tensor {
        make("\(name)_l\(i)", shape, .recurrent(units: form.units))
      }
      return RecurrentWeights(
        inputWeight: part("weight_ih", Shape(i == 0 ? inputs : form.units, columns)),
        hiddenWeight: part("weight_hh", Shape(form.units, columns)),
        inputBias: part("bias_ih", Shape(columns)),
        hiddenBias: part("bias_hh", Shape(columns)))
    }
  }

  public var units: Int { layers[0].hiddenWeight.shape[0] }

  /// Numbers of one row's state: each layer's h, then its c where it has one.
  public var stateSize: Int { layers.count * units * (kind == .lstm ? 2 : 1) }

  /// - Parameters:
  ///   - x: `[T · B, in]`, step after step
  ///   - starts: `[T, B]`, 1 at the first step of an episode, where the state is zeroed
  ///   - state: `[B, stateSize]` before the first step
  /// - Returns: The last layer's h after every step: `[T · B, units]`.
  public func callAsFunction(_ x: Tensor, starts: Tensor, state: Tensor) -> Tensor {
    let (steps, batch, units) = (starts.shape[0], starts.shape[1], units)
    func column(_ i: Int) -> Tensor { state.sliced(i * units..<(i + 1) * units, axis: 1) }
    var output = x.reshaped([steps, batch, x.shape[1]])
    for (i, layer) in layers.enumerated() {
      switch kind {
      case .lstm:
        output =
          lstm(
            output, state: LSTMState(hidden: column(2 * i), cell: column(2 * i + 1)),
            starts: starts, inputWeight: layer.inputWeight, hiddenWeight: layer.hiddenWeight,
            inputBias: layer.inputBias, hiddenBias: layer.hiddenBias
          ).output
      case .gru:
        output =
          gru(
            output, state: column(i), starts: starts, inputWeight: layer.inputWeight,
            hiddenWeight: layer.hiddenWeight, inputBias: layer.inputBias,
            hiddenBias: layer.hiddenBias
          ).output
      }
    }
    return output.reshaped([steps * batch, units])
  }

  /// `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l1`, …
  public mutating func visitParameters(_ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visitParameters { body("\($0)_l\(i)", &$1) } }
  }
}

/// Whole sequences of some environments, as recurrent networks learn from them.
public struct Sequences: Sendable {
  /// `[T, B]`, 1 at the first step of an episode.
  public let starts: Tensor
  /// `[B, memorySize]`, what the networks remembered before the first step.
  public let memory: Tensor

  public init(starts: Tensor, memory: Tensor) {
    self.starts = starts
    self.memory = memory
  }
}
