/// Special and added tokens, found in a text: the leftmost, and among those that start there the longest.
struct AddedTokens: Sendable {
  /// By first byte; longest first.
  private var byFirstByte: [[(bytes: [UInt8], token: Int)]] = Array(repeating: [], count: 256)
  private var tokens: [[UInt8]: Int] = [:]

  init(_ vocabulary: ByteVocabulary, _ kinds: [Tokenizer.Kind]) {
    for (token, kind) in kinds.enumerated() where kind != .text {
      let bytes = Array(vocabulary.bytes(of: token))
      guard let first = bytes.first, tokens[bytes] == nil else { continue }
      tokens[bytes] = token
      byFirstByte[Int(first)].append((bytes, token))
    }
    for i in byFirstByte.indices { byFirstByte[i].sort { $0.bytes.count > $1.bytes.count } }
  }

  func token(of name: [UInt8]) -> Int? { tokens[name] }

  /// The first one at or after `start`.
  ///
  /// - Parameter kinds: Where given, special tokens are passed over.
  func next(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, kinds: [Tokenizer.Kind]?
  ) -> (range: Range<Int>, token: Int)? {
    if tokens.isEmpty { return nil }
    return byFirstByte.withUnsafeBufferPointer { byFirstByte in
      for position in start..<text.count where !byFirstByte[Int(text[position])].isEmpty {
        for (bytes, token) in byFirstByte[Int(text[position])] {
          if let kinds, kinds[token] == .special { continue }
          guard bytes.count <= text.count - position else { continue }
          if bytes.indices.allSatisfy({ bytes[$0] == text[position + $0] }) {
            return (position..<position + bytes.count, token)
          }
        }
      }
      return nil
    }
  }
}
