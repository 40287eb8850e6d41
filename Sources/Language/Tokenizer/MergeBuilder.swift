/// Makes the table of merges from the texts that files hold: two tokens in GPT-2's alphabet, a space
/// between them.
struct MergeBuilder {
  private let vocabulary: ByteVocabulary
  private(set) var merges: MergeTable
  /// Both tokens' bytes, one after the other: those of the third.
  private var bytes: [UInt8] = []
  /// Where the first one ends.
  private var middle: Int?

  /// - Parameter capacity: About how many merges there will be.
  init(_ vocabulary: ByteVocabulary, capacity: Int) {
    self.vocabulary = vocabulary
    merges = MergeTable(capacity: capacity)
  }

  /// Adds the merge that `text` spells; false where it does not spell tokens.
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    // The alphabet has no space, so the first one parts them.
    guard let space = text.firstIndex(of: 0x20) else { return false }
    return begin(UnsafeBufferPointer(rebasing: text[..<space]))
      && end(UnsafeBufferPointer(rebasing: text[(space + 1)...]))
  }

  /// Takes the first token of the next merge; false where `text` spells none.
  mutating func begin(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.removeAll(keepingCapacity: true)
    middle = ByteAlphabet.append(text, to: &bytes) ? bytes.count : nil
    return middle != nil
  }

  /// Adds the merge of the first token and the one that `text` spells.
  mutating func end(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let middle, ByteAlphabet.append(text, to: &bytes) else { return false }
    self.middle = nil
    let found = bytes.withUnsafeBufferPointer { bytes -> (Int, Int, Int)? in
      guard
        let first = vocabulary.token(of: UnsafeBufferPointer(rebasing: bytes[..<middle])),
        let second = vocabulary.token(of: UnsafeBufferPointer(rebasing: bytes[middle...])),
        let third = vocabulary.token(of: bytes)
      else { return nil }
      return (first, second, third)
    }
    guard let (first, second, third) = found else { return false }
    merges.append(first, second, into: third)
    return true
  }
}

extension Tokenizer {
  /// Names of tokens at which models are done with a turn, whatever else their files say.
  private static let turnEnds = ["<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "<|endoftext|>"]

  /// Takes the tokens a file names as ends, in order, and the special ones known to end turns.
  mutating func addEnds(_ named: [Int?]) {
    let known = Self.turnEnds.map { name in token(of: name).flatMap { isSpecial($0) ? $0 : nil } }
    for case let token? in named + known where !endTokens.contains(token) {
      endTokens.append(token)
    }
  }
}
