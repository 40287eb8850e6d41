import Foundation
import Tensors

/// A JSON object of a model's folder, whose members are asked for by name and type.
struct ModelJSON {
  let file: String
  private let members: [String: JSONValue]

  private static let maximumDepth = 64
  /// More than any tokenizer or configuration has.
  private static let maximumBytes = 64 << 20

  /// - Throws: `ModelError` where the file is missing or holds no JSON object.
  init(_ path: String) throws {
    let mapping = try FileMapping.ofModel(path)
    self = try Self.read(mapping.bytes, file: path)
    withExtendedLifetime(mapping) {}
  }

  /// The vocabulary and the merges of a tokenizer are left unread.
  static func tokenizer(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(ModelError) -> ModelJSON {
    try read(bytes, file: file, leaving: ("model", ["vocab", "merges"]))
  }

  private init(file: String, members: [String: JSONValue]) {
    self.file = file
    self.members = members
  }

  static func read(
    _ bytes: UnsafeRawBufferPointer, file: String,
    leaving: (of: String, members: [String])? = nil
  ) throws(ModelError) -> ModelJSON {
    guard bytes.count <= maximumBytes else {
      throw ModelError("\(file) has \(bytes.count) bytes, more than \(maximumBytes)")
    }
    let value: JSONValue
    do {
      value = try JSONValue.read(bytes, maximumDepth: maximumDepth, leaving: leaving)
    } catch {
      throw Self.unreadable(error, file)
    }
    guard let members = value.object else { throw ModelError("\(file) is not a JSON object") }
    return ModelJSON(file: file, members)
  }

  private init(file: String, _ members: [(name: String, value: JSONValue)]) {
    self.init(
      file: file,
      members: Dictionary(
        members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
  }

  private static func unreadable(_ problem: JSONProblem, _ file: String) -> ModelError {
    ModelError(
      "\(file) is not JSON that can be read: \(problem.what), at byte \(problem.position)")
  }

  /// Reads the member `key`, which was left unread.
  ///
  /// - Parameter opening: The byte that it begins with.
  /// - Returns: False where there is none, or one that begins otherwise.
  func read(
    _ key: String, of bytes: UnsafeRawBufferPointer, opening: Unicode.Scalar,
    _ body: (inout JSONReader) throws(JSONProblem) -> Void
  ) throws(ModelError) -> Bool {
    guard case .unread(let range)? = self[key], bytes[range.lowerBound] == UInt8(ascii: opening)
    else { return false }
    var reader = JSONReader(bytes, maximumDepth: Self.maximumDepth, from: range.lowerBound)
    do throws(JSONProblem) {
      try body(&reader)
      if reader.position != range.upperBound { throw reader.problem("brackets do not match") }
    } catch {
      throw Self.unreadable(error, file)
    }
    return true
  }

  func bad(_ what: String) -> ModelError {
    ModelError("\(file) cannot be used: \(what)")
  }

  /// The member of a name; null counts as missing.
  subscript(_ key: String) -> JSONValue? {
    if case .null? = members[key] { return nil }
    return members[key]
  }

  func integer(_ key: String) throws(ModelError) -> Int? {
    switch self[key] {
    case nil: return nil
    case .integer(let number): return number
    case .number(let number):
      if let whole = Int(exactly: number) { return whole }
    default: break
    }
    throw bad("its \(key) is not a whole number")
  }

  func number(_ key: String) throws(ModelError) -> Double? {
    switch self[key] {
    case nil: return nil
    case .integer(let number): return Double(number)
    case .number(let number): return number
    default: throw bad("its \(key) is not a number")
    }
  }

  func boolean(_ key: String) throws(ModelError) -> Bool? {
    switch self[key] {
    case nil: return nil
    case .boolean(let value): return value
    default: throw bad("its \(key) is neither true nor false")
    }
  }

  func text(_ key: String) throws(ModelError) -> String? {
    guard let value = self[key] else { return nil }
    guard let text = value.string else { throw bad("its \(key) is not a text") }
    return text
  }

  func object(_ key: String) throws(ModelError) -> ModelJSON? {
    guard let value = self[key] else { return nil }
    guard let members = value.object else { throw bad("its \(key) is not an object") }
    return ModelJSON(file: "\(file)'s \(key)", members)
  }

  func objects(_ key: String) throws(ModelError) -> [ModelJSON]? {
    guard let value = self[key] else { return nil }
    guard case .array(let elements) = value else { throw bad("its \(key) is not a list") }
    var result: [ModelJSON] = []
    for element in elements {
      guard let members = element.object else { throw bad("its \(key) is not a list of objects") }
      result.append(ModelJSON(file: "\(file)'s \(key)", members))
    }
    return result
  }

  func numbers(_ key: String) throws(ModelError) -> [Double]? {
    guard let value = self[key] else { return nil }
    guard case .array(let elements) = value else { throw bad("its \(key) is not a list") }
    var result: [Double] = []
    for element in elements {
      switch element {
      case .integer(let number): result.append(Double(number))
      case .number(let number): result.append(number)
      default: throw bad("its \(key) is not a list of numbers")
      }
    }
    return result
  }
}
