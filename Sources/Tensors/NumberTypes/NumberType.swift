import CKernels

/// How a tensor stores its numbers. Every op computes in Float32 and returns Float32.
public enum NumberType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case float32, float16, bfloat16, int32, uint8

  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .uint8: 1
    }
  }

  public var description: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int32: "int32"
    case .uint8: "uint8"
    }
  }
}

extension Tensor {
  /// The numbers in Float32: itself where it already stores that.
  public var float32: Tensor {
    @inline(__always) get { type == .float32 ? self : converted(to: .float32) }
  }

  /// The same numbers stored as `type`, rounded to the nearest (ties to even). Whole numbers are
  /// limited to their type's range, and NaN becomes 0. The gradient passes unchanged, in Float32.
  public func converted(to type: NumberType) -> Tensor {
    if type == self.type { return self }
    if self.type != .float32 && type != .float32 { return float32.converted(to: type) }
    let x = contiguous()
    let y = Tensor(uninitialized: shape, type: type)
    if type == .float32 {
      kernels.widen(Int32(self.type.rawValue), count, x.bytes, y.pointer)
    } else {
      kernels.narrow(Int32(type.rawValue), count, x.pointer, y.bytes)
    }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "converted", derivative: { _record, dy, gradients in gradients.add(dy, to: _record.a) },
        tangent: { _, tangents in tangents.a! }, a: self))
  }
}
