import CKernels

// Tensors put together and taken apart along an axis.
extension Tensor {
  /// The tensors one after another on `axis`; their other axes must agree.
  public static func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else { fail("concatenated", "there are no tensors") }
    let axis = first.shape.axis(axis, in: "concatenated")
    var sizes = first.shape
    sizes[axis] = 0
    for next in tensors {
      var joined = next.shape
      if next.rank == first.rank { joined[axis] = first.shape[axis] }
      if joined != first.shape {
        fail(
          "concatenated", "shapes \(first.shape) and \(next.shape) do not join on axis \(axis)")
      }
      sizes[axis] += next.shape[axis]
    }
    let y = Tensor(uninitialized: sizes)
    let inner = sizes[(axis + 1)...].reduce(1, *)
    var start = 0
    for next in tensors {
      let x = next.float32
      x.copy(to: y.pointer + start * inner, y.strides)
      start += next.shape[axis]
    }
    guard let trace = Trace(many: tensors) else { return y }
    let many = Many(operands: tensors)
    return y.recorded(
      on: trace,
      Record(
        "concatenated",
        derivative: { record, dy, gradients in
          var start = 0
          for operand in record.many.operands {
            let end = start + operand.shape[record.integer]
            gradients.add(dy.sliced(start..<end, axis: record.integer), to: operand)
            start = end
          }
        },
        tangent: { record, tangents in
          let pieces = zip(tangents.many, record.many.operands).map { $0 ?? .zeros($1.shape) }
          return .concatenated(pieces, axis: record.integer)
        }, integer: axis, many: many))
  }

  /// The tensors, all of one shape, side by side on a new axis.
  public static func stacked(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else { fail("stacked", "there are no tensors") }
    for next in tensors where next.shape != first.shape {
      fail("stacked", "shapes \(first.shape) and \(next.shape) differ")
    }
    return concatenated(tensors.map { $0.expandingDim(axis) }, axis: axis)
  }

  /// Parts of the given sizes along `axis`, as views.
  public func split(sizes: [Int], axis: Int = 0) -> [Tensor] {
    let axis = shape.axis(axis, in: "split")
    if sizes.reduce(0, +) != shape[axis] || sizes.contains(where: { $0 < 0 }) {
      fail("split", "sizes \(sizes) do not add up to axis \(axis) of shape \(shape)")
    }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return sliced(start..<start + size, axis: axis)
    }
  }

  /// Parts of `size` positions along `axis`, the last of which may be shorter.
  public func split(size: Int, axis: Int = 0) -> [Tensor] {
    let axis = shape.axis(axis, in: "split")
    if size < 1 { fail("split", "parts of size \(size) of a tensor of shape \(shape)") }
    return stride(from: 0, to: shape[axis], by: size).map {
      sliced($0..<Swift.min($0 + size, shape[axis]), axis: axis)
    }
  }

  /// `count` equal parts along `axis`, as views.
  public func chunked(_ count: Int, axis: Int = 0) -> [Tensor] {
    let axis = shape.axis(axis, in: "chunked")
    if count < 1 || shape[axis] % count != 0 {
      fail("chunked", "axis \(axis) of shape \(shape) has no \(count) equal parts")
    }
    return split(sizes: Array(repeating: shape[axis] / count, count: count), axis: axis)
  }

  /// This tensor `times[i]` over along each axis i; for more entries than axes, axes of size 1 are put
  /// before the first.
  public func repeated(_ times: [Int]) -> Tensor {
    if times.count < rank || times.contains(where: { $0 < 0 }) {
      fail("repeated", "\(times) does not say how often each axis of shape \(shape) is repeated")
    }
    var result = reshaped(
      to: Shape(Array(repeating: 1, count: times.count - rank) + Array(shape)))
    for (axis, count) in times.enumerated() where count != 1 {
      result =
        count == 0
        ? result.sliced(0..<0, axis: axis)
        : .concatenated(Array(repeating: result, count: count), axis: axis)
    }
    return result
  }

  /// The positions of `axis` moved `shift` further, those that fall off the end coming in again.
  public func rolled(by shift: Int, axis: Int = 0) -> Tensor {
    let axis = shape.axis(axis, in: "rolled")
    let length = shape[axis]
    if length == 0 { return self }
    let turn = (shift % length + length) % length
    if turn == 0 { return self }
    return .concatenated(
      [sliced(length - turn..<length, axis: axis), sliced(0..<length - turn, axis: axis)],
      axis: axis)
  }

  /// This tensor with `value` around it: `widths[i]` numbers before and after it on axis i.
  public func padded(_ widths: [(before: Int, after: Int)], value: Float = 0) -> Tensor {
    if widths.count != rank || widths.contains(where: { $0.before < 0 || $0.after < 0 }) {
      fail("padded", "the widths \(widths) do not fit a tensor of shape \(shape)")
    }
    var sizes = shape
    var start = 0
    for axis in 0..<rank { sizes[axis] += widths[axis].before + widths[axis].after }
    let y = Tensor(repeating: value, shape: sizes)
    for axis in 0..<rank { start += widths[axis].before * y.strides[axis] }
    if count > 0 { float32.copy(to: y.pointer + start, y.strides) }
    guard let trace = Trace(self) else { return y }
    let many = Many(operands: [self], numbers: widths.flatMap { [$0.before, $0.after] })
    return y.recorded(
      on: trace,
      Record(
        "padded",
        derivative: { record, dy, gradients in
          let shape = record.many.operands[0].shape
          var window = dy
          for axis in 0..<shape.count {
            let before = record.many.numbers[2 * axis]
            window = window.sliced(before..<before + shape[axis], axis: axis)
          }
          gradients.add(window, to: record.many.operands[0])
        },
        tangent: { record, tangents in
          let numbers = record.many.numbers
          return tangents.many[0]!.padded(
            stride(from: 0, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) })
        }, many: many))
  }

  /// This tensor with zeros before and after it on one axis.
  public func padded(axis: Int, before: Int, after: Int) -> Tensor {
    let axis = shape.axis(axis, in: "padded")
    var widths = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
    widths[axis] = (before, after)
    return padded(widths)
  }

  /// Copies the numbers, in Float32 and with any strides, to where `strides` says.
  func copy(to target: UnsafeMutablePointer<Float>, _ strides: Shape) {
    shape.withSizes { sizes in
      self.strides.withSizes { from in
        strides.withSizes { swirl_copy_between(Int32(rank), sizes, from, pointer, $0, target) }
      }
    }
  }
}
