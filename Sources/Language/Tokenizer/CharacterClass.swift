/// What a pre-tokenizer asks of a character: `\p{L}`, `\p{N}`, `\s` and `[\r\n]` of its pattern.
enum CharacterClass: UInt8 {
  /// Neither a letter, a number nor white space; a byte that is not UTF-8 counts here, too.
  case other
  case letter, number
  /// White space other than a line break.
  case space
  case lineBreak
  /// Past the text's last byte.
  case end

  /// The classes of the planes that have letters; everything above them is `.other`.
  static let table: [CharacterClass] = (0..<0x40000 as Range<UInt32>).map { code in
    guard let scalar = Unicode.Scalar(code) else { return .other }
    if code == 0x0a || code == 0x0d { return .lineBreak }
    let properties = scalar.properties
    let kind: CharacterClass
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      kind = .letter
    case .decimalNumber, .letterNumber, .otherNumber: kind = .number
    case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control:
      return properties.isWhitespace ? .space : .other
    default: return .other
    }
    // The version of Unicode that tokenizers 0.22 knows; later characters are not letters there.
    if let age = properties.age, age.major > 16 { return .other }
    return kind
  }
}

/// Text as bytes, read character by character; a byte that does not belong to UTF-8 is a character.
struct CharacterScanner {
  let base: UnsafePointer<UInt8>
  let count: Int
  let classes: UnsafePointer<CharacterClass>

  /// The class of the character at `position` and its bytes; `.end` and 0 past the last one.
  @inline(__always)
  func character(at position: Int) -> (kind: CharacterClass, length: Int) {
    if position >= count { return (.end, 0) }
    let first = base[position]
    if first < 0x80 { return (classes[Int(first)], 1) }
    return longCharacter(at: position)
  }

  private func longCharacter(at position: Int) -> (kind: CharacterClass, length: Int) {
    guard let (code, length) = Self.decode(base + position, count - position) else {
      return (.other, 1)
    }
    return (code < 0x40000 ? classes[Int(code)] : .other, length)
  }

  /// The character of two to four bytes that starts at `bytes`, or nil where that is not UTF-8.
  static func decode(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (code: UInt32, length: Int)? {
    let first = bytes[0]
    let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    guard first >= 0xc2, first <= 0xf4, count >= length else { return nil }
    var code = UInt32(first) & (length == 4 ? 0x07 : length == 3 ? 0x0f : 0x1f)
    for i in 1..<length {
      guard bytes[i] & 0xc0 == 0x80 else { return nil }
      code = code << 6 | UInt32(bytes[i] & 0x3f)
    }
    let lowest: UInt32 = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80
    guard code >= lowest, code <= 0x10ffff, code & 0x1ff800 != 0xd800 else { return nil }
    return (code, length)
  }

  /// The end of the run of `kind` that starts at or after `position`.
  @inline(__always)
  func end(of kind: CharacterClass, from position: Int) -> Int {
    var position = position
    while true {
      let next = character(at: position)
      if next.kind != kind { return position }
      position += next.length
    }
  }
}
