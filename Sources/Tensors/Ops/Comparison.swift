import CKernels

infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence

// Comparisons give 1 or 0 and carry no gradient; a NaN is unequal to everything and neither less nor
// greater. Shapes broadcast.
extension Tensor {
  /// 1 where a < b, else 0.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { a.combined(SWIRL_LESS, ".<", b) }
  /// 1 where a ≤ b, else 0.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor {
    a.combined(SWIRL_LESS_EQUAL, ".<=", b)
  }
  /// 1 where a > b, else 0.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { b.combined(SWIRL_LESS, ".>", a) }
  /// 1 where a ≥ b, else 0.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    b.combined(SWIRL_LESS_EQUAL, ".>=", a)
  }
  /// 1 where a = b, else 0.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { a.combined(SWIRL_EQUAL, ".==", b) }
  /// 1 where a ≠ b, else 0.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor {
    a.combined(SWIRL_NOT_EQUAL, ".!=", b)
  }

  public static func .< (a: Tensor, b: Float) -> Tensor { a .< Tensor(b) }
  public static func .<= (a: Tensor, b: Float) -> Tensor { a .<= Tensor(b) }
  public static func .> (a: Tensor, b: Float) -> Tensor { a .> Tensor(b) }
  public static func .>= (a: Tensor, b: Float) -> Tensor { a .>= Tensor(b) }
  public static func .== (a: Tensor, b: Float) -> Tensor { a .== Tensor(b) }
  public static func .!= (a: Tensor, b: Float) -> Tensor { a .!= Tensor(b) }

  /// 1 where the number is NaN, else 0.
  public func isNaN() -> Tensor { mapped(SWIRL_IS_NAN) }
  /// 1 where the number is neither infinite nor NaN, else 0.
  public func isFinite() -> Tensor { mapped(SWIRL_IS_FINITE) }

  /// 1 where any number over `axes` (all of them by default) is not 0, else 0; 0 over no numbers.
  public func any(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let found = (self .!= 0).sum(axes: axes, keepingDims: keepingDims)
    return found .> 0
  }

  /// 1 where no number over `axes` (all of them by default) is 0, else 0; 1 over no numbers.
  public func all(axes: [Int]? = nil, keepingDims: Bool = false) -> Tensor {
    let missing = (self .== 0).sum(axes: axes, keepingDims: keepingDims)
    return missing .== 0
  }

  /// `a` where `condition` is not 0, else `b`; the three broadcast. What is not chosen gets no gradient,
  /// however large or undefined its own derivative is.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    guard let pair = Shape.broadcast(a.shape, b.shape),
      let joint = Shape.broadcast(condition.shape, pair)
    else {
      fail("where", "shapes \(condition.shape), \(a.shape) and \(b.shape) do not broadcast")
    }
    func dense(_ x: Tensor, _ scalarsToo: Bool) -> Tensor {
      let x = x.detached().float32
      return scalarsToo && x.count == 1 ? x : x.broadcast(to: joint).contiguous()
    }
    let (chosen, left, right) = (dense(condition, false), dense(a, true), dense(b, true))
    let y = Tensor(uninitialized: joint)
    elementwise(y.count) { range in
      let start = range.lowerBound
      let (leftStep, rightStep) = (left.count == 1 ? 0 : 1, right.count == 1 ? 0 : 1)
      kernels.select(
        range.count, chosen.pointer + start, left.pointer + start * leftStep, Int32(leftStep),
        right.pointer + start * rightStep, Int32(rightStep), y.pointer + start)
    }
    guard let trace = Trace(a, b) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "where",
        derivative: { record, dy, gradients in
          gradients.add(
            Tensor.where(record.x, dy, Tensor(0)).summed(to: record.a.shape), to: record.a)
          gradients.add(
            Tensor.where(record.x, Tensor(0), dy).summed(to: record.b.shape), to: record.b)
        },
        tangent: { record, tangents in
          Tensor.where(record.x, tangents.a ?? Tensor(0), tangents.b ?? Tensor(0))
        }, a: a, b: b, x: chosen))
  }
}
