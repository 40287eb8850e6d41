import CKernels
import Synchronization

/// The value of `body` at `inputs` and its directional derivative there: the Jacobian times `tangents`.
///
/// One pass, at two to three times the cost of the value, without a tape. Forward mode composes with
/// reverse mode both ways: `body` may call `valueWithGradient`, which gives a Hessian times a vector,
/// and this function may be called in a differentiated region. It does not nest within itself.
///
/// ```swift
/// // The Hessian of f at x, times v:
/// let (gradient, product) = jacobianVectorProduct(at: [x], tangents: [v]) { x in
///   valueWithGradient(at: x[0], f).gradient
/// }
/// ```
///
/// - Parameter tangents: One direction an input, of the input's shape.
public func jacobianVectorProduct(
  at inputs: [Tensor], tangents: [Tensor], _ body: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, tangent: Tensor) {
  let (values, moves) = try jacobianVectorProducts(at: inputs, tangents: tangents) {
    [try body($0)]
  }
  return (values[0], moves[0])
}

/// As `jacobianVectorProduct(at:tangents:_:)` for a body with several results.
public func jacobianVectorProducts(
  at inputs: [Tensor], tangents: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
) rethrows -> (values: [Tensor], tangents: [Tensor]) {
  if inputs.count != tangents.count {
    fail("jacobianVectorProduct", "\(tangents.count) tangents for \(inputs.count) inputs")
  }
  let pass = ForwardPass.open()
  defer { pass.close() }
  let moving = zip(inputs, tangents).map { input, tangent in
    if input.shape != tangent.shape {
      fail(
        "jacobianVectorProduct",
        "a tangent of shape \(tangent.shape) does not fit an input of shape \(input.shape)")
    }
    return pass.attach(tangent, to: input)
  }
  let results = try body(moving)
  return (
    results.map { $0.withoutTangent() },
    results.map { pass.tangent(of: $0) ?? .zeros($0.shape) }
  )
}

/// The value of `body` at `model` and its derivative in the direction `tangents`, which stand in visit
/// order.
public func jacobianVectorProduct<M: Module>(
  at model: M, tangents: [Tensor], _ body: (M) throws -> Tensor
) rethrows -> (value: Tensor, tangent: Tensor) {
  try jacobianVectorProduct(at: model.parameters.map(\.value), tangents: tangents) { moving in
    try body(model.replacingParameters(moving))
  }
}

/// One forward-mode region: the tangent of every tensor that moves in it.
final class ForwardPass {
  private let id: UInt32
  private var tangents: [Tensor] = []

  private static let nextID = Atomic<UInt32>(1)

  /// Where an op's record is made when no tape wants it.
  let slot = UnsafeMutablePointer<Record>.allocate(capacity: 1)

  deinit { slot.deallocate() }

  private init() { id = Self.nextID.wrappingAdd(1, ordering: .relaxed).oldValue }

  static func open() -> ForwardPass {
    if swirl_current_forward() != nil {
      fail(
        "jacobianVectorProduct",
        "forward mode does not nest: take the inner derivative outside, or by reverse mode")
    }
    let pass = ForwardPass()
    swirl_set_current_forward(Unmanaged.passRetained(pass).toOpaque())
    return pass
  }

  func close() {
    swirl_set_current_forward(nil)
    Unmanaged.passUnretained(self).release()
  }

  static var current: ForwardPass? {
    swirl_current_forward().map { Unmanaged<ForwardPass>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The open pass if it moves any of the three, or nil.
  static func search(_ a: UInt32, _ b: UInt32, _ c: UInt32) -> ForwardPass? {
    guard let pass = current, a == pass.id || b == pass.id || c == pass.id else { return nil }
    return pass
  }

  /// Runs `body` as if nothing moved: tangents are themselves computed with ordinary ops.
  static func suspended<R>(_ body: () throws -> R) rethrows -> R {
    let open = swirl_current_forward()
    swirl_set_current_forward(nil)
    defer { swirl_set_current_forward(open) }
    return try body()
  }

  func tangent(of tensor: Tensor) -> Tensor? { tangent(tensor.tangentMark) }

  fileprivate func tangent(_ mark: Mark) -> Tensor? {
    mark.region == id && mark != 0 ? tangents[mark.position] : nil
  }

  fileprivate func append(_ tangent: Tensor) -> Mark {
    tangents.append(tangent.withoutTangent())
    return Mark(id) << 32 | Mark(tangents.count)
  }

  /// `tensor` moving in the direction `tangent`.
  func attach(_ tangent: Tensor, to tensor: Tensor) -> Tensor {
    var moving = tensor
    moving.tangentMark = append(tangent)
    return moving
  }

  /// Computes the tangent of an op's result and files it.
  func tangentMark(of record: Record, result: Tensor) -> Mark {
    let tangent = Self.suspended {
      withUnsafePointer(to: record) { pointer in
        let tangents = Tangents(pass: self, record: pointer)
        if let pointwise = record.pointwise {
          return pointwise(Saved(record: pointer), tangents.a!)
        }
        guard let rule = record.tangent else {
          fail(
            "\(record.name)",
            "has no tangent rule, so forward mode cannot pass it; give the function one")
        }
        return rule(Saved(record: pointer), tangents).broadcast(to: result.shape)
      }
    }
    return append(tangent)
  }
}

/// The tangents of an op's operands; nil for an operand that stands still.
struct Tangents {
  fileprivate let pass: ForwardPass
  fileprivate let record: UnsafePointer<Record>

  private func tangent(_ operand: Operand?) -> Tensor? {
    operand.flatMap { pass.tangent($0.tangentMark) }
  }

  var a: Tensor? { tangent(record.pointee.a) }
  var b: Tensor? { tangent(record.pointee.b) }
  var c: Tensor? { tangent(record.pointee.c) }
  /// The tangents of the operands in `many`.
  var many: [Tensor?] { record.pointee.many!.operands.map(tangent) }

  /// The sum of what the moving operands contribute; at least one moves.
  func sum(a first: (Tensor) -> Tensor, b second: (Tensor) -> Tensor) -> Tensor {
    switch (a, b) {
    case (let a?, let b?): first(a) + second(b)
    case (let a?, nil): first(a)
    case (nil, let b?): second(b)
    case (nil, nil): fail("\(record.pointee.name)", "no operand carries a tangent")
    }
  }
}

extension Tensor {
  /// Whether this tensor moves in the open forward pass.
  var carriesTangent: Bool {
    tangentMark != 0 && ForwardPass.search(tangentMark.region, 0, 0) != nil
  }

  /// Whether any of the tensors moves in the open forward pass: a fused op then computes its formula.
  static func carryTangents(_ tensors: Tensor?...) -> Bool {
    tensors.contains { $0?.carriesTangent ?? false }
  }

  /// This tensor standing still; a tape still tracks it.
  func withoutTangent() -> Tensor {
    var copy = self
    copy.tangentMark = 0
    return copy
  }
}
