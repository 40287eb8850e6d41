import Tensors

/// Reads a GGUF file's header from front to back; nothing is read that the file does not hold.
struct GGUFReader {
  let bytes: UnsafeRawBufferPointer
  let file: String
  var position = 0

  func bad(_ what: String) -> ModelError {
    ModelError("\(file) is not a GGUF file that can be read: \(what)")
  }

  mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type, _ what: String
  ) throws(ModelError) -> Number {
    let size = MemoryLayout<Number>.size
    guard bytes.count - position >= size else { throw ended(within: what) }
    defer { position += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
  }

  private func ended(within what: String) -> ModelError {
    bad("it ends at byte \(bytes.count), within \(what)")
  }

  mutating func count(_ what: String, atMost limit: Int) throws(ModelError) -> Int {
    let number = try number(UInt64.self, "the number of its \(what)")
    guard number <= UInt64(limit) else {
      throw bad("it says that it has \(number) \(what), more than \(limit)")
    }
    return Int(number)
  }

  /// The range of a text that follows its length.
  mutating func text(_ what: String) throws(ModelError) -> Range<Int> {
    let length = try number(UInt64.self, "the length of \(what)")
    guard length <= UInt64(bytes.count - position) else {
      throw bad(
        "\(what) at byte \(position) is said to have \(length) bytes, but "
          + "\(bytes.count - position) follow")
    }
    defer { position += Int(length) }
    return position..<position + Int(length)
  }

  mutating func name(_ what: String, atMost limit: Int) throws(ModelError) -> String {
    let range = try text(what)
    guard range.count <= limit else {
      throw bad("\(what) has \(range.count) bytes, more than \(limit)")
    }
    guard let name = String(validating: bytes[range], as: UTF8.self) else {
      throw bad("\(what) at byte \(range.lowerBound) is not UTF-8")
    }
    return name
  }

  // MARK: - Values

  /// Bytes of each number type of GGUF; nil for texts, lists and unknown types.
  static func byteCount(of type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 10, 11, 12: 8
    default: nil
    }
  }

  mutating func value(of key: String) throws(ModelError) -> GGUFValue {
    let type = try number(UInt32.self, "the type of \(key)")
    switch type {
    case 8: return .text(try text("the text of \(key)"))
    case 9: return try list(of: key)
    default:
      guard let size = Self.byteCount(of: type) else {
        throw bad("the key \(key) has the type \(type), which is none of its own")
      }
      guard bytes.count - position >= size else { throw ended(within: "the value of \(key)") }
      defer { position += size }
      guard let value = Self.number(type, bytes, at: position) else {
        throw bad("the key \(key) is neither true nor false")
      }
      return value
    }
  }

  private mutating func list(of key: String) throws(ModelError) -> GGUFValue {
    let type = try number(UInt32.self, "the type of the list \(key)")
    let count = try number(UInt64.self, "the length of the list \(key)")
    func tooLong() -> ModelError {
      bad(
        "the list \(key) is said to have \(count) elements, but \(bytes.count - position) bytes follow"
      )
    }
    if type == 8 {
      guard count <= UInt64((bytes.count - position) / 8) else { throw tooLong() }
      let start = position
      for _ in 0..<Int(count) { _ = try text("a text of the list \(key)") }
      return .texts(count: Int(count), range: start..<position)
    }
    if type == 9 { throw bad("the list \(key) holds lists, which no model needs") }
    guard let size = Self.byteCount(of: type) else {
      throw bad("the list \(key) has the type \(type), which is none of its own")
    }
    guard count <= UInt64((bytes.count - position) / size) else { throw tooLong() }
    let range = position..<position + Int(count) * size
    position = range.upperBound
    return .numbers(type: type, count: Int(count), range: range)
  }

  /// The number of type `type` at an offset that is known to hold it; nil for a boolean that is not 0 or 1.
  static func number(
    _ type: UInt32, _ bytes: UnsafeRawBufferPointer, at offset: Int
  ) -> GGUFValue? {
    func load<T: BitwiseCopyable>(_: T.Type) -> T {
      bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    }
    switch type {
    case 0: return .integer(Int(load(UInt8.self)))
    case 1: return .integer(Int(load(Int8.self)))
    case 2: return .integer(Int(UInt16(littleEndian: load(UInt16.self))))
    case 3: return .integer(Int(Int16(littleEndian: load(Int16.self))))
    case 4: return .integer(Int(UInt32(littleEndian: load(UInt32.self))))
    case 5: return .integer(Int(Int32(littleEndian: load(Int32.self))))
    case 6: return .number(Double(Float(bitPattern: UInt32(littleEndian: load(UInt32.self)))))
    case 7:
      let byte = load(UInt8.self)
      return byte > 1 ? nil : .boolean(byte == 1)
    case 10:
      let number = UInt64(littleEndian: load(UInt64.self))
      return Int(exactly: number).map { .integer($0) } ?? .number(Double(number))
    case 11: return .integer(Int(Int64(littleEndian: load(Int64.self))))
    default: return .number(Double(bitPattern: UInt64(littleEndian: load(UInt64.self))))
    }
  }

  // MARK: - Tensors

  mutating func tensor() throws(ModelError) -> (
    name: String, type: GGUFType, shape: [Int], offset: Int, size: Int
  ) {
    let name = try name("the name of a tensor", atMost: 63)
    let rank = try number(UInt32.self, "tensor \(name)")
    guard rank >= 1, rank <= 4 else { throw bad("tensor \(name) has \(rank) axes, not 1 to 4") }
    var shape: [Int] = []
    for _ in 0..<rank {
      let size = try number(UInt64.self, "the shape of tensor \(name)")
      guard size >= 1, size <= UInt64(Int32.max) else {
        throw bad("tensor \(name) has an axis of size \(size)")
      }
      shape.append(Int(size))
    }
    let rawType = try number(UInt32.self, "the type of tensor \(name)")
    let offset = try number(UInt64.self, "the place of tensor \(name)")
    guard let type = GGUFType(rawValue: rawType) else {
      let known = GGUFType.unreadable[rawType].map { "\($0) (type \(rawType))" }
      throw bad(
        "tensor \(name) is \(known ?? "of type \(rawType)"), and F32, F16, BF16, Q8_0, Q4_0, Q4_1, "
          + "Q5_0, Q4_K and Q6_K can be read")
    }
    guard let row = type.byteCount(ofRow: shape[0]) else {
      throw bad("tensor \(name) has rows of \(shape[0]) numbers, which its blocks do not divide")
    }
    var size = row
    for axis in shape.dropFirst() {
      let (product, overflow) = size.multipliedReportingOverflow(by: axis)
      guard !overflow, product <= 1 << 56 else {
        throw bad("tensor \(name) has the shape \(shape), more than memory can hold")
      }
      size = product
    }
    // Strides are Int32, too.
    guard row <= Int(Int32.max),
      shape.dropLast().reduce(1, { $0.multipliedFullOrMax($1) })
        <= Int(Int32.max)
    else { throw bad("tensor \(name) has the shape \(shape), whose rows are too large") }
    guard offset <= UInt64(Int.max) else {
      throw bad("tensor \(name) starts at byte \(offset), after anything a file can hold")
    }
    return (name, type, shape.reversed(), Int(offset), size)
  }
}

extension Int {
  /// The product, or the largest number where it overflows.
  fileprivate func multipliedFullOrMax(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
