/// Makes the table of merges from the texts that files hold: two tokens in GPT-2's alphabet, a space
/// between them.
struct MergeBuilder {
  private let vocabulary: ByteVocabulary
  private(set) var merges: MergeTable
  private var bytes: [UInt8] = []
  private var joined: [UInt8] = []

  /// - Parameter capacity: About how many merges there will be.
  init(_ vocabulary: ByteVocabulary, capacity: Int) {
    self.vocabulary = vocabulary
    merges = MergeTable(capacity: capacity)
  }

  /// Adds the merge that `text` spells; false where it does not spell tokens.
  mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    // The alphabet has no space, so the first one parts them.
    guard let space = text.firstIndex(of: 0x20) else { return false }
    return append(
      UnsafeBufferPointer(rebasing: text[..<space]),
      UnsafeBufferPointer(rebasing: text[(space + 1)...]))
  }

  mutating func append(
    _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard ByteAlphabet.decode(left, into: &joined), let first = vocabulary.token(of: joined),
      ByteAlphabet.decode(right, into: &bytes), let second = vocabulary.token(of: bytes)
    else { return false }
    joined.append(contentsOf: bytes)
    guard let token = vocabulary.token(of: joined) else { return false }
    merges.append(first, second, into: token)
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
