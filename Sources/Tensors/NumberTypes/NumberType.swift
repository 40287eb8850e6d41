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
    let x = contiguous()
    let y = Tensor(uninitialized: shape, type: type)
    x.withNumbers { read in y.write { read($0) } }
    guard let trace = Trace(self) else { return y }
    return y.recorded(
      on: trace,
      Record(
        "converted", derivative: { _record, dy, gradients in gradients.add(dy, to: _record.a) },
        tangent: { _, tangents in tangents.a! }, a: self))
  }

  /// Calls `body` with a function that reads element i of a dense tensor.
  private func withNumbers(_ body: ((Int) -> Float) -> Void) {
    let bytes = UnsafeRawPointer(self.bytes)
    switch type {
    case .float32: body { bytes.load(fromByteOffset: 4 * $0, as: Float.self) }
    case .float16: body { Float(bytes.load(fromByteOffset: 2 * $0, as: Float16.self)) }
    case .bfloat16:
      body {
        Float(bitPattern: UInt32(bytes.load(fromByteOffset: 2 * $0, as: UInt16.self)) << 16)
      }
    case .int32: body { Float(bytes.load(fromByteOffset: 4 * $0, as: Int32.self)) }
    case .uint8: body { Float(bytes.load(fromByteOffset: $0, as: UInt8.self)) }
    }
  }

  /// Writes `number(i)` to every element i of a dense tensor.
  private func write(_ number: (Int) -> Float) {
    let bytes = self.bytes
    for i in 0..<count {
      let x = number(i)
      switch type {
      case .float32: bytes.storeBytes(of: x, toByteOffset: 4 * i, as: Float.self)
      case .float16: bytes.storeBytes(of: Float16(x), toByteOffset: 2 * i, as: Float16.self)
      case .bfloat16:
        let bits = x.bitPattern
        let rounded =
          x.isNaN ? (bits >> 16) | 0x40 : (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16
        bytes.storeBytes(
          of: UInt16(truncatingIfNeeded: rounded), toByteOffset: 2 * i, as: UInt16.self)
      case .int32:
        let limited =
          x.isNaN
          ? 0 : Swift.min(Swift.max(Double(x).rounded(.toNearestOrEven), -0x8000_0000), 0x7fff_ffff)
        bytes.storeBytes(of: Int32(limited), toByteOffset: 4 * i, as: Int32.self)
      case .uint8:
        let limited = x.isNaN ? 0 : Swift.min(Swift.max(x.rounded(.toNearestOrEven), 0), 255)
        bytes.storeBytes(of: UInt8(limited), toByteOffset: i, as: UInt8.self)
      }
    }
  }
}
