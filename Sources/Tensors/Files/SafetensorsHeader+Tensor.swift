extension SafetensorsHeader.Entry {
  /// How the tensor of this entry is stored once read: the same type where the engine has it, a wider
  /// one that holds the same numbers where it has not. Float64 and whole numbers of 64 bits are narrowed.
  var numberType: NumberType {
    switch type {
    case .f64, .f32, .f8e8m0, .f6e2m3, .f6e3m2, .f4, .c64: .float32
    case .f16, .f8e4m3, .f8e5m2: .float16
    case .bf16: .bfloat16
    case .i64, .i32, .i16, .i8, .u64, .u32, .u16: .int32
    case .u8, .bool: .uint8
    }
  }

  /// The tensor, as `numberType` or as `wanted`.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - owner: Keeps `bytes` alive; the tensor then reads them in place where type and alignment
  ///     allow. Nil: the numbers are copied.
  /// - Throws: A sentence where the type cannot be read or a whole number does not fit.
  func tensor(
    in bytes: UnsafeRawBufferPointer, owner: AnyObject?, as wanted: NumberType?, file: String
  ) throws(SafetensorsError) -> Tensor {
    let source = UnsafeRawBufferPointer(rebasing: bytes[range])
    let target = Shape(shape)
    func refused(_ what: String) -> SafetensorsError {
      SafetensorsError("\(file) holds the tensor \(name) of type \(type.rawValue), \(what)")
    }
    var result: Tensor
    switch type {
    case .f6e2m3, .f6e3m2, .f4, .c64: throw refused("which cannot be read")
    case .f32, .f16, .bf16, .i32, .u8, .bool:
      result = Tensor(borrowing: source, owner: owner, shape: target, type: numberType)
    case .f64: result = Self.filled(source, target, Double.self) { Float($0) }
    case .f8e4m3: result = Self.narrow(source, target, Self.float8E4M3)
    case .f8e5m2: result = Self.narrow(source, target) { UInt16($0) << 8 }
    case .f8e8m0:
      result = Self.filled(source, target, UInt8.self) {
        $0 == 255 ? .nan : Float(sign: .plus, exponent: Int($0) - 127, significand: 1)
      }
    case .i64, .i16, .i8, .u64, .u32, .u16:
      let whole: Tensor? =
        switch type {
        case .i64: Self.whole(source, target, Int64.self, wanted)
        case .i16: Self.whole(source, target, Int16.self, wanted)
        case .i8: Self.whole(source, target, Int8.self, wanted)
        case .u64: Self.whole(source, target, UInt64.self, wanted)
        case .u32: Self.whole(source, target, UInt32.self, wanted)
        default: Self.whole(source, target, UInt16.self, wanted)
        }
      guard let whole else { throw refused("a number of which does not fit 32 bits") }
      result = whole
    }
    return wanted.map { result.converted(to: $0) } ?? result
  }

  private static func filled<Element: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ shape: Shape, _: Element.Type, _ value: (Element) -> Float
  ) -> Tensor {
    Tensor(shape: shape) { out in
      for i in out.indices {
        out[i] = value(
          source.loadUnaligned(fromByteOffset: i * MemoryLayout<Element>.size, as: Element.self))
      }
    }
  }

  /// A tensor of Float16 whose bits `value` gives for each byte.
  private static func narrow(
    _ source: UnsafeRawBufferPointer, _ shape: Shape, _ bits: (UInt8) -> UInt16
  ) -> Tensor {
    let result = Tensor(uninitialized: shape, type: .float16)
    let out = result.bytes.assumingMemoryBound(to: UInt16.self)
    for i in 0..<source.count { out[i] = bits(source[i]) }
    return result
  }

  /// Four bits of exponent with bias 7, three of fraction, no infinities (Micikevicius et al., 2022).
  private static func float8E4M3(_ byte: UInt8) -> UInt16 {
    let sign = UInt16(byte & 0x80) << 8
    let (exponent, fraction) = (UInt16(byte >> 3 & 15), UInt16(byte & 7))
    if byte & 0x7f == 0x7f { return sign | 0x7e00 }
    if exponent == 0 { return sign | Float16(Float(fraction) / 512).bitPattern }
    return sign | (exponent + 8) << 10 | fraction << 7
  }

  /// Whole numbers as Int32, or straight as Float32 where that is wanted; nil where one does not fit.
  private static func whole<Element: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ shape: Shape, _: Element.Type, _ wanted: NumberType?
  ) -> Tensor? {
    if wanted == .float32 { return filled(source, shape, Element.self) { Float($0) } }
    let result = Tensor(uninitialized: shape, type: .int32)
    let out = result.bytes.assumingMemoryBound(to: Int32.self)
    for i in 0..<result.count {
      let offset = i * MemoryLayout<Element>.size
      guard
        let number = Int32(exactly: source.loadUnaligned(fromByteOffset: offset, as: Element.self))
      else { return nil }
      out[i] = number
    }
    return result
  }
}
