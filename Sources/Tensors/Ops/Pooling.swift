import CKernels

/// The largest number of each window: `x` is `[N, C, H, W]`; windows stand `stride` apart (by default
/// their own size), and padding counts as −∞. Of equal ones the first receives the gradient.
public func maxPool2d(
  _ x: Tensor, kernel: Sides, stride: Sides? = nil, padding: Padding = 0, dilation: Sides = 1
) -> Tensor {
  var sizes = swirl_convolution(
    "maxPool2d", x, kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: dilation)
  checkPadding("maxPool2d", sizes)
  let input = x.withoutTangent().offTape().float32.contiguous()
  let y = Tensor(
    uninitialized: Shape([x.shape[0], x.shape[1], sizes.out_height, sizes.out_width]))
  let planes = x.shape[0] * x.shape[1]
  let places = Indices(count: y.count) { out in
    nonisolated(unsafe) let base = out.baseAddress!
    parallelRows(planes, work: y.count * kernel.height * kernel.width) { range in
      var sizes = sizes
      let at = range.lowerBound * sizes.positions
      swirl_max_pool(
        &sizes, range.count, input.pointer + range.lowerBound * sizes.height * sizes.width,
        y.pointer + at, base + at)
    }
  }
  if Tensor.carryTangents(x) {
    let size = sizes.height * sizes.width
    let picks = Indices(
      (0..<places.count).map { Int32($0 / sizes.positions * size) + places[$0] })
    return x.reshaped([-1]).selectingRows(picks).reshaped(to: y.shape)
  }
  sizes.channels = 1
  guard let trace = Trace(x) else { return y }
  return y.recorded(
    on: trace,
    Record(
      "maxPool2d",
      derivative: { record, dy, gradients in
        let sizes = swirl_convolution(record.indices)
        let places = record.many.indices[0]
        let dy = dy.float32.contiguous()
        let dx = Tensor(uninitialized: record.a.shape)
        parallelRows(dy.shape[0] * dy.shape[1], work: 4 * dy.count) { range in
          var sizes = sizes
          let at = range.lowerBound * sizes.positions
          swirl_max_pool_gradient(
            &sizes, range.count, dy.pointer + at, places.pointer + at,
            dx.pointer + range.lowerBound * sizes.height * sizes.width)
        }
        gradients.add(dx, to: record.a)
      }, a: x, indices: sizes.packed, fused: true, many: Many(operands: [], indices: [places])))
}

/// The mean of each window: `x` is `[N, C, H, W]`; windows stand `stride` apart (by default their own
/// size). Zeros of padding count as numbers unless `countsPadding` is false.
public func averagePool2d(
  _ x: Tensor, kernel: Sides, stride: Sides? = nil, padding: Padding = 0, countsPadding: Bool = true
) -> Tensor {
  let sizes = swirl_convolution(
    "averagePool2d", x, kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: 1)
  checkPadding("averagePool2d", sizes)
  return averagePool(x, sizes, countsPadding)
}

/// Pooling is linear: its tangent is itself.
private func averagePool(_ x: Tensor, _ sizes: swirl_convolution, _ countsPadding: Bool) -> Tensor {
  let input = x.float32.contiguous()
  let y = Tensor(
    uninitialized: Shape([x.shape[0], x.shape[1], sizes.out_height, sizes.out_width]))
  let work = y.count * sizes.kernel_height * sizes.kernel_width
  parallelRows(x.shape[0] * x.shape[1], work: work) { range in
    var sizes = sizes
    swirl_average_pool(
      &sizes, range.count, countsPadding ? 1 : 0,
      input.pointer + range.lowerBound * sizes.height * sizes.width,
      y.pointer + range.lowerBound * sizes.positions)
  }
  guard let trace = Trace(x) else { return y }
  return y.recorded(
    on: trace,
    Record(
      "averagePool2d",
      derivative: { record, dy, gradients in
        let sizes = swirl_convolution(record.indices)
        let dy = dy.float32.contiguous()
        let dx = Tensor(uninitialized: record.a.shape)
        let counts = Int32(record.integer)
        parallelRows(
          dy.shape[0] * dy.shape[1], work: dy.count * sizes.kernel_height * sizes.kernel_width
        ) { range in
          var sizes = sizes
          swirl_average_pool_gradient(
            &sizes, range.count, counts, dy.pointer + range.lowerBound * sizes.positions,
            dx.pointer + range.lowerBound * sizes.height * sizes.width)
        }
        gradients.add(dx, to: record.a)
      },
      tangent: { record, tangents in
        averagePool(tangents.a!, swirl_convolution(record.indices), record.integer == 1)
      }, a: x, indices: sizes.packed, integer: countsPadding ? 1 : 0, fused: true))
}

private func checkPadding(_ name: String, _ sizes: swirl_convolution) {
  if Swift.max(sizes.top, sizes.bottom) * 2 > sizes.kernel_height
    || Swift.max(sizes.left, sizes.right) * 2 > sizes.kernel_width
  {
    fail(
      name,
      "a padding of more than half of the \(sizes.kernel_height) × \(sizes.kernel_width) window "
        + "would leave windows without a number")
  }
}

/// `maxPool2d` of signals `[N, C, L]`.
public func maxPool1d(
  _ x: Tensor, kernel: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1
) -> Tensor {
  maxPool2d(
    x.asImages("maxPool1d"), kernel: Sides(1, kernel), stride: Sides(1, stride ?? kernel),
    padding: Padding(0, padding), dilation: Sides(1, dilation)
  ).asSignals()
}

/// `averagePool2d` of signals `[N, C, L]`.
public func averagePool1d(
  _ x: Tensor, kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true
) -> Tensor {
  averagePool2d(
    x.asImages("averagePool1d"), kernel: Sides(1, kernel), stride: Sides(1, stride ?? kernel),
    padding: Padding(0, padding), countsPadding: countsPadding
  ).asSignals()
}

/// The mean of every channel of `[N, C, …]`: `[N, C]`.
public func globalAveragePool(_ x: Tensor) -> Tensor {
  if x.rank < 3 { fail("globalAveragePool", "an input of shape \(x.shape) has no places") }
  return x.mean(axes: Array(2..<x.rank))
}

/// Means of `[N, C, H, W]` over windows so cut that the result is of the size `output`: window i covers
/// ⌊i · size / output⌋ to ⌈(i + 1) · size / output⌉, as PyTorch's.
public func adaptiveAveragePool2d(_ x: Tensor, output: Sides) -> Tensor {
  if x.rank != 4 || output.height < 1 || output.width < 1 {
    fail("adaptiveAveragePool2d", "an input of shape \(x.shape) has no mean of that size")
  }
  // A mean of a mean: each axis is a small product.
  func windows(_ size: Int, _ count: Int) -> Tensor {
    Tensor(shape: Shape(size, count)) { out in
      out.update(repeating: 0)
      for i in 0..<count {
        let (start, end) = (i * size / count, ((i + 1) * size + count - 1) / count)
        for j in start..<end { out[j * count + i] = 1 / Float(end - start) }
      }
    }
  }
  let byColumn = x.matmul(windows(x.shape[3], output.width))
  return byColumn.transposed().matmul(windows(x.shape[2], output.height)).transposed()
}

extension Tensor {
  fileprivate func asImages(_ name: String) -> Tensor {
    if rank != 3 { fail(name, "an input of shape \(shape) is not [N, C, L]") }
    return reshaped(to: Shape([shape[0], shape[1], 1, shape[2]]))
  }

  fileprivate func asSignals() -> Tensor { reshaped(to: Shape(shape[0], shape[1], shape[3])) }
}
