import CKernels

/// (x − mean) / √(variance + ε) · weight + bias over the last axis (Ba et al., 2016). `weight` and `bias`
/// are of the last axis' size.
///
/// The function behind `LayerNorm`; call it where parameters live elsewhere.
public func layerNorm(
  _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
) -> Tensor {
  if Tensor.carryTangents(x, weight, bias) {
    let centred = x - x.mean(axes: [-1], keepingDims: true)
    let y = centred.overRootMeanSquare(epsilon)
    let scaled = weight.map { y * $0 } ?? y
    return bias.map { scaled + $0 } ?? scaled
  }
  return normalizeRows(x, weight, bias, epsilon, centred: true, "layerNorm")
}

/// x / √(mean of squares + ε) · weight over the last axis (Zhang and Sennrich, 2019). `weight` is of the
/// last axis' size.
public func rmsNorm(_ x: Tensor, weight: Tensor? = nil, epsilon: Float = 1e-6) -> Tensor {
  if Tensor.carryTangents(x, weight) {
    let y = x.overRootMeanSquare(epsilon)
    return weight.map { y * $0 } ?? y
  }
  return normalizeRows(x, weight, nil, epsilon, centred: false, "rmsNorm")
}

extension Tensor {
  fileprivate func overRootMeanSquare(_ epsilon: Float) -> Tensor {
    self / (squared().mean(axes: [-1], keepingDims: true) + epsilon).squareRoot()
  }
}

/// Rows whose parts of a parameter's gradient are added up one after another.
private let rowsOfChunk = 64

private func normalizeRows(
  _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Float, centred: Bool,
  _ name: StaticString
) -> Tensor {
  guard let width = x.shape.last else { fail("\(name)", "a scalar has no last axis") }
  for parameter in [weight, bias] {
    if let shape = parameter?.shape, shape != Shape(width) {
      fail("\(name)", "a parameter of shape \(shape) does not fit an input of shape \(x.shape)")
    }
  }
  let input = x.float32.contiguous()
  let scale = weight?.float32.contiguous()
  let shift = bias?.float32.contiguous()
  let y = Tensor(uninitialized: x.shape)
  let rows = x.count / Swift.max(width, 1)
  let moments = Tensor(uninitialized: Shape(2, rows))
  parallelRows(rows, work: 4 * x.count) { range in
    let start = range.lowerBound
    kernels.layer_norm(
      range.count, width, input.pointer + start * width, scale?.pointer, shift?.pointer, epsilon,
      centred ? 1 : 0, y.pointer + start * width, moments.pointer + start,
      moments.pointer + rows + start)
  }
  guard let trace = Trace(x, weight ?? x, bias) else { return y }
  return y.recorded(
    on: trace,
    Record(
      name,
      derivative: { record, dy, gradients in
        let (x, moments, dy) = (record.x, record.z, dy.float32.contiguous())
        let width = x.shape[x.rank - 1]
        let rows = moments.shape[1]
        let weight = record.integer & 1 == 0 ? nil : record.y.pointer
        let centred = Int32(record.integer >> 1)
        let dx = gradients.wants(record.a) ? Tensor(uninitialized: x.shape) : nil
        let chunks = (rows + rowsOfChunk - 1) / rowsOfChunk
        let parts = Shape(chunks, width)
        let dWeight = gradients.wants(record.b) ? Tensor(repeating: 0, shape: parts) : nil
        let dBias = gradients.wants(record.c) ? Tensor(repeating: 0, shape: parts) : nil
        parallelRows(chunks, work: 6 * x.count) { range in
          for chunk in range {
            let start = chunk * rowsOfChunk
            kernels.layer_norm_gradient(
              Swift.min(rowsOfChunk, rows - start), width, dy.pointer + start * width,
              x.pointer + start * width, weight, moments.pointer + start,
              moments.pointer + rows + start, centred, dx.map { $0.pointer + start * width },
              dWeight.map { $0.pointer + chunk * width }, dBias.map { $0.pointer + chunk * width })
          }
        }
        if let dx { gradients.add(dx, to: record.a) }
        if let dWeight { gradients.add(dWeight.sum(axes: [0]), to: record.b) }
        if let dBias { gradients.add(dBias.sum(axes: [0]), to: record.c) }
      }, a: x, b: weight ?? x.detached(), c: bias, x: input, y: scale ?? moments, z: moments,
      integer: (weight == nil ? 0 : 1) + (centred ? 2 : 0), fused: true))
}
