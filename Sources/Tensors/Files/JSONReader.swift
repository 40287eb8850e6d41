/// Reads JSON from its bytes, piece by piece where a file holds more than should become values.
///
/// ```swift
/// var reader = JSONReader(bytes, maximumDepth: 64, from: range.lowerBound)
/// try reader.forEachMember { reader, name throws(JSONProblem) in numbers.append(try reader.value(depth: 1)) }
/// ```
package struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  private let maximumDepth: Int
  private let leaving: (of: String, members: [String])?
  package private(set) var position: Int
  private var unescaped: [UInt8] = []

  package init(
    _ bytes: UnsafeRawBufferPointer, maximumDepth: Int, from position: Int = 0,
    leaving: (of: String, members: [String])? = nil
  ) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    self.leaving = leaving
    self.position = position
  }

  package func problem(_ what: String) -> JSONProblem {
    JSONProblem(what: what, position: position)
  }

  /// The byte that comes next; nil at the end.
  package var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  package mutating func skipSpace() {
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

  /// The value that comes next.
  package mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
    try value(depth: depth, leaving: nil)
  }

  private mutating func value(
    depth: Int, leaving: [String]?
  ) throws(JSONProblem) -> JSONValue {
    if depth > maximumDepth { throw problem("nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth, leaving: leaving)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try forEachElement { reader throws(JSONProblem) in
        elements.append(try reader.value(depth: depth + 1))
      }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t") where take(word: "true"): return .boolean(true)
    case UInt8(ascii: "f") where take(word: "false"): return .boolean(false)
    case UInt8(ascii: "n") where take(word: "null"): return .null
    default: return try number()
    }
  }

  private mutating func object(
    depth: Int, leaving: [String]?
  ) throws(JSONProblem) -> JSONValue {
    var members: [(name: String, value: JSONValue)] = []
    var seen: Set<ByteName> = []
    let parent = depth == 0 ? self.leaving : nil
    try forEachMember { reader, bytes throws(JSONProblem) in
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw reader.problem("text is not UTF-8")
      }
      guard seen.insert(ByteName(name: name)).inserted else {
        throw reader.problem("the name \(name) stands there twice")
      }
      if leaving?.contains(name) == true, let range = try reader.skipContainer() {
        members.append((name, .unread(range)))
      } else {
        let inner = parent?.of == name ? parent?.members : nil
        members.append((name, try reader.value(depth: depth + 1, leaving: inner)))
      }
    }
    return .object(members)
  }

  /// Reads an object, whose brace comes next: `body` gets each name, which may stand there again, and reads its value.
  ///
  /// - Parameter body: The name's bytes last until it reads on, and may not be UTF-8.
  package mutating func forEachMember(
    _ body: (inout JSONReader, UnsafeBufferPointer<UInt8>) throws(JSONProblem) -> Void
  ) throws(JSONProblem) {
    skipSpace()
    if !take("{") { throw problem("an object is missing") }
    skipSpace()
    if take("}") { return }
    while true {
      skipSpace()
      if next != UInt8(ascii: "\"") { throw problem("a name is missing") }
      try withText { reader, name throws(JSONProblem) in
        reader.skipSpace()
        if !reader.take(":") { throw reader.problem("a colon is missing") }
        try body(&reader, name)
      }
      skipSpace()
      if take("}") { return }
      if !take(",") { throw problem("a comma or } is missing") }
    }
  }

  /// Reads a list, whose bracket comes next; `body` reads each element.
  package mutating func forEachElement(
    _ body: (inout JSONReader) throws(JSONProblem) -> Void
  ) throws(JSONProblem) {
    skipSpace()
    if !take("[") { throw problem("a list is missing") }
    skipSpace()
    if take("]") { return }
    while true {
      skipSpace()
      try body(&self)
      skipSpace()
      if take("]") { return }
      if !take(",") { throw problem("a comma or ] is missing") }
    }
  }

  /// Passes over an object or a list and says where it stands; nil where something else comes next.
  private mutating func skipContainer() throws(JSONProblem) -> Range<Int>? {
    skipSpace()
    guard next == UInt8(ascii: "{") || next == UInt8(ascii: "[") else { return nil }
    let start = position
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 {
          position += 1
          return start..<position
        }
      case UInt8(ascii: "\""):
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
          position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
      default: break
      }
      position += 1
    }
    position = bytes.count
    throw problem("an object or a list does not end")
  }

  private mutating func string() throws(JSONProblem) -> String {
    try withText { reader, text throws(JSONProblem) in
      guard let string = String(validating: text, as: UTF8.self) else {
        throw reader.problem("text is not UTF-8")
      }
      return string
    }
  }

  /// Reads the text whose quotation mark comes next.
  ///
  /// - Parameter body: Gets the bytes, which may not be UTF-8, and the reader behind them.
  package mutating func withText<R>(
    _ body: (inout JSONReader, UnsafeBufferPointer<UInt8>) throws(JSONProblem) -> R
  ) throws(JSONProblem) -> R {
    if !take("\"") { throw problem("a text is missing") }
    // Most texts hold no escape and are taken as they stand.
    let start = position
    var end = start
    while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""),
      bytes[end] != UInt8(ascii: "\\")
    {
      end += 1
    }
    if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
      position = end + 1
      return try body(
        &self,
        UnsafeRawBufferPointer(rebasing: bytes[start..<end]).assumingMemoryBound(to: UInt8.self))
    }
    var text = unescaped
    unescaped = []
    text.removeAll(keepingCapacity: true)
    text.append(contentsOf: bytes[start..<end])
    position = end
    try unescape(into: &text)
    defer { unescaped = text }
    return try text.withUnsafeBufferPointer { text throws(JSONProblem) in try body(&self, text) }
  }

  /// The rest of a text, up to its quotation mark.
  private mutating func unescape(into text: inout [UInt8]) throws(JSONProblem) {
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return
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
    if isWhole, let integer = integer(from: start) { return .integer(integer) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let number = Double(text) else { throw problem("a number cannot be read") }
    return .number(number)
  }

  /// The digits from `start` to here, after a sign, as a number; nil where it does not fit.
  private func integer(from start: Int) -> Int? {
    let isNegative = bytes[start] == UInt8(ascii: "-")
    var value = 0
    for i in (isNegative ? start + 1 : start)..<position {
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let digit = Int(bytes[i] - 0x30)
      let (sum, far) = product.addingReportingOverflow(isNegative ? -digit : digit)
      if over || far { return nil }
      value = sum
    }
    return value
  }
}

/// A name by its bytes: names that Unicode calls equivalent are two names.
private struct ByteName: Hashable {
  let name: String

  static func == (a: ByteName, b: ByteName) -> Bool { a.name.utf8.elementsEqual(b.name.utf8) }

  func hash(into hasher: inout Hasher) {
    hasher.combine(name.utf8.count)
    for byte in name.utf8 { hasher.combine(byte) }
  }
}
