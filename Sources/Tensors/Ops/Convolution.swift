import CKernels

/// act(the cross-correlation of images with a kernel + bias), fused: `x` is `[N, C, H, W]`, `weight`
/// `[out, C / groups, kernel height, kernel width]` and `bias` `[out]`; the result is `[N, out, H', W']`.
///
/// Images stored as bytes are read divided by 255. The function behind `Conv2D`. The result's channels lie
/// side by side in memory, which the next convolution reads as it is; each output is one chain of
/// multiply-adds in the order of the weight's numbers, whatever the batch.
public func conv2d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Sides = 1, padding: Padding = 0,
  dilation: Sides = 1, groups: Int = 1, activation: Activation = .identity
) -> Tensor {
  if weight.rank != 4 { fail("conv2d", "a weight of shape \(weight.shape) has not four axes") }
  var sizes = swirl_convolution(
    "conv2d", x, kernel: Sides(weight.shape[2], weight.shape[3]), stride: stride, padding: padding,
    dilation: dilation)
  sizes.groups = groups
  sizes.out_channels = weight.shape[0]
  if groups < 1 || weight.shape[0] % groups != 0 || weight.shape[1] * groups != x.shape[1] {
    fail(
      "conv2d",
      "a weight of shape \(weight.shape) in \(groups) groups does not fit an input of shape "
        + "\(x.shape)")
  }
  if let bias, bias.shape != Shape(weight.shape[0]) {
    fail("conv2d", "a bias of shape \(bias.shape) does not fit a weight of shape \(weight.shape)")
  }
  if Tensor.carryTangents(x, weight, bias) {
    return convolutionFormula(x, weight, bias, sizes, activation)
  }
  let images = Images(x, sizes)
  let matrix = weight.float32.contiguous()
  let shift = bias?.float32.contiguous()
  let (outputs, depth, positions) = (sizes.groupOutputs, sizes.depth, sizes.positions)
  let packed = Tensor(uninitialized: Shape(groups, depth, outputs))
  for group in 0..<groups {
    let start = group * depth * outputs
    kernels.transpose_matrix(outputs, depth, matrix.pointer + start, packed.pointer + start)
  }
  let y = Tensor(
    uninitialized: Shape([x.shape[0], sizes.out_height, sizes.out_width, sizes.out_channels]))
  let (corners, taps) = (images.corners(of: 1), images.taps())
  let work = y.count * depth
  parallelRows(x.shape[0], work: work) { range in
    let scratch = images.scratch(for: 1)
    for image in range {
      let input = images.read(image..<image + 1, into: scratch)
      for group in 0..<groups {
        kernels.patch_product(
          positions, outputs, depth, input + group * images.groupStep, corners.pointer,
          taps.pointer, packed.pointer + group * depth * outputs, outputs,
          y.pointer + image * positions * sizes.out_channels + group * outputs,
          sizes.out_channels, shift.map { $0.pointer + group * outputs }, 0, activation.code)
      }
    }
  }
  let result = y.permuted([0, 3, 1, 2])
  guard let trace = Trace(x, weight, bias) else { return result }
  return result.recorded(
    on: trace,
    Record(
      "conv2d",
      derivative: { record, dy, gradients in
        let sizes = swirl_convolution(record.indices)
        let dz = Activation(code: record.integer)
          .gradient(dy.channelsLast(), record.result.channelsLast())
        if gradients.wants(record.b) {
          gradients.add(weightGradient(record.x, dz, sizes, record.b.shape), to: record.b)
        }
        gradients.add(
          dz.reshaped(to: Shape(dz.count / sizes.out_channels, sizes.out_channels)).sum(axes: [0]),
          to: record.c)
        gradients.add(inputGradient(record.y, dz, sizes), to: record.a)
      }, a: x, b: weight, c: bias, x: images.source, y: matrix, indices: sizes.packed,
      integer: Int(activation.code), keepsResult: activation != .identity, fused: true))
}

