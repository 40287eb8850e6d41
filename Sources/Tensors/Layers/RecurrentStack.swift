import CKernels

/// Recurrent layers one after another as raw pointers, for rollouts: no tensors, no allocation once made.
///
/// Runs the kernels `lstm` and `gru` run, so a row's result has the same bits in both. A row's state is
/// each layer's h, then its c where it has one. The weights' pointers are good for as long as the layers they
/// were taken from are alive and unchanged.
package struct RecurrentStack: @unchecked Sendable {
  private let layers: [(weights: RecurrentWeights, bias: Tensor)]
  private let kind: Recurrence
  package let units: Int
  private let capacity: Int
  /// The state of all rows before and after a step, columns of `capacity` rows each.
  private let before, after, outputs, cell, scratch: Tensor

  /// - Parameter capacity: The largest number of rows a call may pass.
  package init(_ layers: [RecurrentWeights], _ kind: Recurrence, capacity: Int) {
    self.kind = kind
    self.capacity = capacity
    units = layers.first?.hiddenWeight.shape[0] ?? 0
    self.layers = layers.map { weights in
      let call = RecurrentCall(
        kind, .zeros(Shape(1, 1, weights.inputWeight.shape[0])), nil, nil, nil, weights.inputWeight,
        weights.hiddenWeight, weights.inputBias, weights.hiddenBias)
      return (weights, call.startOfSums())
    }
    let size = Shape(capacity, units)
    (before, after, outputs) = (.zeros(size), .zeros(size), .zeros(size))
    (cell, scratch) = (.zeros(size), .zeros(size))
  }

  /// Numbers of one row's state.
  package var stateSize: Int { layers.count * units * (kind == .lstm ? 2 : 1) }

  /// Takes one step with `rows` rows.
  ///
  /// - Parameters:
  ///   - input: `[rows, in]`
  ///   - state: `[rows, stride]`, of which the first `stateSize` numbers of each row are read and written.
  /// - Returns: The last layer's h, `[rows, H]`, good until the next call.
  package func step(
    rows: Int, _ input: UnsafePointer<Float>, state: UnsafeMutablePointer<Float>, stride: Int
  ) -> UnsafePointer<Float> {
    var source = input
    let parts = kind == .lstm ? 2 : 1
    for (i, layer) in layers.enumerated() {
      for row in 0..<rows {
        let place = state + row * stride + i * parts * units
        (before.pointer + row * units).update(from: place, count: units)
        if kind == .lstm { (cell.pointer + row * units).update(from: place + units, count: units) }
      }
      var arguments = swirl_recurrent()
      arguments.kind = Int32((kind == .lstm ? SWIRL_LSTM : SWIRL_GRU).rawValue)
      (arguments.steps, arguments.batch) = (1, rows)
      (arguments.inputs, arguments.hidden) = (layer.weights.inputWeight.shape[0], units)
      arguments.x = source
      arguments.input_weight = UnsafePointer(layer.weights.inputWeight.pointer)
      arguments.hidden_weight = UnsafePointer(layer.weights.hiddenWeight.pointer)
      arguments.initial = UnsafePointer(before.pointer)
      arguments.bias = UnsafePointer(layer.bias.pointer)
      // A layer reads what the one below wrote, so each writes elsewhere.
      let target = i % 2 == 0 ? after : outputs
      arguments.y = target.pointer
      arguments.cell = cell.pointer
      kernels.recurrent_forward(&arguments, 0, rows, scratch.pointer)
      for row in 0..<rows {
        let place = state + row * stride + i * parts * units
        place.update(from: target.pointer + row * units, count: units)
        if kind == .lstm { (place + units).update(from: cell.pointer + row * units, count: units) }
      }
      source = UnsafePointer(target.pointer)
    }
    return source
  }
}
