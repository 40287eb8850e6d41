import CKernels

/// Convolutions one after another as raw pointers, for rollouts: no tensors, no allocation once made.
///
/// Runs the kernels `conv2d` runs, so a row's result has the same bits in both. The biases' pointers are
/// good for as long as the layers they were taken from are alive and unchanged.
package struct ConvolutionStack: @unchecked Sendable {
  private struct Layer {
    let positions, depth, outputs: Int
    /// `[depth, outputs]`
    let weight: Tensor
    let corners, taps: Indices
    let bias: UnsafePointer<Float>?
    let activation: Int32
  }

  private let layers: [Layer]
  /// Numbers a row's result has.
  package let outputs: Int
  /// Numbers a row needs in each of the two scratch buffers.
  package let widest: Int

  /// - Parameters:
  ///   - layers: At least one, without padding and groups.
  ///   - shape: Channels, height and width of an image.
  ///   - channelsFirst: Whether a channel's numbers lie side by side, rather than a pixel's.
  package init(
    _ layers: [Conv2D], channels: Int, height: Int, width: Int, channelsFirst: Bool
  ) {
    var (channels, height, width) = (channels, height, width)
    var isPlanar = channelsFirst
    var stack: [Layer] = []
    for layer in layers {
      if layer.groups != 1 || layer.padding != 0 {
        fail("ConvolutionStack", "a layer has padding or groups")
      }
      let sizes = swirl_convolution(
        "ConvolutionStack", .zeros(Shape([1, channels, height, width])),
        kernel: Sides(layer.weight.shape[2], layer.weight.shape[3]), stride: layer.stride,
        padding: 0, dilation: layer.dilation)
      let outputs = layer.weight.shape[0]
      let depth = channels * sizes.kernel_height * sizes.kernel_width
      let weight = layer.weight.float32.contiguous()
      let packed = Tensor(uninitialized: Shape(depth, outputs))
      kernels.transpose_matrix(outputs, depth, weight.pointer, packed.pointer)
      let inputs = channels * height * width
      let steps =
        isPlanar
        ? ImageSteps(image: inputs, channel: height * width, row: width, column: 1)
        : ImageSteps(image: inputs, channel: 1, row: width * channels, column: channels)
      stack.append(
        Layer(
          positions: sizes.out_height * sizes.out_width, depth: depth, outputs: outputs,
          weight: packed, corners: sizes.corners(of: 1, steps), taps: sizes.taps(steps),
          bias: layer.bias.map { UnsafePointer($0.pointer) }, activation: layer.activation.code))
      (channels, height, width) = (outputs, sizes.out_height, sizes.out_width)
      isPlanar = false
    }
    self.layers = stack
    outputs = channels * height * width
    widest = stack.dropLast().map { $0.positions * $0.outputs }.max() ?? 0
  }

  /// Runs `rows` images and writes what they give to `target`, a pixel's channels side by side.
  ///
  /// - Parameters:
  ///   - inputStride: Numbers from one image to the next.
  ///   - targetStride: Numbers from one result to the next.
  package func run(
    rows: Int, _ input: UnsafePointer<Float>, stride inputStride: Int,
    into target: UnsafeMutablePointer<Float>, stride targetStride: Int,
    _ scratch: UnsafeMutablePointer<Float>, _ other: UnsafeMutablePointer<Float>
  ) {
    var (source, sourceStride) = (input, inputStride)
    var (next, spare) = (scratch, other)
    for (i, layer) in layers.enumerated() {
      let (result, stride) =
        i == layers.count - 1 ? (target, targetStride) : (next, layer.positions * layer.outputs)
      for row in 0..<rows {
        kernels.patch_product(
          layer.positions, layer.outputs, layer.depth, source + row * sourceStride,
          layer.corners.pointer, layer.taps.pointer, layer.weight.pointer, layer.outputs,
          result + row * stride, layer.outputs, layer.bias, 0, layer.activation)
      }
      (source, sourceStride) = (UnsafePointer(result), stride)
      swap(&next, &spare)
    }
  }
}
