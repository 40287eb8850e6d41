import CKernels

infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .== : ComparisonPrecedence

// Two-operand elementwise ops with broadcasting as NumPy's: shapes are aligned at the last axis, and
// an axis of size 1 is repeated.
extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    a.binary(SWIRL_ADD, "+", b) { record, dy, gradients in
      gradients.add(dy.summed(to: record.a.shape), to: record.a)
      gradients.add(dy.summed(to: record.b.shape), to: record.b)
    }
  }

  public static func - (a: Tensor, b: Tensor) -> Tensor {
    a.binary(SWIRL_SUBTRACT, "-", b) { record, dy, gradients in
      gradients.add(dy.summed(to: record.a.shape), to: record.a)
      gradients.add((-dy).summed(to: record.b.shape), to: record.b)
    }
  }

  public static func * (a: Tensor, b: Tensor) -> Tensor {
    a.binary(SWIRL_MULTIPLY, "*", b) { record, dy, gradients in
      gradients.add((dy * record.y).summed(to: record.a.shape), to: record.a)
      gradients.add((dy * record.x).summed(to: record.b.shape), to: record.b)
    }
  }

  public static func / (a: Tensor, b: Tensor) -> Tensor {
    a.binary(SWIRL_DIVIDE, "/", b) { record, dy, gradients in
      let quotient = dy / record.y
      gradients.add(quotient.summed(to: record.a.shape), to: record.a)
      gradients.add(
        (-(quotient * (record.x / record.y))).summed(to: record.b.shape),
        to: record.b)
    }
  }

  /// scale · x + shift in one pass, multiplied and added with one rounding where the processor fuses.
  public func scaled(by scale: Float, plus shift: Float = 0) -> Tensor {
    let x = contiguous()
    let y = Tensor(uninitialized: shape)
    kernels.affine(count, x.pointer, scale, shift, y.pointer)
    guard let tape = Tape.tracking(mark) else { return y }
    let record = Record(
      derivative: { record, dy, gradients in
        gradients.add(dy.scaled(by: record.low), to: record.a)
      }, a: Operand(self), low: scale)
    return y.recorded(on: tape, record)
  }

  public static func + (a: Tensor, b: Float) -> Tensor { a.scaled(by: 1, plus: b) }
  public static func + (a: Float, b: Tensor) -> Tensor { b.scaled(by: 1, plus: a) }
  public static func - (a: Tensor, b: Float) -> Tensor { a.scaled(by: 1, plus: -b) }
  public static func - (a: Float, b: Tensor) -> Tensor { b.scaled(by: -1, plus: a) }
  public static func * (a: Tensor, b: Float) -> Tensor { a.scaled(by: b) }
  public static func * (a: Float, b: Tensor) -> Tensor { b.scaled(by: a) }
  public static func / (a: Tensor, b: Float) -> Tensor { a / Tensor(b) }
  public static func / (a: Float, b: Tensor) -> Tensor { Tensor(a) / b }

  /// The smaller of the two; where they are equal, `a` receives the gradient. NaN if either is.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
    a.binary(SWIRL_MINIMUM, "minimum", b) { record, dy, gradients in
      let first = record.x .<= record.y
      gradients.add((dy * first).summed(to: record.a.shape), to: record.a)
      gradients.add((dy * (1 - first)).summed(to: record.b.shape), to: record.b)
    }
  }

  /// The larger of the two; where they are equal, `a` receives the gradient. NaN if either is.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    a.binary(SWIRL_MAXIMUM, "maximum", b) { record, dy, gradients in
      let first = record.y .<= record.x
      gradients.add((dy * first).summed(to: record.a.shape), to: record.a)
      gradients.add((dy * (1 - first)).summed(to: record.b.shape), to: record.b)
    }
  }

  /// 1 where a < b, else 0. No gradient flows through a comparison.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { a.broadcasting(SWIRL_LESS, ".<", b) }
  /// 1 where a ≤ b, else 0.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor {
    a.broadcasting(SWIRL_LESS_EQUAL, ".<=", b)
  }
  /// 1 where a = b, else 0.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { a.broadcasting(SWIRL_EQUAL, ".==", b) }

  private func binary(
    _ op: swirl_binary, _ name: StaticString, _ other: Tensor, _ derivative: @escaping Derivative
  ) -> Tensor {
    let y = broadcasting(op, name, other)
    guard let tape = Tape.tracking(mark, other.mark) else { return y }
    var record = Record(derivative: derivative, a: Operand(self), b: Operand(other))
    // Sums need only the shapes.
    if op != SWIRL_ADD && op != SWIRL_SUBTRACT {
      record.x = detached()
      record.y = other.detached()
    }
    return y.recorded(on: tape, record)
  }

  /// op(self, other) of two tensors of one shape, unrecorded: for derivatives.
  func combined(_ op: swirl_binary, _ other: Tensor) -> Tensor {
    broadcasting(op, "gradient", other)
  }

  private func broadcasting(_ op: swirl_binary, _ name: StaticString, _ other: Tensor) -> Tensor {
    let code = Int32(op.rawValue)
    if shape == other.shape && isContiguous && other.isContiguous {
      let y = Tensor(uninitialized: shape)
      kernels.binary(code, count, pointer, 1, other.pointer, 1, y.pointer)
      return y
    }
    guard let joint = Shape.broadcast(shape, other.shape) else {
      fail("\(name)", "shapes \(shape) and \(other.shape) do not broadcast")
    }
    let y = Tensor(uninitialized: joint)
    joint.withSizes { sizes in
      strides(broadcastTo: joint).withSizes { left in
        other.strides(broadcastTo: joint).withSizes { right in
          swirl_binary_strided(
            code, Int32(joint.count), sizes, pointer, left, other.pointer, right, y.pointer)
        }
      }
    }
    return y
  }

  /// The strides with which this tensor is read as one of shape `target`: 0 on every repeated axis.
  func strides(broadcastTo target: Shape) -> Shape {
    var result = target
    let lead = target.count - rank
    for axis in 0..<target.count {
      let own = axis - lead
      result.sizes[axis] =
        own < 0 || (shape[own] == 1 && target[axis] != 1) ? 0 : strides.sizes[own]
    }
    return result
  }

  /// The gradient of a broadcast: sums the repeated axes of this tensor away.
  func summed(to target: Shape) -> Tensor {
    if shape == target { return self }
    let lead = rank - target.count
    var axes: [Int] = []
    for axis in 0..<rank where axis < lead || (target[axis - lead] == 1 && shape[axis] != 1) {
      axes.append(axis)
    }
    return sum(axes: axes).reshaped(to: target)
  }
}

extension Shape {
  /// The shape two shapes broadcast to, or nil when they do not.
  static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    var result = Shape()
    let rank = Swift.max(a.count, b.count)
    for axis in 0..<rank {
      let left = axis - (rank - a.count)
      let right = axis - (rank - b.count)
      let m = left < 0 ? 1 : a[left]
      let n = right < 0 ? 1 : b[right]
      if m != n && m != 1 && n != 1 { return nil }
      result.append(m == 1 ? n : m)
    }
    return result
  }
}
