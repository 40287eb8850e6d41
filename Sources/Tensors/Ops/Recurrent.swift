import CKernels

/// What an LSTM carries from step to step: `hidden` and `cell`, each `[B, H]` (`[layers, B, H]` in a
/// layer). A value: keep a copy to come back to a point of a sequence.
public struct LSTMState: Sendable {
  public var hidden: Tensor
  public var cell: Tensor

  public init(hidden: Tensor, cell: Tensor) {
    self.hidden = hidden
    self.cell = cell
  }

  /// This state as a constant, as truncated backpropagation through time has it between segments.
  public func detached() -> LSTMState {
    LSTMState(hidden: hidden.detached(), cell: cell.detached())
  }
}

/// Long short-term memory (Hochreiter and Schmidhuber, 1997) over whole sequences, with PyTorch's
/// equations: i, f, o = σ(x W + h U + b), g = tanh(x W + h U + b), c = f c + i g, h = o tanh(c).
///
/// A row's results have the same bits alone, in any batch and step by step, so that a rollout that calls
/// `lstmCell` agrees exactly with training on the sequence. Use the layer `LSTM` where it may own the
/// weights and for several layers; this function where the weights live elsewhere.
///
/// - Parameters:
///   - x: `[T, B, in]`.
///   - state: Before the first step; zeros where nil.
///   - starts: `[T, B]`, not 0 where the state is zeroed before the step: the first step of an episode.
///     Sequences of different lengths may so be laid end to end in a row. Constant.
///   - inputWeight: `[in, 4H]`, the gates in the order i, f, g, o: the transpose of PyTorch's.
///   - hiddenWeight: `[H, 4H]`.
///   - inputBias: `[4H]`, as `hiddenBias`; their sum is what counts.
/// - Returns: h after every step, `[T, B, H]`, and the state after the last.
public func lstm(
  _ x: Tensor, state: LSTMState? = nil, starts: Tensor? = nil, inputWeight: Tensor,
  hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil
) -> (output: Tensor, state: LSTMState) {
  let call = RecurrentCall(
    .lstm, x, state?.hidden, state?.cell, starts, inputWeight, hiddenWeight, inputBias, hiddenBias)
  return call.lstmResults(call.run())
}

/// A gated recurrent unit (Cho et al., 2014) over whole sequences, with PyTorch's equations:
/// r, z = σ(x W + h U + b), n = tanh(x W + b + r (h U + b')), h = (1 − z) n + z h.
///
/// As `lstm` in all else: see there for what the bits do not depend on and for `starts`.
///
/// - Parameters:
///   - x: `[T, B, in]`.
///   - state: `[B, H]` before the first step; zeros where nil.
///   - inputWeight: `[in, 3H]`, the gates in the order r, z, n: the transpose of PyTorch's.
///   - hiddenWeight: `[H, 3H]`.
///   - inputBias: `[3H]`, as `hiddenBias`, whose last third stands inside the reset.
/// - Returns: h after every step, `[T, B, H]`, and after the last, `[B, H]`.
public func gru(
  _ x: Tensor, state: Tensor? = nil, starts: Tensor? = nil, inputWeight: Tensor,
  hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil
) -> (output: Tensor, state: Tensor) {
  let call = RecurrentCall(
    .gru, x, state, nil, starts, inputWeight, hiddenWeight, inputBias, hiddenBias)
  let output = call.run()
  if call.steps == 0 { return (output, state ?? .zeros(call.stateShape)) }
  return (output, call.last(of: output, at: call.steps - 1))
}

/// One step of `lstm` for `x` of shape `[B, in]`, with the bits it has within a sequence; `starts` is `[B]`.
///
/// Use it in a rollout, where the next input is not known yet, and `lstm` in training.
public func lstmCell(
  _ x: Tensor, state: LSTMState? = nil, starts: Tensor? = nil, inputWeight: Tensor,
  hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil
) -> LSTMState {
  lstm(
    x.oneStep("lstmCell"), state: state, starts: starts?.reshaped([1, -1]),
    inputWeight: inputWeight, hiddenWeight: hiddenWeight, inputBias: inputBias,
    hiddenBias: hiddenBias
  ).state
}

/// One step of `gru` for `x` of shape `[B, in]`, with the bits it has within a sequence; `starts` is `[B]`.
public func gruCell(
  _ x: Tensor, state: Tensor? = nil, starts: Tensor? = nil, inputWeight: Tensor,
  hiddenWeight: Tensor, inputBias: Tensor? = nil, hiddenBias: Tensor? = nil
) -> Tensor {
  gru(
    x.oneStep("gruCell"), state: state, starts: starts?.reshaped([1, -1]),
    inputWeight: inputWeight, hiddenWeight: hiddenWeight, inputBias: inputBias,
    hiddenBias: hiddenBias
  ).state
}

extension Tensor {
  fileprivate func oneStep(_ op: String) -> Tensor {
    if rank != 2 { fail(op, "an input of shape \(shape) is not [B, in]") }
    return reshaped(to: Shape(1, shape[0], shape[1]))
  }
}

