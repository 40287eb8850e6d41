import Tensors

/// A value of a GGUF file's metadata; texts and lists are read where they are mapped.
enum GGUFValue: Sendable {
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  /// Bytes of the file, not known to be UTF-8.
  case text(Range<Int>)
  /// `count` numbers of GGUF's type `type`, which lie in `range`.
  case numbers(type: UInt32, count: Int, range: Range<Int>)
  /// `count` texts, each after its length, which lie in `range`.
  case texts(count: Int, range: Range<Int>)
}

/// What a GGUF file says of itself and of its tensors
/// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), with every length and offset checked.
struct GGUFHeader: Sendable {
  struct Entry: Sendable {
    let name: String
    let type: GGUFType
    /// Outermost axis first; files write them the other way round.
    let shape: [Int]
    /// Bytes of the file.
    let range: Range<Int>
  }

  /// More than any model has: a bound on what a file can make us hold.
  static let maximumCount = 65_536

  let file: String
  let values: [String: GGUFValue]
  /// In the order of the file.
  let entries: [Entry]

  /// - Throws: `ModelError`, one sentence that begins with `file`.
  static func read(_ bytes: UnsafeRawBufferPointer, file: String) throws(ModelError) -> GGUFHeader {
    var reader = GGUFReader(bytes: bytes, file: file)
    let magic = try reader.number(UInt32.self, "the magic number")
    guard magic == 0x4655_4747 else { throw reader.bad("it does not begin with GGUF") }
    let version = try reader.number(UInt32.self, "the version")
    if version & 0xffff == 0, version != 0 {
      throw reader.bad("it is written for machines of the other byte order")
    }
    guard version == 2 || version == 3 else {
      throw reader.bad("it has version \(version), and versions 2 and 3 can be read")
    }
    let tensorCount = try reader.count("tensors", atMost: maximumCount)
    let valueCount = try reader.count("keys", atMost: maximumCount)
    var values: [String: GGUFValue] = [:]
    for _ in 0..<valueCount {
      let key = try reader.name("a key", atMost: 65_535)
      if key.isEmpty { throw reader.bad("one of its keys is empty") }
      let value = try reader.value(of: key)
      if values.updateValue(value, forKey: key) != nil {
        throw reader.bad("the key \(key) stands there twice")
      }
    }
    let alignment = try alignment(values["general.alignment"], reader)
    var tensors: [(name: String, type: GGUFType, shape: [Int], offset: Int, size: Int)] = []
    var names: Set<String> = []
    for _ in 0..<tensorCount {
      let tensor = try reader.tensor()
      if !names.insert(tensor.name).inserted {
        throw reader.bad("the tensor \(tensor.name) stands there twice")
      }
      tensors.append(tensor)
    }
    let (start, overflow) = padded(reader.position, alignment)
    guard !overflow, tensors.isEmpty || start <= bytes.count else {
      throw reader.bad("it ends before the numbers of its tensors")
    }
    var entries: [Entry] = []
    var expected = 0
    for (name, type, shape, offset, size) in tensors {
      guard offset == expected else {
        throw reader.bad(
          "tensor \(name) starts at byte \(offset) of the data, not at \(expected)")
      }
      guard size <= bytes.count - start, offset <= bytes.count - start - size else {
        throw reader.bad(
          "tensor \(name) of shape \(shape) ends after the file's \(bytes.count) bytes")
      }
      let first = start + offset
      entries.append(Entry(name: name, type: type, shape: shape, range: first..<first + size))
      let (next, overflow) = padded(offset + size, alignment)
      if overflow { throw reader.bad("tensor \(name) ends after anything a file can hold") }
      expected = next
    }
    return GGUFHeader(file: file, values: values, entries: entries)
  }

  private static func alignment(
    _ value: GGUFValue?, _ reader: GGUFReader
  ) throws(ModelError) -> Int {
    guard let value else { return 32 }
    guard case .integer(let alignment) = value, alignment > 0, alignment <= 1 << 30,
      alignment & (alignment - 1) == 0
    else { throw reader.bad("its general.alignment is not a power of two") }
    return alignment
  }

  private static func padded(_ offset: Int, _ alignment: Int) -> (Int, Bool) {
    let (sum, overflow) = offset.addingReportingOverflow(alignment - 1)
    return (sum & ~(alignment - 1), overflow)
  }
}

/// The number types of GGML that can be read.
enum GGUFType: Hashable, Sendable {
  case plain(NumberType)
  case blocks(QuantizedTensor.Format)

  init?(rawValue: UInt32) {
    switch rawValue {
    case 0: self = .plain(.float32)
    case 1: self = .plain(.float16)
    case 30: self = .plain(.bfloat16)
    default:
      guard let format = Int32(exactly: rawValue).flatMap(QuantizedTensor.Format.init) else {
        return nil
      }
      self = .blocks(format)
    }
  }

  /// Bytes of a row of `count` numbers, or nil where no row can have so many.
  func byteCount(ofRow count: Int) -> Int? {
    switch self {
    case .plain(let type): count * type.byteCount
    case .blocks(let format):
      count % format.blockCount == 0 ? count / format.blockCount * format.blockBytes : nil
    }
  }

  /// Names of the types of ggml.h that cannot be read, for errors.
  static let unreadable: [UInt32: String] = [
    7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS",
    17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
    23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
    34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]
}
