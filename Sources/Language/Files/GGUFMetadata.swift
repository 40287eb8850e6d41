import Tensors

/// The metadata of a mapped GGUF file, by key.
struct GGUFMetadata: Sendable {
  let mapping: FileMapping
  let values: [String: GGUFValue]
  var file: String { mapping.path }

  func bad(_ what: String) -> ModelError {
    ModelError("\(file) does not describe a model that can be read: \(what)")
  }

  func integer(_ key: String) throws(ModelError) -> Int? {
    switch values[key] {
    case nil: return nil
    case .integer(let number): return number
    default: throw bad("its \(key) is not a whole number")
    }
  }

  func number(_ key: String) throws(ModelError) -> Double? {
    switch values[key] {
    case nil: return nil
    case .integer(let number): return Double(number)
    case .number(let number): return number
    default: throw bad("its \(key) is not a number")
    }
  }

  func boolean(_ key: String) throws(ModelError) -> Bool? {
    switch values[key] {
    case nil: return nil
    case .boolean(let value): return value
    default: throw bad("its \(key) is neither true nor false")
    }
  }

  func text(_ key: String) throws(ModelError) -> String? {
    switch values[key] {
    case nil: return nil
    case .text(let range):
      guard let text = String(validating: mapping.bytes[range], as: UTF8.self) else {
        throw bad("its \(key) is not UTF-8")
      }
      return text
    default: throw bad("its \(key) is not a text")
    }
  }

  /// Calls `body` with the bytes of each text of a list; false where there is no such list.
  func forEachText(
    _ key: String, _ body: (UnsafeBufferPointer<UInt8>) throws(ModelError) -> Void
  ) throws(ModelError) -> Bool {
    guard let value = values[key] else { return false }
    guard case .texts(let count, let range) = value else {
      throw bad("its \(key) is not a list of texts")
    }
    var reader = GGUFReader(bytes: mapping.bytes, file: file, position: range.lowerBound)
    for _ in 0..<count {
      let text = try reader.text(key)
      try body(
        UnsafeRawBufferPointer(rebasing: mapping.bytes[text]).assumingMemoryBound(to: UInt8.self))
    }
    return true
  }

  /// A list of whole numbers.
  func integers(_ key: String) throws(ModelError) -> [Int]? {
    guard let value = values[key] else { return nil }
    guard case .numbers(let type, let count, let range) = value else {
      throw bad("its \(key) is not a list of whole numbers")
    }
    let size = GGUFReader.byteCount(of: type) ?? 1
    var result: [Int] = []
    result.reserveCapacity(count)
    for i in 0..<count {
      let number = GGUFReader.number(type, mapping.bytes, at: range.lowerBound + i * size)
      guard case .integer(let integer) = number else {
        throw bad("its \(key) is not a list of whole numbers")
      }
      result.append(integer)
    }
    return result
  }
}