package enum Recurrence: Int, Sendable {
  case lstm, gru
  var gates: Int { self == .lstm ? 4 : 3 }
}

/// One call of a recurrent op with its arguments checked.
package struct RecurrentCall {
  let kind: Recurrence
  let x: Tensor
  let hidden, cell, starts: Tensor?
  let inputWeight, hiddenWeight: Tensor
  let inputBias, hiddenBias: Tensor?

  var steps: Int { x.shape[0] }
  var batch: Int { x.shape[1] }
  var inputs: Int { x.shape[2] }
  var units: Int { hiddenWeight.shape[0] }
  var stateShape: Shape { Shape(batch, units) }

  package init(
    _ kind: Recurrence, _ x: Tensor, _ hidden: Tensor?, _ cell: Tensor?, _ starts: Tensor?,
    _ inputWeight: Tensor, _ hiddenWeight: Tensor, _ inputBias: Tensor?, _ hiddenBias: Tensor?
  ) {
    let name = "\(kind)"
    guard x.rank == 3, inputWeight.rank == 2, hiddenWeight.rank == 2 else {
      fail(
        name,
        "shapes \(x.shape), \(inputWeight.shape) and \(hiddenWeight.shape) are not [T, B, in], "
          + "[in, gates · H] and [H, gates · H]")
    }
    let columns = kind.gates * hiddenWeight.shape[0]
    if inputWeight.shape != Shape(x.shape[2], columns) || hiddenWeight.shape[1] != columns {
      fail(
        name,
        "weights of shapes \(inputWeight.shape) and \(hiddenWeight.shape) do not fit each other "
          + "and an input of shape \(x.shape)")
    }
    for bias in [inputBias, hiddenBias] {
      if let bias, bias.shape != Shape(columns) {
        fail(name, "a bias of shape \(bias.shape) does not fit \(columns) gates")
      }
    }
    let stateShape = Shape(x.shape[1], hiddenWeight.shape[0])
    for state in [hidden, cell] {
      if let state, state.shape != stateShape {
        fail(name, "a state of shape \(state.shape) should have the shape \(stateShape)")
      }
    }
    if let starts, starts.shape != Shape(x.shape[0], x.shape[1]) {
      fail(name, "starts of shape \(starts.shape) do not fit an input of shape \(x.shape)")
    }
    (self.kind, self.x, self.hidden, self.cell) = (kind, x, hidden, cell)
    self.starts = starts?.detached()
    (self.inputWeight, self.hiddenWeight) = (inputWeight, hiddenWeight)
    (self.inputBias, self.hiddenBias) = (inputBias, hiddenBias)
  }

  /// Row `step` of a result, `[B, H]`.
  package func last(of result: Tensor, at step: Int) -> Tensor {
    result.sliced(step..<step + 1).reshaped(to: stateShape)
  }

  /// The output and the state of what `run` gave for an LSTM.
  package func lstmResults(_ result: Tensor) -> (output: Tensor, state: LSTMState) {
    let state =
      steps == 0
      ? LSTMState(hidden: hidden ?? .zeros(stateShape), cell: cell ?? .zeros(stateShape))
      : LSTMState(hidden: last(of: result, at: steps - 1), cell: last(of: result, at: steps))
    return (result.sliced(0..<steps), state)
  }

  /// The op composed of ordinary ops: what it computes by definition, and how forward mode
  /// differentiates it.
  package func formula() -> Tensor {
    var h = hidden ?? .zeros(stateShape)
    var c = cell ?? .zeros(stateShape)
    var rows: [Tensor] = []
    for t in 0..<steps {
      if let starts {
        let kept = (starts.sliced(t..<t + 1) .== Tensor(0)).reshaped([-1, 1])
        (h, c) = (h * kept, c * kept)
      }
      var direct = x.sliced(t..<t + 1).reshaped([batch, inputs]).matmul(inputWeight)
      var recurrent = h.matmul(hiddenWeight)
      if let inputBias { direct = direct + inputBias }
      if let hiddenBias { recurrent = recurrent + hiddenBias }
      func part(_ sums: Tensor, _ gate: Int) -> Tensor {
        sums.sliced(gate * units..<(gate + 1) * units, axis: 1)
      }
      if kind == .lstm {
        let sums = direct + recurrent
        c = part(sums, 1).sigmoid() * c + part(sums, 0).sigmoid() * part(sums, 2).tanh()
        h = part(sums, 3).sigmoid() * c.tanh()
      } else {
        let r = (part(direct, 0) + part(recurrent, 0)).sigmoid()
        let z = (part(direct, 1) + part(recurrent, 1)).sigmoid()
        let n = (part(direct, 2) + r * part(recurrent, 2)).tanh()
        h = n + z * (h - n)
      }
      rows.append(h.reshaped([1, batch, units]))
    }
    if kind == .lstm { rows.append(c.reshaped([1, batch, units])) }
    return rows.isEmpty ? .zeros(Shape(0, batch, units)) : .concatenated(rows)
  }
}
