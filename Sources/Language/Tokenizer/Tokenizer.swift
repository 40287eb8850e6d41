import Foundation
import Runtime

/// Byte-level byte-pair encoding: text to token ids and back, exactly as Hugging Face's `tokenizers`
/// does for GPT-2, SmolLM, Qwen and Llama 3; bytes that are not UTF-8 survive the way there and back.
///
/// ```swift
/// let tokenizer = try Checkpoint.open("SmolLM2-135M-Instruct.Q4_1.gguf").tokenizer()
/// let tokens = tokenizer.encode("Hello, world")
/// print(tokenizer.decode(tokens))                         // Hello, world
/// let prompt = try tokenizer.encode([ChatMessage(.user, "What is 2 + 3?")])
/// ```
public struct Tokenizer: Sendable {
  /// What a token is.
  public enum Kind: Sendable, Hashable {
    /// A piece of text that merges make.
    case text
    /// A piece that is cut out of every text before merging.
    case added
    /// A control token: text becomes it only where that is asked for.
    case special
  }

  /// How text is cut into pieces.
  public let preTokenizer: PreTokenizer
  /// Text is brought into Unicode's normal form C first (Qwen).
  public let normalizes: Bool
  /// A piece that is a token is not merged from its bytes (Llama 3).
  public let ignoresMerges: Bool
  /// The first token of a text by the model's own habit; `encode` never adds it.
  public var beginToken: Int?
  /// The token that ends a text or a turn: the first of `endTokens`.
  public var endToken: Int? { endTokens.first }
  /// The tokens at any of which the model is done.
  public var endTokens: [Int] = []
  /// The token that fills batches where a file names one.
  public var padToken: Int?
  /// Whether texts begin with `beginToken` by the model's own habit.
  public var addsBeginToken = false
  /// How a conversation becomes one text; nil for a model that only continues text.
  public var chatTemplate: ChatTemplate?
  /// The template as the file spells it, so that it is saved again; nil where there was none.
  public var chatTemplateSource: String?

  let vocabulary: ByteVocabulary
  let merges: MergeTable
  let kinds: [Kind]
  /// How tokens are found that have rules of their own.
  let rules: [Int: AddedTokens.Rule]
  private let byteTokens: [Int32]
  /// Special and added tokens by name.
  private let named: [[UInt8]: Int]
  /// What is cut out of a text, and then out of normalised parts of it.
  private let added: AddedTokens
  private let normalizedAdded: AddedTokens

  /// - Parameters:
  ///   - vocabulary: The bytes of every token in the order of their ids; special ones as UTF-8.
  ///   - kinds: What each token is.
  ///   - rules: Of special and added tokens, where they have any.
  init(
    vocabulary: ByteVocabulary, kinds: [Kind], merges: MergeTable, preTokenizer: PreTokenizer,
    normalizes: Bool = false, ignoresMerges: Bool = false, rules: [Int: AddedTokens.Rule] = [:]
  ) {
    self.vocabulary = vocabulary
    self.kinds = kinds
    self.merges = merges
    self.preTokenizer = preTokenizer
    self.normalizes = normalizes
    self.ignoresMerges = ignoresMerges
    byteTokens = (0...255 as ClosedRange<UInt8>).map { Int32(vocabulary.token(of: [$0]) ?? -1) }
    self.rules = rules
    var named: [[UInt8]: Int] = [:]
    var (added, normalizedAdded) = (AddedTokens(), AddedTokens())
    let others = kinds.indices.filter { kinds[$0] != .text }
    for token in others {
      let bytes = Array(vocabulary.bytes(of: token))
      if !bytes.isEmpty, named[bytes] == nil { named[bytes] = token }
    }
    // Of a special token and an added one of the same name the special one is found.
    for kind in [Kind.special, .added] {
      for token in others where kinds[token] == kind {
        var bytes = Array(vocabulary.bytes(of: token))
        let rule = rules[token] ?? AddedTokens.Rule()
        if rule.isNormalized {
          if normalizes { bytes = bytes.withUnsafeBufferPointer(NormalForm.composed) ?? bytes }
          normalizedAdded.append(bytes, token: token, isSpecial: kind == .special, rule)
        } else {
          added.append(bytes, token: token, isSpecial: kind == .special, rule)
        }
      }
    }
    added.sort()
    normalizedAdded.sort()
    (self.named, self.added, self.normalizedAdded) = (named, added, normalizedAdded)
  }

  /// One token a character of `alphabet`, in its order, and last `<end>`: for small models trained from
  /// scratch. Characters that are not in the alphabet have no token and are left out.
  ///
  /// - Parameter alphabet: ASCII characters, each once.
  public static func characters(_ alphabet: String) -> Tokenizer {
    let bytes = Array(alphabet.utf8)
    guard Set(bytes).count == bytes.count, bytes.allSatisfy({ $0 < 0x80 }) else {
      endProcess("Tokenizer.characters", "the alphabet must be ASCII characters, each of them once")
    }
    var vocabulary = ByteVocabulary()
    for byte in bytes { vocabulary.append([byte], canBeFound: true) }
    vocabulary.append(Array("<end>".utf8), canBeFound: false)
    var tokenizer = Tokenizer(
      vocabulary: vocabulary, kinds: bytes.map { _ in .text } + [.special],
      merges: MergeTable(capacity: 0), preTokenizer: .whole)
    tokenizer.endTokens = [bytes.count]
    tokenizer.padToken = bytes.count
    return tokenizer
  }

  /// Ids run from 0 to one less than this. A model's embedding may have more rows.
  public var vocabularySize: Int { vocabulary.count }

