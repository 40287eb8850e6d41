/// Finds the keys in the bytes that a terminal sends for them, however these are cut into reads.
package struct TerminalKeys {
  /// A key by its name, as a window calls it.
  package struct Key: Equatable {
    package var name: String
    package var isShifted = false

    package init(_ name: String, isShifted: Bool = false) {
      self.name = name
      self.isShifted = isShifted
    }
  }

  /// An escape and what followed it so far, which is not all of a key yet.
  private var rest: [UInt8] = []
  /// Whether the bytes so far end within a key, or with an escape that may be one or begin one.
  package var isWaiting: Bool { !rest.isEmpty }

  package init() {}

  /// The keys that are complete with these bytes.
  package mutating func add(_ bytes: some Sequence<UInt8>) -> [Key] {
    var left = (rest + bytes)[...]
    rest = []
    var keys: [Key] = []
    while let byte = left.first {
      if byte == Self.escape {
        guard let length = Self.sequenceLength(left.dropFirst()) else {
          // No sequence is that long; what follows it is read as keys again.
          rest = left.count <= 32 ? Array(left) : []
          break
        }
        let sequence = String(decoding: left.dropFirst().prefix(length), as: UTF8.self)
        if length == 0 { keys.append(Key("escape")) }
        if let key = Self.sequences[sequence] { keys.append(key) }
        left = left.dropFirst(1 + length)
        continue
      }
      left = left.dropFirst()
      switch byte {
      case 3, 4: keys.append(Key("q"))
      case 9: keys.append(Key("tab"))
      case 10, 13: keys.append(Key("return"))
      case 32: keys.append(Key("space"))
      case 33...126: keys.append(Key(String(UnicodeScalar(byte)).lowercased()))
      default: break
      }
    }
    return keys
  }

  /// The keys of bytes that nothing followed: an escape that began none is one.
  package mutating func finish() -> [Key] {
    defer { rest = [] }
    return rest == [Self.escape] ? [Key("escape")] : []
  }

  private static let escape: UInt8 = 27

  /// The bytes that belong to the escape before them, none where it is a key of its own; nil while they are not
  /// all there.
  private static func sequenceLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = bytes.first else { return nil }
    switch first {
    case escape: return 0
    case UInt8(ascii: "O"): return bytes.count > 1 ? 2 : nil
    case UInt8(ascii: "["):
      // Numbers and signs, then one byte that ends the sequence.
      return bytes.dropFirst().firstIndex { 0x40...0x7e ~= $0 }.map { $0 - bytes.startIndex + 1 }
    // Another key with Alt, which nothing listens to.
    default: return 1
    }
  }

  private static let sequences: [String: Key] = [
    "[A": Key("up"), "[B": Key("down"), "[C": Key("right"), "[D": Key("left"), "[H": Key("home"),
    "[F": Key("end"), "OA": Key("up"), "OB": Key("down"), "OC": Key("right"), "OD": Key("left"),
    "OH": Key("home"), "OF": Key("end"), "[1~": Key("home"), "[4~": Key("end"), "[7~": Key("home"),
    "[8~": Key("end"), "[1;2C": Key("right", isShifted: true),
    "[1;2D": Key("left", isShifted: true),
  ]
}
