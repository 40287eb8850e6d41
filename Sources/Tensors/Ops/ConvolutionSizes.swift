import CKernels

/// A size on each of the two axes of an image; a whole number stands for both.
public struct Sides: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
  public var height: Int
  public var width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  public init(integerLiteral value: Int) { self.init(value, value) }
}

/// Zeros around an image; a whole number stands for all four sides.
public enum Padding: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
  case sides(top: Int, bottom: Int, left: Int, right: Int)
  /// As many as keep the sizes at stride 1; an odd one goes below and to the right, as PyTorch's "same".
  case same

  public init(integerLiteral value: Int) {
    self = .sides(top: value, bottom: value, left: value, right: value)
  }

  public init(_ height: Int, _ width: Int) {
    self = .sides(top: height, bottom: height, left: width, right: width)
  }
}

extension swirl_convolution {
  /// The sizes of a window that moves over images `[N, C, H, W]`; ends the process where it has no place.
  init(
    _ name: String, _ x: Tensor, kernel: Sides, stride: Sides, padding: Padding, dilation: Sides
  ) {
    self.init()
    if x.rank != 4 { fail(name, "an input of shape \(x.shape) is not [N, C, H, W]") }
    for side in [kernel, stride, dilation] where side.height < 1 || side.width < 1 {
      fail(name, "a kernel, stride or dilation of \(side.height) × \(side.width) is not above 0")
    }
    (channels, height, width) = (x.shape[1], x.shape[2], x.shape[3])
    (kernel_height, kernel_width) = (kernel.height, kernel.width)
    (stride_y, stride_x) = (stride.height, stride.width)
    (dilation_y, dilation_x) = (dilation.height, dilation.width)
    let (spanY, spanX) = ((kernel_height - 1) * dilation_y, (kernel_width - 1) * dilation_x)
    switch padding {
    case .sides(let top, let bottom, let left, let right):
      if Swift.min(top, bottom, left, right) < 0 { fail(name, "a padding is below 0") }
      (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    case .same:
      if stride != 1 { fail(name, "padding to the same size needs a stride of 1") }
      (top, left) = (spanY / 2, spanX / 2)
      (bottom, right) = (spanY - top, spanX - left)
    }
    groups = 1
    let (roomY, roomX) = (height + top + bottom - spanY, width + left + right - spanX)
    if roomY < 1 || roomX < 1 {
      fail(
        name, "a window of \(spanY + 1) × \(spanX + 1) does not fit an input of shape \(x.shape)")
    }
    (out_height, out_width) = ((roomY - 1) / stride_y + 1, (roomX - 1) / stride_x + 1)
    out_channels = channels
  }

  /// How many places the window takes on an image.
  var positions: Int { out_height * out_width }
  var isPadded: Bool { top + bottom + left + right > 0 }
  /// Numbers of an image with its padding.
  var paddedCount: Int { channels * (height + top + bottom) * (width + left + right) }
  /// Numbers of a patch that one output channel sees.
  var depth: Int { channels / groups * kernel_height * kernel_width }
  var groupOutputs: Int { out_channels / groups }

  /// The sizes as a record keeps them.
  var packed: Indices {
    Indices(count: MemoryLayout<Self>.size / 4) { out in
      withUnsafeBytes(of: self) { UnsafeMutableRawBufferPointer(out).copyMemory(from: $0) }
    }
  }

  init(_ packed: Indices) {
    self = UnsafeRawPointer(packed.pointer).loadUnaligned(as: Self.self)
  }
}

extension Tensor {
  /// Images `[N, C, H, W]` as dense `[N, H, W, C]`, unrecorded: as they lie where they lie so.
  func channelsLast() -> Tensor {
    let view = detached().float32.permuted([0, 2, 3, 1])
    if view.isContiguous || !isDenseFloat { return view.contiguous() }
    let y = Tensor(uninitialized: view.shape)
    let size = count / Swift.max(shape[0], 1)
    for image in 0..<shape[0] {
      kernels.transpose_matrix(
        shape[1], shape[2] * shape[3], pointer + image * size, y.pointer + image * size)
    }
    return y
  }
}

/// How many numbers lie from one image, channel, row or column to the next.
struct ImageSteps {
  let image, channel, row, column: Int
}

extension swirl_convolution {
  /// The offset of the upper left number of every patch of some images.
  func corners(of images: Int, _ steps: ImageSteps) -> Indices {
    let positions = out_height * out_width
    return Indices(count: images * positions) { out in
      for i in out.indices {
        let (image, place) = i.quotientAndRemainder(dividingBy: positions)
        let (oy, ox) = place.quotientAndRemainder(dividingBy: out_width)
        out[i] = Int32(
          image * steps.image + oy * stride_y * steps.row + ox * stride_x * steps.column)
      }
    }
  }

  /// The offset of every number of a patch from its upper left one, in the order of a weight's.
  func taps(_ steps: ImageSteps) -> Indices {
    let depth = channels / groups * kernel_height * kernel_width
    return Indices(count: depth) { out in
      for i in out.indices {
        let (channel, place) = i.quotientAndRemainder(dividingBy: kernel_height * kernel_width)
        let (ky, kx) = place.quotientAndRemainder(dividingBy: kernel_width)
        out[i] = Int32(
          channel * steps.channel + ky * dilation_y * steps.row + kx * dilation_x * steps.column)
      }
    }
  }
}
