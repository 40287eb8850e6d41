import CKernels

// Ops that move no numbers, or only move them: views share storage, and a write to one copies first.
extension Tensor {
  /// The same numbers under another shape; one size may be −1 and is inferred.
  public func reshaped(_ sizes: [Int]) -> Tensor {
    let known = sizes.filter { $0 != -1 }.reduce(1, *)
    let inferred = known == 0 ? 0 : count / known
    return reshaped(to: Shape(sizes.map { $0 == -1 ? inferred : $0 }))
  }

  /// The same numbers under another shape of as many elements.
  public func reshaped(to target: Shape) -> Tensor {
    if target == shape { return self }
    if target.elementCount != count {
      fail("reshaped", "a tensor of shape \(shape) does not fill the shape \(target)")
    }
    let x = contiguous()
    let y = Tensor(
      view: x.storage, offset: x.offset, shape: target, strides: target.contiguousStrides,
      type: type)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "reshaped",
        derivative: { record, dy, gradients in
          gradients.add(dy.reshaped(to: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.reshaped(to: record.shape) }, a: self,
        shape: target))
  }

  /// The axes in another order: axis i of the result is axis `order[i]` of this tensor.
  public func permuted(_ order: [Int]) -> Tensor {
    if order.count != rank || Set(order).count != rank
      || order.contains(where: { $0 < 0 || $0 >= rank })
    {
      fail("permuted", "\(order) is not an order of the axes of a tensor of shape \(shape)")
    }
    var sizes = Shape()
    var steps = Shape()
    var inverse = [Int](repeating: 0, count: rank)
    for (position, axis) in order.enumerated() {
      sizes.append(shape[axis])
      steps.append(strides[axis])
      inverse[axis] = position
    }
    let y = Tensor(view: storage, offset: offset, shape: sizes, strides: steps, type: type)
    guard let trace = Trace(self) else { return y }
    var packed = Shape()
    for axis in inverse { packed.append(axis) }
    return y.recorded(
      on: trace,
      Record(
        "permuted",
        derivative: { record, dy, gradients in
          gradients.add(dy.permuted(Array(record.shape)), to: record.a)
        },
        tangent: { record, tangents in
          let inverse = record.shape
          return tangents.a!.permuted(inverse.indices.map { inverse.firstIndex(of: $0)! })
        }, a: self, shape: packed))
  }

  /// The last two axes exchanged.
  public func transposed() -> Tensor {
    if rank < 2 { fail("transposed", "a tensor of shape \(shape) has no two axes") }
    var order = Array(0..<rank)
    order.swapAt(rank - 1, rank - 2)
    return permuted(order)
  }

  /// This tensor repeated to `target` without a copy: repeated axes have stride 0.
  public func broadcast(to target: Shape) -> Tensor {
    if target == shape { return self }
    guard Shape.broadcast(shape, target) == target else {
      fail("broadcast", "shape \(shape) does not broadcast to \(target)")
    }
    let y = Tensor(
      view: storage, offset: offset, shape: target, strides: strides(broadcastTo: target),
      type: type)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "broadcast",
        derivative: { record, dy, gradients in
          gradients.add(dy.summed(to: record.a.shape), to: record.a)
        },
        tangent: { _, tangents in tangents.a! }, a: self))
  }

  /// The positions `range` of `axis`, as a view.
  public func sliced(_ range: Range<Int>, axis: Int = 0) -> Tensor {
    let axis = shape.axis(axis, in: "sliced")
    if range.lowerBound < 0 || range.upperBound > shape[axis] {
      fail("sliced", "\(range) is outside axis \(axis) of a tensor of shape \(shape)")
    }
    var sizes = shape
    sizes[axis] = range.count
    let y = Tensor(
      view: storage, offset: offset + range.lowerBound * strides[axis], shape: sizes,
      strides: strides, type: type)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "sliced",
        derivative: { record, dy, gradients in
          let (start, axis) = (record.shape[0], record.integer)
          let after = record.a.shape[axis] - start - dy.shape[axis]
          gradients.add(dy.padded(axis: axis, before: start, after: after), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.sliced(record.shape[0]..<record.shape[1], axis: record.integer)
        }, a: self, shape: Shape(range.lowerBound, range.upperBound), integer: axis))
  }

  /// This tensor with zeros before and after it on one axis.
  public func padded(axis: Int, before: Int, after: Int) -> Tensor {
    let axis = shape.axis(axis, in: "padded")
    var pieces: [Tensor] = []
    var sizes = shape
    if before > 0 {
      sizes[axis] = before
      pieces.append(.zeros(sizes))
    }
    pieces.append(self)
    if after > 0 {
      sizes[axis] = after
      pieces.append(.zeros(sizes))
    }
    return .concatenated(pieces, axis: axis)
  }

  /// The tensors one after another on `axis`; their other axes must agree.
  public static func concatenated(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard var result = tensors.first else { fail("concatenated", "there are no tensors") }
    for next in tensors.dropFirst() { result = joined(result, next, axis: axis) }
    return result
  }

  private static func joined(_ a: Tensor, _ b: Tensor, axis: Int) -> Tensor {
    let axis = a.shape.axis(axis, in: "concatenated")
    var sizes = a.shape
    sizes[axis] = a.shape[axis] + (b.rank == a.rank ? b.shape[axis] : 0)
    for other in 0..<a.rank
    where b.rank != a.rank || (other != axis && a.shape[other] != b.shape[other]) {
      fail("concatenated", "shapes \(a.shape) and \(b.shape) do not join on axis \(axis)")
    }
    let y = Tensor(uninitialized: sizes)
    let outer = a.shape.prefix(axis).reduce(1, *)
    let left = a.count / Swift.max(outer, 1)
    let right = b.count / Swift.max(outer, 1)
    let x = a.float32.contiguous()
    let z = b.float32.contiguous()
    for row in 0..<outer {
      let start = y.pointer + row * (left + right)
      start.update(from: x.pointer + row * left, count: left)
      (start + left).update(from: z.pointer + row * right, count: right)
    }
    guard let trace = Trace(a, b) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "concatenated",
        derivative: { record, dy, gradients in
          let axis = record.integer
          let split = record.a.shape[axis]
          gradients.add(dy.sliced(0..<split, axis: axis), to: record.a)
          gradients.add(dy.sliced(split..<dy.shape[axis], axis: axis), to: record.b)
        },
        tangent: { record, tangents in
          joined(
            tangents.a ?? .zeros(record.a.shape), tangents.b ?? .zeros(record.b.shape),
            axis: record.integer)
        }, a: a, b: b, integer: axis))
  }
}
