import CKernels

/// A perceptron's layers as raw pointers, for rollouts: no tensors, no reference counts, no allocation.
///
/// Runs the kernels training runs, so a row's result has the same bits in both. The pointers are good
/// for as long as the model they were taken from is alive and unchanged.
package struct DenseStack: @unchecked Sendable {
  private struct Layer {
    let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>?
    let inputs: Int
    let outputs: Int
    let activation: Int32
  }

  private let layers: [Layer]
  /// Numbers a row needs in each of the two scratch buffers.
  package let widest: Int

  package init(_ model: MultilayerPerceptron) {
    layers = model.layers.map { layer in
      if !layer.weight.isContiguous || !(layer.bias?.isContiguous ?? true) {
        fail("DenseStack", "the parameters of a layer are not dense")
      }
      return Layer(
        weight: UnsafePointer(layer.weight.pointer),
        bias: layer.bias.map { UnsafePointer($0.pointer) }, inputs: layer.weight.shape[0],
        outputs: layer.weight.shape[1], activation: layer.activation.code)
    }
    widest = layers.map(\.outputs).max() ?? 0
  }

  package var depth: Int { layers.count }

  /// Runs `rows` rows and returns the scratch buffer that holds the result; the other one holds what the
  /// last layer read, unless it was the only one.
  package func run(
    rows: Int, _ input: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
    _ other: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    var source = input
    var (target, spare) = (scratch, other)
    for layer in layers {
      kernels.gemm(
        rows, layer.outputs, layer.inputs, source, layer.inputs, 1, layer.weight, layer.outputs, 1,
        target, layer.outputs, layer.bias, 0, layer.activation)
      source = UnsafePointer(target)
      swap(&target, &spare)
    }
    return spare
  }
}

/// Row kernels for rollouts, as the ops of the same names compute them.
package enum RowKernels {
  package static func logSoftmax(
    rows: Int, width: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    kernels.log_softmax(rows, width, x, y)
  }

  package static func tanh(
    _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    kernels.unary(Int32(SWIRL_UNARY_TANH.rawValue), count, x, y)
  }

  package static func exp(_ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>)
  {
    kernels.unary(Int32(SWIRL_EXP.rawValue), count, x, y)
  }

  package static func log(_ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>)
  {
    kernels.unary(Int32(SWIRL_LOG.rawValue), count, x, y)
  }

  /// y = x · weight of dense `[rows, inputs]` and `[inputs, outputs]`.
  package static func product(
    rows: Int, inputs: Int, outputs: Int, _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    kernels.gemm(rows, outputs, inputs, x, inputs, 1, weight, outputs, 1, y, outputs, nil, 0, 0)
  }
}