/// As `conv2d` for signals: `x` is `[N, C, L]`, `weight` `[out, C / groups, kernel]`; the result is
/// `[N, out, L']`. `padding` is that before and after.
public func conv1d(
  _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1,
  padding: (before: Int, after: Int) = (0, 0), dilation: Int = 1, groups: Int = 1,
  activation: Activation = .identity
) -> Tensor {
  guard x.rank == 3, weight.rank == 3 else {
    fail("conv1d", "shapes \(x.shape) and \(weight.shape) are not of three axes")
  }
  let y = conv2d(
    x.reshaped(to: Shape([x.shape[0], x.shape[1], 1, x.shape[2]])),
    weight: weight.reshaped(to: Shape([weight.shape[0], weight.shape[1], 1, weight.shape[2]])),
    bias: bias, stride: Sides(1, stride),
    padding: .sides(top: 0, bottom: 0, left: padding.before, right: padding.after),
    dilation: Sides(1, dilation), groups: groups, activation: activation)
  return y.reshaped(to: Shape(y.shape[0], y.shape[1], y.shape[3]))
}

/// The images of a batch as the kernels read them: where they lie if nothing stands around them, else
/// through a padded copy of a few at a time.
private struct Images {
  let source: Tensor
  let sizes: swirl_convolution
  let isDirect: Bool
  let channelStep, rowStep, columnStep, imageStep: Int

  init(_ x: Tensor, _ sizes: swirl_convolution) {
    source = x.type == .uint8 ? x : x.float32
    self.sizes = sizes
    isDirect = !sizes.isPadded && x.type != .uint8
    let width = sizes.width + sizes.left + sizes.right
    if isDirect {
      (imageStep, channelStep) = (source.strides[0], source.strides[1])
      (rowStep, columnStep) = (source.strides[2], source.strides[3])
    } else if source.strides[1] == 1 {
      (channelStep, rowStep, columnStep) = (1, width * sizes.channels, sizes.channels)
      imageStep = sizes.paddedCount
    } else {
      let height = sizes.height + sizes.top + sizes.bottom
      (channelStep, rowStep, columnStep) = (height * width, width, 1)
      imageStep = sizes.paddedCount
    }
  }

  var groupStep: Int { sizes.channels / sizes.groups * channelStep }

  func scratch(for images: Int) -> Tensor? {
    isDirect ? nil : Tensor(uninitialized: Shape(images, sizes.paddedCount))
  }

  /// Where the first of `images` can be read, and the others after it in steps of `imageStep`.
  func read(_ images: Range<Int>, into scratch: Tensor?) -> UnsafePointer<Float> {
    guard let scratch else {
      return UnsafePointer(source.pointer + images.lowerBound * imageStep)
    }
    var sizes = sizes
    for (slot, image) in images.enumerated() {
      swirl_read_image(
        &sizes, source.type == .uint8 ? 1 : 0,
        source.bytes + image * source.strides[0] * source.type.byteCount, source.strides[1],
        source.strides[2], source.strides[3], scratch.pointer + slot * imageStep)
    }
    return UnsafePointer(scratch.pointer)
  }

  func corners(of images: Int) -> Indices { sizes.corners(of: images, steps) }
  func taps() -> Indices { sizes.taps(steps) }

  private var steps: ImageSteps {
    ImageSteps(image: imageStep, channel: channelStep, row: rowStep, column: columnStep)
  }
}

/// Images whose parts of the weights' gradient are added up one after another.
private let imagesOfChunk = 8

