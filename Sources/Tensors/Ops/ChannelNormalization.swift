import CKernels

/// Normalises each image's groups of neighbouring channels together (Wu and He, 2018): `x` is
/// `[N, C, …]`, `weight` and `bias` `[C]`, and `groups` divides C.
public func groupNorm(
  _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
) -> Tensor {
  checkChannels("groupNorm", x, weight, bias)
  if groups < 1 || x.shape[1] % groups != 0 {
    fail("groupNorm", "\(groups) groups do not divide the channels of shape \(x.shape)")
  }
  if Tensor.carryTangents(x, weight, bias) {
    let channels = x.shape[1]
    let span = x.shape.dropFirst(2).reduce(1, *)
    let rows = x.reshaped(to: Shape(x.shape[0], groups, channels / groups * span))
    let centred = rows - rows.mean(axes: [2], keepingDims: true)
    let root = (centred.squared().mean(axes: [2], keepingDims: true) + epsilon).squareRoot()
    return (centred / root).reshaped(to: x.shape).byChannel(weight, bias)
  }
  return normalizeChannels(x, groups: groups, weight, bias, epsilon, "groupNorm").result
}

/// What a batch said about each channel: what running statistics are updated with.
public struct BatchStatistics: Sendable {
  /// `[C]`
  public let mean: Tensor
  /// Squared distances from the mean, divided by `count`: `[C]`
  public let variance: Tensor
  /// How many numbers of each channel there were.
  public let count: Int
}

/// Normalises each channel by the batch's own mean and variance, in training (Ioffe and Szegedy, 2015):
/// `x` is `[N, C, …]`, `weight` and `bias` `[C]`. The statistics are constants.
public func batchNorm(
  _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float = 1e-5
) -> (result: Tensor, statistics: BatchStatistics) {
  checkChannels("batchNorm", x, weight, bias)
  if x.rank == 2 {
    // A channel's numbers side by side, as the images' are.
    let (y, statistics) = batchNorm(
      x.transposed().reshaped(to: Shape(1, x.shape[1], x.shape[0])), weight: weight, bias: bias,
      epsilon: epsilon)
    return (y.reshaped(to: Shape(x.shape[1], x.shape[0])).transposed(), statistics)
  }
  let (result, moments) = normalizeChannels(
    x.withoutTangent(), groups: nil, weight?.withoutTangent(), bias?.withoutTangent(), epsilon,
    "batchNorm")
  let statistics = BatchStatistics(
    mean: moments.sliced(0..<1).reshaped([-1]), variance: moments.sliced(2..<3).reshaped([-1]),
    count: x.count / Swift.max(x.shape[1], 1))
  if Tensor.carryTangents(x, weight, bias) {
    let axes = [0] + Array(2..<x.rank)
    let centred = x - x.mean(axes: axes, keepingDims: true)
    let root = (centred.squared().mean(axes: axes, keepingDims: true) + epsilon).squareRoot()
    return ((centred / root).byChannel(weight, bias), statistics)
  }
  return (result, statistics)
}

/// Normalises each channel by the given mean and variance, both `[C]`, as in evaluation.
public func batchNorm(
  _ x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil,
  epsilon: Float = 1e-5
) -> Tensor {
  checkChannels("batchNorm", x, weight, bias, mean, variance)
  let scale = (variance + epsilon).squareRoot().reciprocal()
  let factor = weight.map { $0 * scale } ?? scale
  let shift = bias.map { $0 - mean * factor } ?? -(mean * factor)
  return x.byChannel(factor, shift)
}

extension Tensor {
  /// x · weight + bias, both `[C]`, for x of shape `[N, C, …]`.
  fileprivate func byChannel(_ weight: Tensor?, _ bias: Tensor?) -> Tensor {
    var sizes = Shape(shape[1])
    for _ in 2..<Swift.max(rank, 2) { sizes.append(1) }
    let scaled = weight.map { self * $0.reshaped(to: sizes) } ?? self
    return bias.map { scaled + $0.reshaped(to: sizes) } ?? scaled
  }
}

private func checkChannels(_ name: String, _ x: Tensor, _ parameters: Tensor?...) {
  if x.rank < 2 { fail(name, "an input of shape \(x.shape) has no axis of channels") }
  for case let parameter? in parameters where parameter.shape != Shape(x.shape[1]) {
    fail(name, "a parameter of shape \(parameter.shape) does not fit an input of shape \(x.shape)")
  }
}

/// Which rows share their statistics, where a row is one channel of one image: `perGroup` neighbours
/// (group normalisation), or all of one channel where that is 0 (batch normalisation).
private struct Sharing {
  let channels, span, rows, perGroup: Int

  init(_ shape: Shape, perGroup: Int) {
    channels = shape[1]
    rows = shape[0] * channels
    span = shape.dropFirst(2).reduce(1, *)
    self.perGroup = perGroup
  }

  var count: Int { perGroup == 0 ? channels : rows / perGroup }
  /// How many numbers share one.
  var size: Int { span * (perGroup == 0 ? rows / Swift.max(channels, 1) : perGroup) }

  func owner(_ row: Int) -> Int { perGroup == 0 ? row % channels : row / perGroup }

