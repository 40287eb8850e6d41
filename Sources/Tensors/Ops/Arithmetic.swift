import CKernels

// Two-operand elementwise ops with broadcasting as NumPy's: shapes are aligned at the last axis, and
// an axis of size 1 is repeated.
extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    let y = a.combined(SWIRL_ADD, "+", b)
    guard let trace = Trace(a, b) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "add",
        derivative: { record, dy, gradients in
          gradients.add(dy.summed(to: record.a.shape), to: record.a)
          gradients.add(dy.summed(to: record.b.shape), to: record.b)
        },
        tangent: { _, tangents in tangents.sum(a: { $0 }, b: { $0 }) }, a: a, b: b))
  }

  public static func - (a: Tensor, b: Tensor) -> Tensor {
    let y = a.combined(SWIRL_SUBTRACT, "-", b)
    guard let trace = Trace(a, b) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "subtract",
        derivative: { record, dy, gradients in
          gradients.add(dy.summed(to: record.a.shape), to: record.a)
          gradients.add((-dy).summed(to: record.b.shape), to: record.b)
        },
        tangent: { _, tangents in tangents.sum(a: { $0 }, b: { -$0 }) }, a: a, b: b))
  }

  public static func * (a: Tensor, b: Tensor) -> Tensor {
    let y = a.combined(SWIRL_MULTIPLY, "*", b)
    guard let trace = Trace(a, b) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "multiply",
        derivative: { record, dy, gradients in
          gradients.add((dy * record.y).summed(to: record.a.shape), to: record.a)
          gradients.add((dy * record.x).summed(to: record.b.shape), to: record.b)
        },
        tangent: { record, tangents in
          tangents.sum(a: { $0 * record.y }, b: { $0 * record.x })
        }, a: a, b: b, x: a, y: b))
  }

  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let y = a.combined(SWIRL_DIVIDE, "/", b)
    guard let trace = Trace(a, b) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "divide",
        derivative: { record, dy, gradients in
          let quotient = dy / record.y
          gradients.add(quotient.summed(to: record.a.shape), to: record.a)
          gradients.add(
            (-(quotient * (record.x / record.y))).summed(to: record.b.shape), to: record.b)
        },
        tangent: { record, tangents in
          tangents.sum(a: { $0 / record.y }, b: { -($0 / record.y * (record.x / record.y)) })
        }, a: a, b: b, x: a, y: b))
  }

  /// scale · x + shift in one pass, multiplied and added with one rounding where the processor fuses.
  public func scaled(by scale: Float, plus shift: Float = 0) -> Tensor {
    let x = float32.contiguous()
    let y = Tensor(uninitialized: shape)
    elementwise(count) { part in
      let start = part.lowerBound
      kernels.affine(part.count, x.pointer + start, scale, shift, y.pointer + start)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record("scaled", pointwise: { record, d in d.scaled(by: record.low) }, a: self, low: scale))
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
    let y = a.combined(SWIRL_MINIMUM, "minimum", b)
    guard let trace = Trace(a, b) else { return y }
    let first = (a .<= b).detached()
    return y.recorded(
      on: trace,
      Record(
        "minimum", derivative: derivativeOfChosen, tangent: tangentOfChosen, a: a, b: b, x: first))
  }

  /// The larger of the two; where they are equal, `a` receives the gradient. NaN if either is.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor {
    let y = a.combined(SWIRL_MAXIMUM, "maximum", b)
    guard let trace = Trace(a, b) else { return y }
    let first = (b .<= a).detached()
    return y.recorded(
      on: trace,
      Record(
        "maximum", derivative: derivativeOfChosen, tangent: tangentOfChosen, a: a, b: b, x: first))
  }

  // Of minimum and maximum: record.x is 1 where a was chosen.
  private static let derivativeOfChosen: Derivative = { record, dy, gradients in
    gradients.add((dy * record.x).summed(to: record.a.shape), to: record.a)
    gradients.add((dy * (1 - record.x)).summed(to: record.b.shape), to: record.b)
  }
  private static let tangentOfChosen: TangentRule = { record, tangents in
    tangents.sum(a: { $0 * record.x }, b: { $0 * (1 - record.x) })
  }

  /// op(self, other) of two tensors of one shape by its kernel, for derivatives; by `formula`, made of
  /// ordinary ops, where a forward pass or an outer tape follows either, which a kernel would drop.
  @inline(__always)
  func fused(_ op: swirl_binary, _ other: Tensor, _ formula: (Tensor, Tensor) -> Tensor) -> Tensor {
    if Trace(self, other) != nil { return formula(self, other) }
    return combined(op, "gradient", other)
  }

  /// op(self, other) with broadcasting, unrecorded.
  func combined(_ op: swirl_binary, _ name: StaticString, _ other: Tensor) -> Tensor {
    let code = Int32(op.rawValue)
    if shape == other.shape && isDenseFloat && other.isDenseFloat {
      let y = Tensor(uninitialized: shape)
      elementwise(count) { part in
        let start = part.lowerBound
        kernels.binary(
          code, part.count, pointer + start, 1, other.pointer + start, 1, y.pointer + start)
      }
      return y
    }
    if other.count == 1 && other.rank <= rank && isDenseFloat && other.type == .float32 {
      let y = Tensor(uninitialized: shape)
      elementwise(count) { part in
        let start = part.lowerBound
        kernels.binary(code, part.count, pointer + start, 1, other.pointer, 0, y.pointer + start)
      }
      return y
    }
    let (a, b) = (float32, other.float32)
    guard let joint = Shape.broadcast(shape, other.shape) else {
      fail("\(name)", "shapes \(shape) and \(other.shape) do not broadcast")
    }
    let y = Tensor(uninitialized: joint)
    joint.withSizes { sizes in
      a.strides(broadcastTo: joint).withSizes { left in
        b.strides(broadcastTo: joint).withSizes { right in
          swirl_binary_strided(
            code, Int32(joint.count), sizes, a.pointer, left, b.pointer, right, y.pointer)
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