/// The gradient of the weights: the sum over patches of patch × dz, dz being `[N, H', W', out]`.
private func weightGradient(
  _ x: Tensor, _ dz: Tensor, _ sizes: swirl_convolution, _ shape: Shape
) -> Tensor {
  let images = Images(x, sizes)
  let count = x.shape[0]
  let (outputs, depth, positions) = (sizes.groupOutputs, sizes.depth, sizes.positions)
  // As many images at a time as keep their part of dz in the nearest cache.
  let batch = Swift.min(imagesOfChunk, Swift.max(1, 128 / positions))
  let (corners, taps) = (images.corners(of: batch), images.taps())
  let chunks = (count + imagesOfChunk - 1) / imagesOfChunk
  let size = sizes.groups * depth * outputs
  let parts = Tensor(uninitialized: Shape(chunks, size))
  parallelRows(chunks, work: dz.count * depth) { range in
    let scratch = images.scratch(for: batch)
    for chunk in range {
      let end = Swift.min(count, (chunk + 1) * imagesOfChunk)
      for first in stride(from: chunk * imagesOfChunk, to: end, by: batch) {
        let now = Swift.min(batch, end - first)
        let input = images.read(first..<first + now, into: scratch)
        for group in 0..<sizes.groups {
          kernels.patch_product(
            depth, outputs, now * positions, input + group * images.groupStep, taps.pointer,
            corners.pointer,
            dz.pointer + first * positions * sizes.out_channels + group * outputs,
            sizes.out_channels, parts.pointer + chunk * size + group * depth * outputs, outputs,
            nil, first == chunk * imagesOfChunk ? 0 : 1, 0)
        }
      }
    }
  }
  let sum = parts.sum(axes: [0])
  let dWeight = Tensor(uninitialized: shape)
  for group in 0..<sizes.groups {
    let start = group * depth * outputs
    kernels.transpose_matrix(depth, outputs, sum.pointer + start, dWeight.pointer + start)
  }
  return dWeight
}

/// The gradient of the images: every patch's gradient, dz · weight, added to where the patch was cut.
private func inputGradient(_ weight: Tensor, _ dz: Tensor, _ sizes: swirl_convolution) -> Tensor {
  let count = dz.shape[0]
  let (outputs, depth, positions) = (sizes.groupOutputs, sizes.depth, sizes.positions)
  // A patch's channels side by side, as the images'.
  let matrix = weight.permuted([0, 2, 3, 1]).contiguous()
  let dx = Tensor(repeating: 0, shape: Shape([count, sizes.height, sizes.width, sizes.channels]))
  let size = sizes.height * sizes.width * sizes.channels
  parallelRows(count, work: dz.count * depth) { range in
    let patches = Tensor(uninitialized: Shape(positions, depth))
    var sizes = sizes
    for image in range {
      for group in 0..<sizes.groups {
        kernels.gemm(
          positions, depth, outputs,
          dz.pointer + image * positions * sizes.out_channels + group * outputs,
          sizes.out_channels, 1, matrix.pointer + group * depth * outputs, depth, 1,
          patches.pointer, depth, nil, 0, 0)
        kernels.add_patches(
          &sizes, patches.pointer,
          dx.pointer + image * size + group * (sizes.channels / sizes.groups))
      }
    }
  }
  return dx.permuted([0, 3, 1, 2])
}

/// The same function from ops that move forward: patches gathered from the images, times the weights.
private func convolutionFormula(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ sizes: swirl_convolution,
  _ activation: Activation
) -> Tensor {
  let pixels = x.type == .uint8 ? x.float32 * (1 / 255) : x.float32
  let padded = pixels.padded(axis: 2, before: sizes.top, after: sizes.bottom)
    .padded(axis: 3, before: sizes.left, after: sizes.right)
  let count = x.shape[0]
  let columns = padded.reshaped(to: Shape(count, sizes.paddedCount)).transposed()
  var inner = sizes
  (inner.height, inner.width) = (padded.shape[2], padded.shape[3])
  (inner.top, inner.bottom, inner.left, inner.right) = (0, 0, 0, 0)
  let plain = Tensor(uninitialized: padded.shape)
  let images = Images(plain, inner)
  let (corners, taps) = (images.corners(of: 1), images.taps())
  let (outputs, depth) = (sizes.groupOutputs, sizes.depth)
  let results = (0..<sizes.groups).map { group in
    let start = Int32(group * images.groupStep)
    let picks = Indices(
      (0..<corners.count).flatMap { i in
        (0..<depth).map { corners[i] + taps[$0] + start }
      })
    let patches = columns.selectingRows(picks).transposed()
      .reshaped(to: Shape(count * sizes.positions, depth))
    let matrix = weight.sliced(group * outputs..<(group + 1) * outputs)
      .reshaped(to: Shape(outputs, depth))
    return patches.matmul(matrix.transposed())
  }
  let all = Tensor.concatenated(results, axis: 1)
  let z = activation(bias.map { all + $0 } ?? all)
  return z.reshaped(
    to: Shape([count, sizes.out_height, sizes.out_width, sizes.out_channels])
  )
  .permuted([0, 3, 1, 2])
}
