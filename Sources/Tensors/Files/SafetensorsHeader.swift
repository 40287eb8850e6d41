/// The number types of the format. Names are the format's own.
enum SafetensorsType: String {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case f8e4m3 = "F8_E4M3"
  case f8e5m2 = "F8_E5M2"
  case f8e8m0 = "F8_E8M0"
  case f6e2m3 = "F6_E2M3"
  case f6e3m2 = "F6_E3M2"
  case f4 = "F4"
  case c64 = "C64"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"

  var bits: Int {
    switch self {
    case .f64, .i64, .u64, .c64: 64
    case .f32, .i32, .u32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .f8e4m3, .f8e5m2, .f8e8m0, .i8, .u8, .bool: 8
    case .f6e2m3, .f6e3m2: 6
    case .f4: 4
    }
  }

  init(_ type: NumberType) {
    switch type {
    case .float32: self = .f32
    case .float16: self = .f16
    case .bfloat16: self = .bf16
    case .int32: self = .i32
    case .uint8: self = .u8
    }
  }
}

/// What a safetensors file says of its tensors, with every length and offset checked: the bytes of
/// the tensors lie one after another, without gaps, and fill the file.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let type: SafetensorsType
    let shape: [Int]
    /// Bytes of the file.
    let range: Range<Int>
  }

  /// The format's own bound on the header.
  static let maximumLength = 100_000_000

  /// In the order of their bytes.
  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// - Throws: `SafetensorsError`, one sentence that begins with `file`.
  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(SafetensorsError) {
    func bad(_ what: String) -> SafetensorsError {
      SafetensorsError("\(file) is not a safetensors file that can be read: \(what)")
    }
    guard bytes.count >= 8 else {
      throw bad("it has \(bytes.count) bytes, fewer than its 8-byte length")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumLength), length <= UInt64(bytes.count - 8) else {
      throw bad("its header says it is \(length) bytes long, but \(bytes.count - 8) bytes follow")
    }
    let start = 8 + Int(length)
    let payload = bytes.count - start
    let header = UnsafeRawBufferPointer(rebasing: bytes[8..<start])
    guard header.first == UInt8(ascii: "{") else { throw bad("its header does not start with {") }
    let members: [(name: String, value: JSONValue)]
    do {
      members = try JSONValue.read(header, maximumDepth: 8).object ?? []
    } catch {
      throw bad(
        "its header is not a JSON object that can be read: \(error.what), at byte "
          + "\(error.position)")
    }
    for (name, value) in members {
      guard let fields = value.object else {
        throw bad("the entry of tensor \(name) lacks a dtype, shape or data_offsets")
      }
      if name == "__metadata__" {
        for (key, text) in fields {
          guard let text = text.string else { throw bad("its metadata \(key) is not a text") }
          metadata[key] = text
        }
        continue
      }
      do {
        let entry = try Self.entry(name, fields, payload: payload)
        entries.append(
          Entry(
            name: name, type: entry.type, shape: entry.shape,
            range: start + entry.range.lowerBound..<start + entry.range.upperBound))
      } catch {
        throw bad(error.description)
      }
    }
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = start
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw bad(
          "tensor \(entry.name) starts at byte \(entry.range.lowerBound - start) of the data, "
            + "not at \(end - start)")
      }
      end = entry.range.upperBound
    }
    guard end == bytes.count else {
      throw bad("its tensors use \(end - start) of \(payload) bytes of data")
    }
  }

  /// One entry, its range counted from the data's first byte.
  private static func entry(
    _ name: String, _ fields: [(name: String, value: JSONValue)], payload: Int
  ) throws(SafetensorsError) -> Entry {
    func field(_ key: String) -> JSONValue? { fields.first { $0.name == key }?.value }
    guard let typeName = field("dtype")?.string, let shape = field("shape")?.integers,
      let offsets = field("data_offsets")?.integers
    else {
      throw SafetensorsError("the entry of tensor \(name) lacks a dtype, shape or data_offsets")
    }
    guard let type = SafetensorsType(rawValue: typeName) else {
      throw SafetensorsError("tensor \(name) has the type \(typeName), which is not one of its own")
    }
    guard shape.count <= Shape.maximumRank,
      shape.allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) })
    else { throw SafetensorsError("tensor \(name) has the shape \(shape)") }
    // Axes of size 0 count as 1 here: strides are computed from the others, too.
    var bound = type.bits
    for size in shape {
      let (product, overflow) = bound.multipliedReportingOverflow(by: max(size, 1))
      if overflow || product > 1 << 56 {
        throw SafetensorsError(
          "tensor \(name) has the shape \(shape), more than memory can hold")
      }
      bound = product
    }
    let bits = shape.contains(0) ? 0 : bound
    guard bits % 8 == 0 else {
      throw SafetensorsError("tensor \(name) of shape \(shape) does not fill its last byte")
    }
    guard shape.dropFirst().reduce(1, { $0 * max($1, 1) }) <= Int(Int32.max) else {
      throw SafetensorsError("tensor \(name) has the shape \(shape), whose rows are too large")
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= payload
    else {
      throw SafetensorsError(
        "tensor \(name) lies at \(offsets), outside the file's \(payload) bytes of data")
    }
    guard offsets[1] - offsets[0] == bits / 8 else {
      throw SafetensorsError(
        "tensor \(name) of shape \(shape) needs \(bits / 8) bytes but has "
          + "\(offsets[1] - offsets[0])")
    }
    return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
  }
}
