/// Special and added tokens, found in a text as Hugging Face's `AddedVocabulary` finds them: the leftmost, and
/// among those that start there the longest.
struct AddedTokens: Sendable {
  /// What a match needs beside it and takes of it.
  struct Rule: Sendable, Hashable {
    /// Neither a letter, a mark, a digit nor a connector may stand beside it.
    var isSingleWord = false
    /// It takes the white space before it.
    var stripsLeft = false
    /// It takes the white space after it.
    var stripsRight = false
    /// It is looked for when the others are cut out, in normalised text and as normalised itself.
    var isNormalized = false
  }

  private struct Entry {
    let bytes: [UInt8]
    let token: Int
    let isSpecial: Bool
    let rule: Rule
  }

  /// By first byte; longest first.
  private var byFirstByte: [[Entry]] = Array(repeating: [], count: 256)
  private var found: Set<[UInt8]> = []

  /// Adds a token; of two of the same bytes the first one is found.
  mutating func append(_ bytes: [UInt8], token: Int, isSpecial: Bool, _ rule: Rule) {
    guard let first = bytes.first, found.insert(bytes).inserted else { return }
    byFirstByte[Int(first)].append(
      Entry(bytes: bytes, token: token, isSpecial: isSpecial, rule: rule))
  }

  /// Makes ready what was added.
  mutating func sort() {
    for i in byFirstByte.indices { byFirstByte[i].sort { $0.bytes.count > $1.bytes.count } }
  }

  /// Cuts a text into tokens and the parts between them.
  ///
  /// - Parameter parsingSpecials: Where false, special tokens stay in the parts between.
  func cut(
    _ text: UnsafeBufferPointer<UInt8>, parsingSpecials: Bool,
    _ body: (_ part: UnsafeBufferPointer<UInt8>, _ token: Int?) -> Void
  ) {
    var start = 0
    func between(_ end: Int) {
      if start < end { body(UnsafeBufferPointer(rebasing: text[start..<end]), nil) }
    }
    if !found.isEmpty {
      var position = 0
      while let (match, entry) = next(in: text, from: position) {
        // What a match that does not count covers is not looked at again.
        position = match.upperBound
        if entry.isSpecial && !parsingSpecials { continue }
        var (lower, upper) = (match.lowerBound, match.upperBound)
        if entry.rule.isSingleWord {
          if text.character(before: lower)?.isOfWord == true { continue }
          if text.character(at: upper)?.isOfWord == true { continue }
        }
        if entry.rule.stripsLeft {
          while lower > start, let space = text.character(before: lower), space.isWhiteSpace {
            lower -= space.length
          }
          // What the token before has taken stays with it, though it were all of this one.
          lower = max(lower, start)
        }
        if entry.rule.stripsRight {
          while let space = text.character(at: upper), space.isWhiteSpace { upper += space.length }
        }
        between(lower)
        if lower < upper { body(UnsafeBufferPointer(rebasing: text[lower..<upper]), entry.token) }
        start = upper
      }
    }
    between(text.count)
  }

  private func next(
    in text: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> (range: Range<Int>, entry: Entry)? {
    byFirstByte.withUnsafeBufferPointer { byFirstByte in
      for position in start..<text.count where !byFirstByte[Int(text[position])].isEmpty {
        for entry in byFirstByte[Int(text[position])] {
          let bytes = entry.bytes
          guard bytes.count <= text.count - position else { continue }
          if bytes.indices.allSatisfy({ bytes[$0] == text[position + $0] }) {
            return (position..<position + bytes.count, entry)
          }
        }
      }
      return nil
    }
  }
}

/// A character beside a match and its bytes; none where they are not UTF-8.
private struct Neighbour {
  let scalar: Unicode.Scalar
  let length: Int

  var isWhiteSpace: Bool { scalar.properties.isWhitespace }

  /// Whether it is one of `\w`, Unicode's Technical Standard 18, annex C.
  var isOfWord: Bool {
    if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default: return false
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func character(at position: Int) -> Neighbour? {
    guard position < count, let base = baseAddress else { return nil }
    if base[position] < 0x80 {
      return Neighbour(scalar: Unicode.Scalar(base[position]), length: 1)
    }
    guard let (code, length) = CharacterScanner.decode(base + position, count - position),
      let scalar = Unicode.Scalar(code)
    else { return nil }
    return Neighbour(scalar: scalar, length: length)
  }

  fileprivate func character(before position: Int) -> Neighbour? {
    var first = position - 1
    while first > 0, first > position - 4, self[first] & 0xc0 == 0x80 { first -= 1 }
    guard first >= 0, let found = character(at: first), found.length == position - first else {
      return nil
    }
    return found
  }
}
