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

  /// A new axis of size 1 at `axis`, counted in the result, as a view.
  public func expandingDim(_ axis: Int) -> Tensor {
    let place = axis < 0 ? axis + rank + 1 : axis
    if place < 0 || place > rank {
      fail("expandingDim", "there is no place \(axis) for a new axis of a tensor of shape \(shape)")
    }
    return viewed(
      "expandingDim", Array(shape[..<place]) + [1] + Array(shape[place...]),
      Array(strides[..<place]) + [1] + Array(strides[place...]))
  }

  /// Without the axis `axis`, which must be of size 1, or without all such axes, as a view.
  public func squeezed(_ axis: Int? = nil) -> Tensor {
    let chosen = axis.map { shape.axis($0, in: "squeezed") }
    if let chosen, shape[chosen] != 1 {
      fail("squeezed", "axis \(chosen) of a tensor of shape \(shape) is not of size 1")
    }
    let kept = (0..<rank).filter { chosen == nil ? shape[$0] != 1 : $0 != chosen }
    return viewed("squeezed", kept.map { shape[$0] }, kept.map { strides[$0] })
  }

  /// The same numbers in the same order under axes that differ by some of size 1.
  private func viewed(_ name: StaticString, _ sizes: [Int], _ steps: [Int]) -> Tensor {
    var (target, strides) = (Shape(), Shape())
    for (size, step) in zip(sizes, steps) {
      target.append(size)
      strides.append(step)
    }
    let y = Tensor(view: storage, offset: offset, shape: target, strides: strides, type: type)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        name,
        derivative: { record, dy, gradients in
          gradients.add(dy.reshaped(to: record.a.shape), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.reshaped(to: record.shape) }, a: self,
        shape: target))
  }

  /// Every `step`-th of the positions `range` of `axis`, from its first, as a view.
  public func sliced(_ range: Range<Int>, axis: Int = 0, by step: Int = 1) -> Tensor {
    let axis = shape.axis(axis, in: "sliced")
    if range.lowerBound < 0 || range.upperBound > shape[axis] || step < 1 {
      fail(
        "sliced", "\(range) by \(step) does not fit axis \(axis) of a tensor of shape \(shape)")
    }
    var sizes = shape
    sizes[axis] = (range.count + step - 1) / step
    var steps = strides
    if step != 1 { steps[axis] *= step }
    let y = Tensor(
      view: storage, offset: offset + range.lowerBound * strides[axis], shape: sizes,
      strides: steps, type: type)
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "sliced",
        derivative: { record, dy, gradients in
          gradients.add(
            dy.spread(
              axis: record.integer, from: record.shape[0], by: record.shape[2],
              length: record.a.shape[record.integer]), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.sliced(
            record.shape[0]..<record.shape[1], axis: record.integer, by: record.shape[2])
        }, a: self, shape: Shape([range.lowerBound, range.upperBound, step]), integer: axis))
  }

  /// The transpose of `sliced`: this tensor at every `step`-th position of `axis`, zeros elsewhere.
  func spread(axis: Int, from start: Int, by step: Int, length: Int) -> Tensor {
    var sizes = shape
    sizes[axis] = length
    let y = Tensor(uninitialized: sizes)
    var steps = y.strides
    // Zeros only where nothing is copied to: a slice is often nearly the whole.
    let block = length * steps[axis]
    let (first, last) = (start * steps[axis], (start + shape[axis]) * steps[axis])
    if step > 1 || count == 0 {
      y.pointer.update(repeating: 0, count: y.count)
    } else {
      for offset in stride(from: 0, to: y.count, by: block) {
        (y.pointer + offset).update(repeating: 0, count: first)
        (y.pointer + offset + last).update(repeating: 0, count: block - last)
      }
    }
    steps[axis] *= step
    if count > 0 { copy(to: y.pointer + start * y.strides[axis], steps) }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "spread",
        derivative: { record, dy, gradients in
          let (start, axis) = (record.shape[0], record.integer)
          gradients.add(
            dy.sliced(
              start..<Swift.min(
                start + record.a.shape[axis] * record.shape[1], dy.shape[axis]), axis: axis,
              by: record.shape[1]), to: record.a)
        },
        tangent: { record, tangents in
          tangents.a!.spread(
            axis: record.integer, from: record.shape[0], by: record.shape[1],
            length: record.shape[2])
        }, a: self, shape: Shape([start, step, length]), integer: axis))
  }

  /// The positions of each of `axes` in reverse order.
  public func flipped(axes: [Int]) -> Tensor {
    var steps = strides
    var start = offset
    for axis in axes.map({ shape.axis($0, in: "flipped") }) {
      start += Swift.max(shape[axis] - 1, 0) * steps[axis]
      steps[axis] = -steps[axis]
    }
    let mirror = Tensor(view: storage, offset: start, shape: shape, strides: steps, type: type)
    let y = Tensor(uninitialized: shape)
    if count > 0 { mirror.float32.copy(to: y.pointer, y.strides) }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "flipped",
        derivative: { record, dy, gradients in
          gradients.add(dy.flipped(axes: Array(record.shape)), to: record.a)
        },
        tangent: { record, tangents in tangents.a!.flipped(axes: Array(record.shape)) }, a: self,
        shape: Shape(axes.map { shape.axis($0, in: "flipped") })))
  }
}
