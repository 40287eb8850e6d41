/// How an op's gradient reaches its operands: adds to `gradients` what each tracked operand receives
/// when the op's result receives `gradient`. A function without captures, so that it costs no object.
typealias Derivative =
  @Sendable (_ record: Saved, _ gradient: Tensor, _ gradients: inout Gradients)
  -> Void

/// How a result moves when its operands move: the tangent of an op's result, from its operands'.
/// What it returns is broadcast to the result's shape. A function without captures.
typealias TangentRule = @Sendable (_ record: Saved, _ tangents: Tangents) -> Tensor

/// The derivative and the tangent rule at once of an op on one operand whose Jacobian is diagonal: the
/// product of that diagonal with `direction`, which is the result's gradient or the operand's tangent.
typealias Pointwise = @Sendable (_ record: Saved, _ direction: Tensor) -> Tensor

/// Which region tracks a tensor and as what: the region's number and the entry's, or 0 for a constant.
typealias Mark = UInt64

extension Mark {
  var region: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
  /// The entry's position in its region's list.
  var position: Int { Int(UInt32(truncatingIfNeeded: self)) - 1 }
}

/// An operand as a region knows it: where its gradient goes, whence its tangent comes, and the shape
/// both must have.
struct Operand: Sendable {
  let mark: Mark
  let tangentMark: Mark
  let shape: Shape

  @inline(__always)
  init(_ tensor: Tensor) {
    mark = tensor.mark
    tangentMark = tensor.tangentMark
    shape = tensor.shape
  }
}

/// Operands and saved values of an op that has more of them than a record has room for.
final class Many: Sendable {
  let operands: [Operand]
  let saved: [Tensor]
  let numbers: [Int]
  let scalars: [Float]
  let indices: [Indices]
  /// The derivative and the tangent rule of a user's own function.
  let custom: CustomRules?

  init(
    operands: [Tensor], saved: [Tensor] = [], numbers: [Int] = [], scalars: [Float] = [],
    indices: [Indices] = [], custom: CustomRules? = nil
  ) {
    self.operands = operands.map(Operand.init)
    self.saved = saved
    self.numbers = numbers
    self.scalars = scalars
    self.indices = indices
    self.custom = custom
  }
}

/// One op as a region remembers it: a plain struct, no closure. It saves the tensors its derivative
/// reads and no others; what a tape saves is constant to it.
struct Record: Sendable {
  let name: StaticString
  /// Null for a leaf, a tensor whose gradient was asked for, and where `pointwise` says it all.
  let derivative: Derivative?
  let tangent: TangentRule?
  let pointwise: Pointwise?
  /// The derivative is a kernel without tangents of its own: linear in the gradient, and no operand
  /// carries a tangent, since the op was then computed by its formula.
  let isFused: Bool
  /// The op's result is kept in `z`.
  let keepsResult: Bool
  /// What is saved stays in Float32 where the scope asks for narrower storage.
  let isExact: Bool
  let a: Operand?
  let b: Operand?
  let c: Operand?
  var x: Tensor?
  var y: Tensor?
  var z: Tensor?
  let indices: Indices?
  let shape: Shape
  let integer: Int
  let low: Float
  let high: Float
  var many: Many?

  mutating func forgetTensors() {
    x = nil
    y = nil
    z = nil
    many = nil
  }

  /// Makes what is saved constant to the tape, so that a derivative's ops are not recorded on it.
  @inline(__always)
  mutating func stripMarks() {
    x?.mark = 0
    y?.mark = 0
    z?.mark = 0
  }
}

// Here, where they delegate to the memberwise initialiser, which builds a record in place.
extension Record {
  /// - Parameters:
  ///   - a: The operands, `a` to `c`; more of them stand in `many`.
  ///   - x: The tensors the derivative reads, `x` to `z`, as they are: the tape strips their marks.
  ///   - keepsResult: Saves the op's result, which `Saved.result` returns; it takes the place of `z`.
  ///   - fused: See `isFused`.
  ///   - exact: See `isExact`.
  @inline(__always)
  init(
    _ name: StaticString, derivative: Derivative?, tangent: TangentRule? = nil,
    pointwise: Pointwise? = nil, a: Tensor? = nil, b: Tensor? = nil, c: Tensor? = nil,
    x: Tensor? = nil, y: Tensor? = nil, z: Tensor? = nil, indices: Indices? = nil,
    shape: Shape = Shape(), integer: Int = 0, low: Float = 0, high: Float = 0,
    keepsResult: Bool = false, fused: Bool = false, exact: Bool = false, many: Many? = nil
  ) {
    self.init(
      name: name, derivative: derivative, tangent: tangent, pointwise: pointwise, isFused: fused,
      keepsResult: keepsResult, isExact: exact, a: a.map(Operand.init), b: b.map(Operand.init),
      c: c.map(Operand.init), x: x, y: y, z: z, indices: indices, shape: shape, integer: integer,
      low: low, high: high, many: many)
  }

  /// An op on one operand whose derivative and tangent are one product; see `Pointwise`.
  @inline(__always)
  init(
    _ name: StaticString, pointwise: @escaping Pointwise, a: Tensor, x: Tensor? = nil,
    low: Float = 0, high: Float = 0, keepsResult: Bool = false
  ) {
    self.init(
      name, derivative: nil, pointwise: pointwise, a: a, x: x, low: low, high: high,
      keepsResult: keepsResult)
  }

  /// A leaf.
  init(leaf name: StaticString) { self.init(name, derivative: nil) }
}

/// A record where it lies, so that a derivative reads it without copying it.
struct Saved {
  private let record: UnsafePointer<Record>

  init(record: UnsafePointer<Record>) { self.record = record }

  var a: Operand { record.pointee.a! }
  var b: Operand { record.pointee.b! }
  var c: Operand? { record.pointee.c }
  /// The saved tensors, as the op chose them; halves are widened.
  var x: Tensor { record.pointee.x!.widened }
  var y: Tensor { record.pointee.y!.widened }
  var z: Tensor { record.pointee.z!.widened }
  /// As `y`, in the type it is stored in: a weight that products read as it is.
  var storedY: Tensor { record.pointee.y! }
  /// The op's result, where the record keeps it.
  var result: Tensor { record.pointee.z!.widened }
  var indices: Indices { record.pointee.indices! }
  var shape: Shape { record.pointee.shape }
  var integer: Int { record.pointee.integer }
  var low: Float { record.pointee.low }
  var high: Float { record.pointee.high }
  var many: Many { record.pointee.many! }
}