  /// The bytes of a token, those of its name where it is special; none for an id without a token.
  public func bytes(of token: Int) -> [UInt8] { Array(vocabulary.bytes(of: token)) }

  /// What a token is; nil for an id without a token.
  public func kind(of token: Int) -> Kind? {
    kinds.indices.contains(token) ? kinds[token] : nil
  }

  public func isSpecial(_ token: Int) -> Bool { kind(of: token) == .special }

  /// The special or added token of a name such as `<|im_end|>`.
  public func token(of special: String) -> Int? { named[Array(special.utf8)] }

  // MARK: - Encoding

  /// The tokens of a text.
  ///
  /// - Parameter parsingSpecials: Whether names of special tokens in the text become those tokens; where
  ///   they do not, text from users cannot pose as the template's.
  public func encode(_ text: String, parsingSpecials: Bool = false) -> [Int] {
    var text = text
    return text.withUTF8 { encode($0, parsingSpecials: parsingSpecials) }
  }

  /// The tokens of bytes, which need not be UTF-8.
  public func encode(_ bytes: some Sequence<UInt8>, parsingSpecials: Bool = false) -> [Int] {
    if let tokens = bytes.withContiguousStorageIfAvailable({
      encode($0, parsingSpecials: parsingSpecials)
    }) {
      return tokens
    }
    return Array(bytes).withUnsafeBufferPointer { encode($0, parsingSpecials: parsingSpecials) }
  }

  private func encode(
    _ bytes: UnsafeBufferPointer<UInt8>, parsingSpecials: Bool
  ) -> [Int] {
    var tokens: [Int] = []
    tokens.reserveCapacity(bytes.count / 3)
    added.cut(bytes, parsingSpecials: parsingSpecials) { part, token in
      if let token {
        tokens.append(token)
      } else if normalizes, let normal = NormalForm.composed(part) {
        normal.withUnsafeBufferPointer { append($0, parsingSpecials, to: &tokens) }
      } else {
        append(part, parsingSpecials, to: &tokens)
      }
    }
    return tokens
  }

  /// Appends the tokens of normalised bytes.
  private func append(
    _ text: UnsafeBufferPointer<UInt8>, _ parsingSpecials: Bool, to tokens: inout [Int]
  ) {
    normalizedAdded.cut(text, parsingSpecials: parsingSpecials) { part, token in
      if let token { tokens.append(token) } else { appendPieces(part, to: &tokens) }
    }
  }

  private func appendPieces(_ text: UnsafeBufferPointer<UInt8>, to tokens: inout [Int]) {
    guard let base = text.baseAddress else { return }
    CharacterClass.table.withUnsafeBufferPointer { classes in
      let scanner = CharacterScanner(base: base, count: text.count, classes: classes.baseAddress!)
      var (start, longest) = (0, 256)
      var scratch = UnsafeMutablePointer<UInt32>.allocate(capacity: longest)
      defer { scratch.deallocate() }
      while start < text.count {
        let end = preTokenizer.end(of: start, in: scanner)
        if end - start > longest {
          scratch.deallocate()
          longest = end - start
          scratch = .allocate(capacity: longest)
        }
        appendPiece(
          UnsafeBufferPointer(start: base + start, count: end - start), to: &tokens, scratch)
        start = end
      }
    }
  }

  /// Appends the tokens of one piece; `scratch` has a place for each of its bytes.
  private func appendPiece(
    _ piece: UnsafeBufferPointer<UInt8>, to tokens: inout [Int],
    _ scratch: UnsafeMutablePointer<UInt32>
  ) {
    if ignoresMerges, let token = vocabulary.token(of: piece) {
      tokens.append(token)
      return
    }
    var count = 0
    for byte in piece where byteTokens[Int(byte)] >= 0 {
      scratch[count] = UInt32(byteTokens[Int(byte)])
      count += 1
    }
    count = merges.apply(to: UnsafeMutableBufferPointer(start: scratch, count: count))
    for i in 0..<count { tokens.append(Int(scratch[i])) }
  }

  // MARK: - Decoding

  /// The text of tokens; bytes that are not UTF-8 become U+FFFD, and ids without a token nothing.
  public func decode(_ tokens: some Sequence<Int>, skippingSpecials: Bool = false) -> String {
    String(decoding: bytes(of: tokens, skippingSpecials: skippingSpecials), as: UTF8.self)
  }

  /// The bytes of tokens, one after another.
  public func bytes(of tokens: some Sequence<Int>, skippingSpecials: Bool = false) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * tokens.underestimatedCount)
    for token in tokens where !(skippingSpecials && isSpecial(token)) {
      bytes.append(contentsOf: vocabulary.bytes(of: token))
    }
    return bytes
  }

  // MARK: - Conversations

  /// The tokens of a conversation under `chatTemplate`. The messages' own text never becomes special
  /// tokens.
  ///
  /// - Parameter addingPrompt: Whether the header of the assistant's next message follows.
  /// - Throws: `ModelError` where the model has no template.
  public func encode(_ messages: [ChatMessage], addingPrompt: Bool = true) throws -> [Int] {
    guard let chatTemplate else {
      throw ModelError(
        "the model has no chat template that is known, so it cannot be spoken with; give it the text "
          + "as it stands", kind: .usage)
    }
    var tokens: [Int] = []
    for part in chatTemplate.parts(messages, addingPrompt: addingPrompt) {
      switch part {
      case .text(let text): tokens += encode(text)
      case .special(let name):
        guard let token = token(of: name) else {
          throw ModelError("the chat template needs the token \(name), which the tokenizer lacks")
        }
        tokens.append(token)
      }
    }
    return tokens
  }
}
