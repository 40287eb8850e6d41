/// A JSON text, read strictly (RFC 8259): whole numbers stay whole, a name may stand in an object once,
/// nesting is bounded, and text must be valid UTF-8. For headers of files from outside.
package enum JSONValue {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(name: String, value: JSONValue)])

  /// - Throws: `JSONProblem`, which says what is wrong and at which byte.
  package static func read(
    _ bytes: UnsafeRawBufferPointer, maximumDepth: Int
  ) throws(JSONProblem) -> JSONValue {
    var reader = JSONReader(bytes: bytes, maximumDepth: maximumDepth)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    if reader.position != bytes.count { throw reader.problem("text follows the value") }
    return value
  }

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var object: [(name: String, value: JSONValue)]? {
    if case .object(let members) = self { members } else { nil }
  }
  /// A list of whole numbers.
  package var integers: [Int]? {
    guard case .array(let elements) = self else { return nil }
    var result: [Int] = []
    for element in elements {
      guard case .integer(let number) = element else { return nil }
      result.append(number)
    }
    return result
  }

  /// `text` between quotation marks, escaped.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}

/// Where and why a text is not JSON.
package struct JSONProblem: Error {
  package let what: String
  package let position: Int
}

private struct JSONReader {
  let bytes: UnsafeRawBufferPointer
  let maximumDepth: Int
  var position = 0

  func problem(_ what: String) -> JSONProblem { JSONProblem(what: what, position: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func take(word: StaticString) -> Bool {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    for i in 0..<word.utf8CodeUnitCount where bytes[position + i] != word.utf8Start[i] {
      return false
    }
    position = end
    return true
  }

  mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
    if depth > maximumDepth { throw problem("nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["):
      position += 1
      var elements: [JSONValue] = []
      skipSpace()
      if take("]") { return .array(elements) }
      while true {
        elements.append(try value(depth: depth + 1))
        skipSpace()
        if take("]") { return .array(elements) }
        if !take(",") { throw problem("a comma or ] is missing") }
      }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where take(word: "true"): return .boolean(true)
    case UInt8(ascii: "f") where take(word: "false"): return .boolean(false)
    case UInt8(ascii: "n") where take(word: "null"): return .null
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(JSONProblem) -> JSONValue {
    position += 1
    var members: [(name: String, value: JSONValue)] = []
    // By bytes: names that Unicode calls equivalent are two names.
    var seen: [UInt64: Int] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      if next != UInt8(ascii: "\"") { throw problem("a name is missing") }
      let name = try string()
      let key = Self.hash(name)
      if let other = seen.updateValue(members.count, forKey: key),
        members[other].name.utf8.elementsEqual(name.utf8)
      {
        throw problem("the name \(name) stands there twice")
      }
      skipSpace()
      if !take(":") { throw problem("a colon is missing") }
      members.append((name, try value(depth: depth + 1)))
      skipSpace()
      if take("}") { return .object(members) }
      if !take(",") { throw problem("a comma or } is missing") }
    }
  }

  private static func hash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private mutating func string() throws(JSONProblem) -> String {
    position += 1
    // Most texts hold no escape and are taken as they stand.
    var end = position
    while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""),
      bytes[end] != UInt8(ascii: "\\")
    {
      end += 1
    }
    if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
      let text = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
      guard let string = String(validating: text, as: UTF8.self) else {
        throw problem("text is not UTF-8")
      }
      position = end + 1
      return string
    }
    var text = Array(bytes[position..<end])
    position = end
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw problem("text is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw problem("text holds a control character")
      default: text.append(byte)
      }
    }
    throw problem("text does not end")
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONProblem) {
    guard let byte = next else { throw problem("text does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try fourDigits()
      if code & 0xfc00 == 0xd800 {
        guard take("\\"), take("u") else { throw problem("half of a surrogate pair is missing") }
        let low = try fourDigits()
        guard low & 0xfc00 == 0xdc00 else { throw problem("a surrogate pair is broken") }
        code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
      }
      guard let scalar = Unicode.Scalar(code) else { throw problem("a surrogate pair is broken") }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw problem("an escape is unknown")
    }
  }

  private mutating func fourDigits() throws(JSONProblem) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case .some(let byte) where byte >= 0x30 && byte <= 0x39: digit = byte - 0x30
      case .some(let byte) where byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66:
        digit = (byte | 0x20) - 0x57
      default: throw problem("an escape lacks four digits")
      }
      position += 1
      code = code << 4 | UInt32(digit)
    }
    return code
  }

  private mutating func digits() throws(JSONProblem) {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    if position == start { throw problem("a value is missing") }
  }

  private mutating func number() throws(JSONProblem) -> JSONValue {
    let start = position
    _ = take("-")
    let first = position
    try digits()
    if bytes[first] == 0x30 && position - first > 1 { throw problem("a number starts with 0") }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text) else { throw problem("a number cannot be read") }
    return .number(number)
  }
}
