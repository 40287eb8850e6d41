import CKernels

/// Runs `body` with what tapes save for derivatives stored as `type`: memory for precision.
///
/// Values computed with are not touched; a derivative reads the saved tensor widened again. Parameters,
/// constants and small tensors are kept as they are, as are those an op marks as exact, such as
/// log-probabilities. Scopes nest; `.float32` switches narrowing off.
public func withStoragePrecision<R>(_ type: NumberType, _ body: () throws -> R) rethrows -> R {
  if type == .int32 || type == .uint8 {
    fail("withStoragePrecision", "\(type) cannot hold what a derivative reads")
  }
  let outer = swirl_storage_precision()
  let tape = swirl_current_tape().map { Unmanaged<Tape>.fromOpaque($0) }
  swirl_set_storage_precision(Int32(type.rawValue))
  tape?._withUnsafeGuaranteedRef { $0.precision = type }
  defer {
    swirl_set_storage_precision(outer)
    tape?._withUnsafeGuaranteedRef { $0.precision = NumberType(rawValue: UInt8(outer))! }
  }
  return try body()
}

/// Tensors below this count, such as moments of rows, are saved as they are.
private let smallestNarrowed = 256

extension Tape {
  /// Stores what the record saves narrowed, each tensor once for all records that save it.
  @inline(never)
  func narrow(_ record: UnsafeMutablePointer<Record>) {
    if record.pointee.isExact { return }
    if let x = record.pointee.x { record.pointee.x = narrowed(x) }
    if let y = record.pointee.y { record.pointee.y = narrowed(y) }
    if record.pointee.keepsResult, let z = record.pointee.z { record.pointee.z = narrowed(z) }
  }

  private func narrowed(_ tensor: Tensor) -> Tensor {
    guard tensor.type == .float32, tensor.count >= smallestNarrowed, isComputed(tensor.mark) else {
      return tensor
    }
    if let known = narrowCopies[tensor.mark], known.type == precision { return known }
    var copy = tensor.detached().converted(to: precision)
    copy.tangentMark = tensor.tangentMark
    narrowCopies[tensor.mark] = copy
    return copy
  }
}

extension Tensor {
  /// Itself, or Float32 where it is stored as a half.
  var widened: Tensor {
    @inline(__always) get { type == .float16 || type == .bfloat16 ? float32 : self }
  }

  /// As an op with many saved tensors stores one of them in the scope's precision; read it as `float32`.
  var narrowedForTape: Tensor {
    let type = NumberType(rawValue: UInt8(swirl_storage_precision()))!
    guard type != .float32, self.type == .float32, count >= smallestNarrowed else { return self }
    var copy = detached().converted(to: type)
    copy.tangentMark = tangentMark
    return copy
  }
}