  /// The sums over rows of one owner, in order of rows and in double precision.
  func total(_ owner: Int, _ part: (Int) -> Float) -> Double {
    var sum = 0.0
    if perGroup == 0 {
      for row in stride(from: owner, to: rows, by: channels) { sum += Double(part(row)) }
    } else {
      for row in owner * perGroup..<(owner + 1) * perGroup { sum += Double(part(row)) }
    }
    return sum
  }
}

/// The result and, as `[3, owners]`, the means, scales and variances it was normalised by.
private func normalizeChannels(
  _ x: Tensor, groups: Int?, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Float,
  _ name: StaticString
) -> (result: Tensor, moments: Tensor) {
  let sharing = Sharing(x.shape, perGroup: groups.map { x.shape[1] / $0 } ?? 0)
  let (rows, span, owners) = (sharing.rows, sharing.span, sharing.count)
  let input = x.float32.contiguous()
  let (factor, shift) = (weight?.float32.contiguous(), bias?.float32.contiguous())
  let y = Tensor(uninitialized: x.shape)
  let moments = Tensor(uninitialized: Shape(3, owners))
  let parts = Tensor(uninitialized: Shape(rows))
  let (mean, scale, variance) = (
    moments.pointer, moments.pointer + owners, moments.pointer + 2 * owners
  )
  parallelRows(rows, work: x.count) { range in
    for row in range { parts.pointer[row] = kernels.row_sum(span, input.pointer + row * span) }
  }
  let size = Double(sharing.size)
  for owner in 0..<owners {
    mean[owner] = Float(sharing.total(owner) { parts.pointer[$0] } / size)
  }
  parallelRows(rows, work: x.count) { range in
    for row in range {
      parts.pointer[row] = kernels.row_squares(
        span, input.pointer + row * span, moments.pointer[sharing.owner(row)])
    }
  }
  for owner in 0..<owners {
    variance[owner] = Float(sharing.total(owner) { parts.pointer[$0] } / size)
    scale[owner] = 1 / (variance[owner] + epsilon).squareRoot()
  }
  parallelRows(rows, work: x.count) { range in
    for row in range {
      let (owner, channel) = (sharing.owner(row), row % sharing.channels)
      let a = moments.pointer[owners + owner] * (factor?.pointer[channel] ?? 1)
      let b = (shift?.pointer[channel] ?? 0) - moments.pointer[owner] * a
      kernels.affine(span, input.pointer + row * span, a, b, y.pointer + row * span)
    }
  }
  guard let trace = Trace(x, weight ?? x, bias) else { return (y, moments) }
  let result = y.recorded(
    on: trace,
    Record(
      name, derivative: channelGradients, a: x, b: weight ?? x.detached(), c: bias, x: input,
      y: factor ?? moments, z: moments, shape: Shape(sharing.perGroup, weight == nil ? 0 : 1),
      fused: true))
  return (result, moments)
}

/// With x̂ the normalised numbers and g = dy · weight: dx = scale (g − mean(g) − x̂ mean(g x̂)), the means
/// over all that shared their statistics.
private let channelGradients: Derivative = { record, dy, gradients in
  let (x, moments, dy) = (record.x, record.z, dy.float32.contiguous())
  let sharing = Sharing(x.shape, perGroup: record.shape[0])
  let (rows, span, owners, channels) = (
    sharing.rows, sharing.span, sharing.count, sharing.channels
  )
  let weight = record.shape[1] == 0 ? nil : record.y
  let sums = Tensor(uninitialized: Shape(rows, 2))
  parallelRows(rows, work: x.count) { range in
    for row in range {
      kernels.row_products(
        span, dy.pointer + row * span, x.pointer + row * span,
        moments.pointer[sharing.owner(row)], sums.pointer + 2 * row)
    }
  }
  let scale = { moments.pointer[owners + sharing.owner($0)] }
  if gradients.wants(record.a) {
    let factor = { (row: Int) in weight?.pointer[row % channels] ?? 1 }
    let means = Tensor(uninitialized: Shape(2, owners))
    for owner in 0..<owners {
      means.pointer[owner] = Float(
        sharing.total(owner) { sums.pointer[2 * $0] * factor($0) } / Double(sharing.size))
      means.pointer[owners + owner] = Float(
        sharing.total(owner) { sums.pointer[2 * $0 + 1] * factor($0) } / Double(sharing.size))
    }
    let dx = Tensor(uninitialized: x.shape)
    parallelRows(rows, work: x.count) { range in
      for row in range {
        let (owner, scale) = (sharing.owner(row), scale(row))
        kernels.blend(
          span, dy.pointer + row * span, scale * factor(row), x.pointer + row * span,
          moments.pointer[owner], -scale * scale * scale * means.pointer[owners + owner],
          -scale * means.pointer[owner], dx.pointer + row * span)
      }
    }
    gradients.add(dx, to: record.a)
  }
  let byChannel = Sharing(x.shape, perGroup: 0)
  func perChannel(_ part: (Int) -> Float) -> Tensor {
    Tensor(shape: Shape(channels)) { out in
      for channel in out.indices { out[channel] = Float(byChannel.total(channel, part)) }
    }
  }
  gradients.add(perChannel { sums.pointer[2 * $0 + 1] * scale($0) }, to: record.b)
  gradients.add(perChannel { sums.pointer[2 * $0] }, to: record.c)
}
