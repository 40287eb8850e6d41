import CKernels

// Orders of numbers along an axis. NaN stands above all numbers, and equal numbers keep their order.
extension Tensor {
  /// The position of the largest number along `axis`, the first of equal ones, in row-major order of the
  /// other axes.
  public func argmax(axis: Int = -1) -> Indices {
    extremePositions("argmax", axis, smallest: false)
  }

  /// The position of the smallest number along `axis`; see `argmax`.
  public func argmin(axis: Int = -1) -> Indices { extremePositions("argmin", axis, smallest: true) }

  private func extremePositions(_ name: StaticString, _ axis: Int, smallest: Bool) -> Indices {
    let axis = shape.axis(axis, in: "\(name)")
    let (x, rows, length) = lines(along: axis)
    if length == 0 && rows > 0 {
      fail("\(name)", "has no value over the empty axis \(axis) of a tensor of shape \(shape)")
    }
    return Indices(count: rows) { positions in
      swirl_extreme_positions(rows, length, x.pointer, smallest ? 1 : 0, positions.baseAddress)
    }
  }

  /// The positions along `axis` that sort it, stable, in the layout of this tensor.
  public func sortingOrder(axis: Int = -1, descending: Bool = false) -> Indices {
    let axis = shape.axis(axis, in: "sortingOrder")
    return positions(along: axis, count: shape[axis]) { length, x, order, scratch in
      swirl_sort_row(length, x, descending ? 1 : 0, order, scratch)
    }
  }

  /// The numbers sorted along `axis`, stable, and where each stood. Gradients flow to where it stood.
  public func sorted(axis: Int = -1, descending: Bool = false) -> (
    values: Tensor, positions: Indices
  ) {
    let axis = shape.axis(axis, in: "sorted")
    let order = sortingOrder(axis: axis, descending: descending)
    return (gather(order, axis: axis, count: shape[axis]), order)
  }

  /// The `k` largest (or smallest) numbers along `axis`, in order, and where each stood.
  public func topK(_ k: Int, axis: Int = -1, largest: Bool = true) -> (
    values: Tensor, positions: Indices
  ) {
    let axis = shape.axis(axis, in: "topK")
    if k < 0 || k > shape[axis] {
      fail("topK", "there are no \(k) numbers along axis \(axis) of a tensor of shape \(shape)")
    }
    let found = positions(along: axis, count: k) { length, x, positions, scratch in
      if k > length / 8 && k > 32 {
        // Then sorting all is no slower than keeping a heap.
        let all = scratch + 4 * length
        swirl_sort_row(length, x, largest ? 1 : 0, all, scratch)
        positions.update(from: all, count: k)
      } else {
        swirl_top_row(length, k, x, largest ? 0 : 1, positions, scratch)
      }
    }
    return (gather(found, axis: axis, count: k), found)
  }

  /// This tensor with `axis` last, dense and constant, as rows.
  func lines(along axis: Int) -> (x: Tensor, rows: Int, length: Int) {
    let constant = detached().float32
    let length = shape[axis]
    let rows = length == 0 ? around(axis).outer * around(axis).inner : count / length
    if axis == rank - 1 { return (constant.contiguous(), rows, length) }
    let order = (0..<rank).filter { $0 != axis } + [axis]
    return (constant.permuted(order).contiguous(), rows, length)
  }

  /// `count` positions of every line along `axis`, as `body` writes them, in the layout of a tensor of
  /// this shape with `count` positions along `axis`.
  private func positions(
    along axis: Int, count size: Int,
    _ body: (
      Int, UnsafePointer<Float>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
    ) -> Void
  ) -> Indices {
    let (x, rows, length) = lines(along: axis)
    var sizes = Shape()
    for other in 0..<rank where other != axis { sizes.append(shape[other]) }
    sizes.append(size)
    let found = Tensor(uninitialized: sizes, type: .int32)
    let target = found.bytes.assumingMemoryBound(to: Int32.self)
    parallelRows(rows, work: 16 * rows * length) { range in
      // Two entries of eight bytes a number, then the order of all.
      let scratch = Storage(byteCount: 20 * length)
      let space = scratch.pointer.assumingMemoryBound(to: Int32.self)
      withExtendedLifetime(scratch) {
        for row in range { body(length, x.pointer + row * length, target + row * size, space) }
      }
    }
    if axis == rank - 1 { return Indices(storage: found.storage, count: found.count) }
    var order = Array(0..<rank - 1)
    order.insert(rank - 1, at: axis)
    return Indices(storage: found.permuted(order).contiguous().storage, count: found.count)
  }
}

extension Indices {
  fileprivate init(storage: Storage, count: Int) {
    self.storage = storage
    self.count = count
  }
}
